import { limits } from "../domain/limits.ts";
import type { ClientRegistry, ClientStep } from "./clients.ts";
import { type ClientWithSecret, viewOf } from "./client-view.ts";
import { type Outcome, rejected } from "./outcome.ts";
import { newSecret, sha256 } from "./secret.ts";

/**
 * Gives a client a new secret beside its newest old one, so that nothing stops while the program is being moved over;
 * a second rotation ends the old one. Tokens that were given out live on until their hour ends.
 *
 * @param now milliseconds since 1970
 * @returns the client with its new secret; `client-unknown` also for a revoked client
 */
export function rotateClient(registry: ClientRegistry, id: string, now: number): Promise<Outcome<ClientWithSecret>> {
  return registry.change((): ClientStep<Outcome<ClientWithSecret>> => {
    const client = registry.client(id);
    if (client === undefined || client.revokedAt !== undefined) {
      return { value: rejected("client-unknown") };
    }
    const secret = newSecret();
    const fresh = { createdAt: new Date(now).toISOString(), sha256: sha256(secret) };
    const rotated = { ...client, secrets: [fresh, ...client.secrets.slice(0, limits.clientSecretsMax - 1)] };
    return { keep: rotated, value: { value: { client: viewOf(rotated), secret } } };
  });
}
