import { type ClientView, viewOf } from "./client-view.ts";
import type { ClientRegistry } from "./clients.ts";

/** Every client, the revoked ones too, in the order of their ids. */
export function listClients(registry: ClientRegistry): ClientView[] {
  return registry.clients().map(viewOf);
}
