import { type Client, scopes } from "../domain/client.ts";
import type { ClientRegistry, ClientStep } from "./clients.ts";
import { asRevoked } from "./revoke-client.ts";
import { newSecret, sha256 } from "./secret.ts";

/** The client that the operator has from the first start. */
export const adminId = "admin";

/**
 * Sees to it that somebody can manage clients. With a token from the settings, `admin` has this as its only secret,
 * whatever became of it before. Without one, `admin` is made when no client has the scope admin: at the first start,
 * as a rule.
 *
 * @param now milliseconds since 1970
 * @returns the token of an admin made just now, to be printed once; undefined when the operator has one already
 * @throws AdminTokenUnusable
 */
export function ensureAdmin(
  registry: ClientRegistry,
  { adminToken }: { readonly adminToken?: string },
  now: number,
): Promise<string | undefined> {
  if (adminToken !== undefined) return setAdminToken(registry, adminToken, now);
  return registry.change((): ClientStep<string | undefined> => {
    if (registry.clients().some((client) => client.scopes.includes("admin"))) return { value: undefined };
    const secret = newSecret();
    return { keep: adminWith(secret, now), value: secret };
  });
}

/** The admin token from the settings cannot be one. The message says why and what to do, and never holds the token. */
export class AdminTokenUnusable extends Error {
  override readonly name = "AdminTokenUnusable";
}

async function setAdminToken(registry: ClientRegistry, token: string, now: number): Promise<undefined> {
  // Revoked first: the tokens that were given out for the old secrets go with them.
  await registry.change(() => {
    refuseOwned(registry, token);
    const known = registry.client(adminId);
    const isOld = known !== undefined && known.secrets.length > 0 && !isComplete(known, token);
    return isOld ? { keep: asRevoked(known, now), value: undefined } : nothing;
  });
  return registry.change(() => {
    const known = registry.client(adminId);
    if (known !== undefined && isComplete(known, token)) return nothing;
    const admin = adminWith(token, now);
    return { keep: { ...admin, createdAt: known?.createdAt ?? admin.createdAt }, value: undefined };
  });
}

const nothing: ClientStep<undefined> = { value: undefined };

function refuseOwned(registry: ClientRegistry, token: string): void {
  const owner = registry.clients().find(({ secrets }) => secrets.some((secret) => secret.sha256 === sha256(token)));
  if (owner === undefined || owner.id === adminId) return;
  throw new AdminTokenUnusable(`The admin token is a secret of the client ${owner.id}; choose another.`);
}

function adminWith(secret: string, now: number): Client {
  const createdAt = new Date(now).toISOString();
  return { createdAt, id: adminId, scopes, secrets: [{ createdAt, sha256: sha256(secret) }] };
}

function isComplete({ secrets, scopes: granted }: Client, token: string): boolean {
  return secrets.length === 1 && secrets[0]?.sha256 === sha256(token) && granted.length === scopes.length;
}
