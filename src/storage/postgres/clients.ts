import { isDeepStrictEqual } from "node:util";
import type { Client, IssuedToken } from "../../domain/client.ts";
import { type ClientRow, clientOf, type TokenRow, tokenOf } from "../client-rows.ts";
import type { Database, Statements } from "./database.ts";

const clientsSql = "SELECT id, created_at, revoked_at, scopes, secrets FROM saywhen.client ORDER BY id";
const clientSql = "SELECT id, created_at, revoked_at, scopes, secrets FROM saywhen.client WHERE id = $1";
const saveClientSql =
  "INSERT INTO saywhen.client (id, created_at, revoked_at, scopes, secrets) VALUES ($1, $2, $3, $4, $5) " +
  "ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, revoked_at = excluded.revoked_at, " +
  "scopes = excluded.scopes, secrets = excluded.secrets";
const dropTokensSql = "DELETE FROM saywhen.token WHERE client = $1";
const tokensSql =
  "SELECT sha256, client, expires_at, scopes FROM saywhen.token WHERE expires_at > $1 ORDER BY expires_at";
const saveTokenSql = "INSERT INTO saywhen.token (sha256, client, expires_at, scopes) VALUES ($1, $2, $3, $4)";
const dropExpiredSql = "DELETE FROM saywhen.token WHERE expires_at <= $1";
const versionSql = "SELECT version FROM saywhen.client_version";
const lockSql = "SELECT FROM saywhen.client_version FOR UPDATE";
/** Fails where the log was moved to another database, or is still being moved to this one. */
export const refuseMovedSql = "SELECT saywhen.refuse_moved()";
const countSql = "UPDATE saywhen.client_version SET version = version + 1";

/** Clients, and the tokens given out to them. */
export class Clients {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async all(): Promise<Client[]> {
    return (await this.#database.rows<ClientRow>(clientsSql)).map(clientOf);
  }

  async tokens(now: string): Promise<IssuedToken[]> {
    return (await this.#database.rows<TokenRow>(tokensSql, [now])).map(tokenOf);
  }

  async version(): Promise<number> {
    const [row] = await this.#database.rows<{ version: number }>(versionSql);
    return row?.version ?? 0;
  }

  save(client: Client, before: Client | undefined): Promise<boolean> {
    const { id, createdAt, revokedAt, scopes, secrets } = client;
    return this.#change(async (statements) => {
      if (!isDeepStrictEqual(await storedClient(statements, id), before)) return false;
      const values = [id, createdAt, revokedAt ?? null, JSON.stringify(scopes), JSON.stringify(secrets)];
      await statements.rows(saveClientSql, values);
      if (secrets.length === 0) await statements.rows(dropTokensSql, [id]);
      return true;
    });
  }

  saveToken(token: IssuedToken, now: string): Promise<boolean> {
    return this.#change(async (statements) => {
      const client = await storedClient(statements, token.client);
      if (client === undefined || client.secrets.length === 0) return false;
      await statements.rows(dropExpiredSql, [now]);
      await statements.rows(saveTokenSql, [token.sha256, token.client, token.expiresAt, JSON.stringify(token.scopes)]);
      return true;
    });
  }

  /** Changes of clients, by whatever node, are made one after the other, and counted. */
  #change(work: (statements: Statements) => Promise<boolean>): Promise<boolean> {
    return this.#database.transaction(async (statements) => {
      await statements.rows(lockSql);
      await statements.rows(refuseMovedSql);
      const isChanged = await work(statements);
      if (isChanged) await statements.rows(countSql);
      return isChanged;
    });
  }
}

async function storedClient(statements: Statements, id: string): Promise<Client | undefined> {
  const [row] = await statements.rows<ClientRow>(clientSql, [id]);
  return row && clientOf(row);
}
