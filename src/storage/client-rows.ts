import type { Client, IssuedToken, Scope, Secret } from "../domain/client.ts";

/** A client as every storage holds it. */
export interface ClientRow {
  readonly id: string;
  readonly created_at: string;
  readonly revoked_at: string | null;
  readonly scopes: string;
  readonly secrets: string;
}

/** A token that was given out, as every storage holds it. */
export interface TokenRow {
  readonly sha256: string;
  readonly client: string;
  readonly expires_at: string;
  readonly scopes: string;
}

export function clientOf(row: ClientRow): Client {
  return {
    createdAt: row.created_at,
    id: row.id,
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    scopes: JSON.parse(row.scopes) as Scope[],
    secrets: JSON.parse(row.secrets) as Secret[],
  };
}

export function tokenOf(row: TokenRow): IssuedToken {
  const scopes = JSON.parse(row.scopes) as Scope[];
  return { client: row.client, expiresAt: row.expires_at, scopes, sha256: row.sha256 };
}
