import { type Client, isScope, type Scope, scopes as knownScopes } from "../domain/client.ts";
import { limits } from "../domain/limits.ts";
import type { ClientRegistry } from "./clients.ts";
import { type Outcome, rejected } from "./outcome.ts";
import { newSecret, sha256 } from "./secret.ts";

export interface TokenWish {
  readonly clientId: string;
  readonly secret: string;
  /** Absent: all of the client's. */
  readonly scopes?: readonly string[];
}

export interface Token {
  readonly token: string;
  /** In seconds. */
  readonly expiresIn: number;
  readonly scopes: readonly Scope[];
}

/**
 * Gives out a bearer token of an hour for a client's secret (RFC 6749 §4.4).
 *
 * @param now milliseconds since 1970
 * @returns the token; `client-unknown` for a wrong id or secret, without saying which; `scope-invalid` when a scope is
 *   asked for that the client does not have
 */
export async function issueToken(registry: ClientRegistry, wish: TokenWish, now: number): Promise<Outcome<Token>> {
  // A secret that is not known here may be one that another node has made.
  if (registry.holderOf(wish.clientId, wish.secret) === undefined) await registry.look();
  const client = registry.holderOf(wish.clientId, wish.secret);
  if (client === undefined) return unknownClient;
  const scopes = scopesOf(client, wish.scopes);
  if (scopes === undefined) return rejected("scope-invalid");
  const token = newSecret();
  const expiresAt = new Date(now + limits.tokenSeconds * 1000).toISOString();
  const issued = { client: client.id, expiresAt, scopes, sha256: sha256(token) };
  const isStillKnown = () => registry.holderOf(wish.clientId, wish.secret) !== undefined;
  if (!(await registry.giveOut(() => (isStillKnown() ? issued : undefined), now))) return unknownClient;
  return { value: { token, expiresIn: limits.tokenSeconds, scopes } };
}

const unknownClient = rejected("client-unknown");

function scopesOf(client: Client, asked: readonly string[] | undefined): readonly Scope[] | undefined {
  if (asked === undefined) return client.scopes;
  if (!asked.every((scope) => isScope(scope) && client.scopes.includes(scope))) return undefined;
  return knownScopes.filter((scope) => asked.includes(scope));
}
