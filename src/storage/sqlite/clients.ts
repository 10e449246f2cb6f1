import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Client, IssuedToken } from "../../domain/client.ts";
import { type ClientRow, clientOf, type TokenRow, tokenOf } from "../client-rows.ts";
import { inTransaction } from "./transaction.ts";

const clientsSql = "SELECT id, created_at, revoked_at, scopes, secrets FROM client ORDER BY id";
const addClientSql =
  "INSERT INTO client (created_at, revoked_at, scopes, secrets, id) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";
const replaceClientSql =
  "UPDATE client SET created_at = ?, revoked_at = ?, scopes = ?, secrets = ? " +
  "WHERE id = ? AND created_at = ? AND revoked_at IS ? AND scopes = ? AND secrets = ?";
const dropTokensSql = "DELETE FROM token WHERE client = ?";
const tokensSql = "SELECT sha256, client, expires_at, scopes FROM token WHERE expires_at > ? ORDER BY expires_at";
const saveTokenSql =
  "INSERT INTO token (sha256, client, expires_at, scopes) " +
  "SELECT ?, id, ?, ? FROM client WHERE id = ? AND json_array_length(secrets) > 0";
const dropExpiredSql = "DELETE FROM token WHERE expires_at <= ?";

/** Clients, and the tokens given out to them. */
export class Clients {
  readonly #db: DatabaseSync;
  readonly #clients: StatementSync;
  readonly #addClient: StatementSync;
  readonly #replaceClient: StatementSync;
  readonly #dropTokens: StatementSync;
  readonly #tokens: StatementSync;
  readonly #saveToken: StatementSync;
  readonly #dropExpired: StatementSync;
  /** How often clients or tokens were changed: only this process does, so that nobody else need know. */
  #version = 0;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#clients = db.prepare(clientsSql);
    this.#addClient = db.prepare(addClientSql);
    this.#replaceClient = db.prepare(replaceClientSql);
    this.#dropTokens = db.prepare(dropTokensSql);
    this.#tokens = db.prepare(tokensSql);
    this.#saveToken = db.prepare(saveTokenSql);
    this.#dropExpired = db.prepare(dropExpiredSql);
  }

  all(): Client[] {
    return (this.#clients.all() as unknown as ClientRow[]).map(clientOf);
  }

  get version(): number {
    return this.#version;
  }

  save(client: Client, before: Client | undefined): boolean {
    return this.#counted(() => {
      const { changes } =
        before === undefined
          ? this.#addClient.run(...columnsOf(client), client.id)
          : this.#replaceClient.run(...columnsOf(client), client.id, ...columnsOf(before));
      if (changes === 0) return false;
      if (client.secrets.length === 0) this.#dropTokens.run(client.id);
      return true;
    });
  }

  tokens(now: string): IssuedToken[] {
    return (this.#tokens.all(now) as unknown as TokenRow[]).map(tokenOf);
  }

  saveToken({ sha256, client, expiresAt, scopes }: IssuedToken, now: string): boolean {
    return this.#counted(() => {
      this.#dropExpired.run(now);
      return this.#saveToken.run(sha256, expiresAt, JSON.stringify(scopes), client).changes > 0;
    });
  }

  /** Counted when it is committed. */
  #counted(change: () => boolean): boolean {
    const isChanged = inTransaction(this.#db, change);
    if (isChanged) this.#version += 1;
    return isChanged;
  }
}

/** All but the id. What was parsed is written again as it stood there, so that texts can be compared. */
function columnsOf({ createdAt, revokedAt, scopes, secrets }: Client) {
  return [createdAt, revokedAt ?? null, JSON.stringify(scopes), JSON.stringify(secrets)] as const;
}
