import type { Client } from "../domain/client.ts";
import type { ClientRegistry, ClientStep } from "./clients.ts";
import { type ClientView, viewOf } from "./client-view.ts";
import { type Outcome, rejected } from "./outcome.ts";

/**
 * Ends a client: its secrets and tokens are worthless at once and for good. Its id remains, since the log names it.
 * Revoking it again changes nothing.
 *
 * @param now milliseconds since 1970
 * @returns the revoked client; `client-unknown`; or `admin-last` when nobody would be left to manage clients
 */
export function revokeClient(registry: ClientRegistry, id: string, now: number): Promise<Outcome<ClientView>> {
  return registry.change((): ClientStep<Outcome<ClientView>> => {
    const client = registry.client(id);
    if (client === undefined) return { value: rejected("client-unknown") };
    if (client.revokedAt !== undefined) return { value: { value: viewOf(client) } };
    if (isAdmin(client) && registry.clients().filter(isAdmin).length === 1) {
      return { value: rejected("admin-last") };
    }
    const revoked = asRevoked(client, now);
    return { keep: revoked, value: { value: viewOf(revoked) } };
  });
}

/** What is left of a client: its id. Kept so, it has lost its secrets and tokens. */
export function asRevoked(client: Client, now: number): Client {
  return { ...client, revokedAt: new Date(now).toISOString(), scopes: [], secrets: [] };
}

function isAdmin(client: Client): boolean {
  return client.scopes.includes("admin");
}
