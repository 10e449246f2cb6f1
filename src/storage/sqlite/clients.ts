import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { Client, IssuedToken, Scope, Secret } from "../../domain/client.ts";
import { inTransaction } from "./transaction.ts";

const clientsSql = "SELECT id, created_at, revoked_at, scopes, secrets FROM client ORDER BY id";
const saveClientSql =
  "INSERT INTO client (id, created_at, revoked_at, scopes, secrets) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE " +
  "SET created_at = excluded.created_at, revoked_at = excluded.revoked_at, " +
  "scopes = excluded.scopes, secrets = excluded.secrets";
const dropTokensSql = "DELETE FROM token WHERE client = ?";
const tokensSql = "SELECT sha256, client, expires_at, scopes FROM token WHERE expires_at > ? ORDER BY expires_at";
const saveTokenSql = "INSERT INTO token (sha256, client, expires_at, scopes) VALUES (?, ?, ?, ?)";
const dropExpiredSql = "DELETE FROM token WHERE expires_at <= ?";

type Row = Record<string, SQLOutputValue>;

/** Clients, and the tokens given out to them. */
export class Clients {
  readonly #db: DatabaseSync;
  readonly #clients: StatementSync;
  readonly #saveClient: StatementSync;
  readonly #dropTokens: StatementSync;
  readonly #tokens: StatementSync;
  readonly #saveToken: StatementSync;
  readonly #dropExpired: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#clients = db.prepare(clientsSql);
    this.#saveClient = db.prepare(saveClientSql);
    this.#dropTokens = db.prepare(dropTokensSql);
    this.#tokens = db.prepare(tokensSql);
    this.#saveToken = db.prepare(saveTokenSql);
    this.#dropExpired = db.prepare(dropExpiredSql);
  }

  all(): Client[] {
    return this.#clients.all().map(clientOf);
  }

  save(client: Client): void {
    const { id, createdAt, revokedAt, scopes, secrets } = client;
    inTransaction(this.#db, () => {
      this.#saveClient.run(id, createdAt, revokedAt ?? null, JSON.stringify(scopes), JSON.stringify(secrets));
      if (secrets.length === 0) this.#dropTokens.run(id);
    });
  }

  tokens(now: string): IssuedToken[] {
    return this.#tokens.all(now).map(tokenOf);
  }

  saveToken(token: IssuedToken, now: string): void {
    inTransaction(this.#db, () => {
      this.#dropExpired.run(now);
      this.#saveToken.run(token.sha256, token.client, token.expiresAt, JSON.stringify(token.scopes));
    });
  }
}

function clientOf(row: Row): Client {
  return {
    createdAt: row.created_at as string,
    id: row.id as string,
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at as string }),
    scopes: JSON.parse(row.scopes as string) as Scope[],
    secrets: JSON.parse(row.secrets as string) as Secret[],
  };
}

function tokenOf(row: Row): IssuedToken {
  return {
    client: row.client as string,
    expiresAt: row.expires_at as string,
    scopes: JSON.parse(row.scopes as string) as Scope[],
    sha256: row.sha256 as string,
  };
}
