import { type Client, scopes } from "../domain/client.ts";
import type { ClientRegistry } from "./clients.ts";
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
  return registry.inTurn(async () => {
    if (adminToken !== undefined) {
      await setAdminToken(registry, adminToken, now);
      return undefined;
    }
    if (registry.clients().some((client) => client.scopes.includes("admin"))) return undefined;
    const secret = newSecret();
    await registry.keep(adminWith(secret, now));
    return secret;
  });
}

/** The admin token from the settings cannot be one. The message says why and what to do, and never holds the token. */
export class AdminTokenUnusable extends Error {
  override readonly name = "AdminTokenUnusable";
}

async function setAdminToken(registry: ClientRegistry, token: string, now: number): Promise<void> {
  const known = registry.client(adminId);
  if (known !== undefined && isComplete(known, token)) return;
  const owner = registry.clients().find(({ secrets }) => secrets.some((secret) => secret.sha256 === sha256(token)));
  if (owner !== undefined && owner.id !== adminId) {
    throw new AdminTokenUnusable(`The admin token is a secret of the client ${owner.id}; choose another.`);
  }
  // Revoked first: the tokens that were given out for the old secrets go with them.
  if (known !== undefined) await registry.keep(asRevoked(known, now));
  const admin = adminWith(token, now);
  await registry.keep({ ...admin, createdAt: known?.createdAt ?? admin.createdAt });
}

function adminWith(secret: string, now: number): Client {
  const createdAt = new Date(now).toISOString();
  return { createdAt, id: adminId, scopes, secrets: [{ createdAt, sha256: sha256(secret) }] };
}

function isComplete({ secrets, scopes: granted }: Client, token: string): boolean {
  return secrets.length === 1 && secrets[0]?.sha256 === sha256(token) && granted.length === scopes.length;
}
