import { type Client, clientIdPattern, isScope, scopes as knownScopes } from "../domain/client.ts";
import type { Fault } from "../domain/fault.ts";
import type { ClientRegistry, ClientStep } from "./clients.ts";
import { adminId } from "./ensure-admin.ts";
import { type ClientWithSecret, viewOf } from "./client-view.ts";
import { type Outcome, rejected } from "./outcome.ts";
import { newSecret, sha256 } from "./secret.ts";

/** A client as it is asked for, not checked yet. */
export interface ClientWish {
  readonly id: string;
  readonly scopes: readonly string[];
}

/**
 * Adds a client with one secret, which is told only here.
 *
 * @param now milliseconds since 1970
 * @returns the client; or every fault (`invalid`); or `client-taken`: an id once given stands in the log for
 *   that client for good, revoked or not; `admin` is the operator's, `saywhen` the service's own
 */
export function addClient(registry: ClientRegistry, wish: ClientWish, now: number): Promise<Outcome<ClientWithSecret>> {
  return registry.change((): ClientStep<Outcome<ClientWithSecret>> => {
    const faults = faultsOf(wish);
    if (faults.length > 0) return { value: rejected("invalid", faults) };
    if (reserved.includes(wish.id) || registry.client(wish.id) !== undefined) {
      return { value: rejected("client-taken", [takenFault]) };
    }
    const secret = newSecret();
    const createdAt = new Date(now).toISOString();
    const client: Client = {
      createdAt,
      id: wish.id,
      scopes: knownScopes.filter((scope) => wish.scopes.includes(scope)),
      secrets: [{ createdAt, sha256: sha256(secret) }],
    };
    return { keep: client, value: { value: { client: viewOf(client), secret } } };
  });
}

/** The operator's own, and the name under which the service itself stands in the log. */
const reserved = [adminId, "saywhen"];
const takenFault: Fault = { problem: "client-taken", path: ["id"], message: "is, or once was, another client's" };

function faultsOf({ id, scopes }: ClientWish): Fault[] {
  const faults: Fault[] = [];
  if (!new RegExp(clientIdPattern).test(id)) {
    faults.push({ problem: "value-invalid", path: ["id"], message: "must be 1 to 64 of A-Z a-z 0-9 . _ -" });
  }
  if (scopes.length === 0) {
    faults.push({ problem: "value-invalid", path: ["scopes"], message: "must name at least one scope" });
  }
  scopes.forEach((scope, index) => {
    if (isScope(scope)) return;
    faults.push({
      problem: "scope-invalid",
      path: ["scopes", index],
      message: `must be one of ${knownScopes.join(", ")}`,
    });
  });
  return faults;
}
