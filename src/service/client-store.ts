import type { Client, IssuedToken } from "../domain/client.ts";

/** Where clients and the tokens given out to them are kept. Durable when the promise resolves. */
export interface ClientStore {
  /** Every client, the revoked ones too, in the order of their ids. */
  clients(): Promise<Client[]>;
  /** Adds or replaces the client with this id. Revoking a client (no secrets) drops its tokens in the same transaction. */
  saveClient(client: Client): Promise<void>;
  /** Tokens that have not expired at this time (RFC 3339). */
  tokens(now: string): Promise<IssuedToken[]>;
  /** Keeps a token, and drops those that have expired by this time. */
  saveToken(token: IssuedToken, now: string): Promise<void>;
}
