import type { Client, IssuedToken } from "../domain/client.ts";

/** Where clients and the tokens given out to them are kept. Durable when the promise resolves. */
export interface ClientStore {
  /** Every client, the revoked ones too, in the order of their ids. */
  clients(): Promise<Client[]>;

  /**
   * Adds or replaces the client with this id. Revoking a client (no secrets) drops its tokens in the same transaction.
   * Where something else is stored under the id than the caller believes, nothing changes.
   *
   * @param before what the caller believes to be stored, as `clients` answered it; undefined: nothing
   * @returns whether it was saved
   */
  saveClient(client: Client, before: Client | undefined): Promise<boolean>;

  /** Tokens that have not expired at this time (RFC 3339). */
  tokens(now: string): Promise<IssuedToken[]>;

  /**
   * Keeps a token, and drops those that have expired by this time. A token of a client without secrets is not kept.
   *
   * @returns whether it was kept
   */
  saveToken(token: IssuedToken, now: string): Promise<boolean>;

  /** A number that is greater by one after each change of clients or tokens, by whatever node. */
  clientsVersion(): Promise<number>;
}
