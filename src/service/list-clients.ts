import { type ClientView, viewOf } from "./client-view.ts";
import type { ClientRegistry } from "./clients.ts";

/** Every client as of now, the revoked ones too, in the order of their ids. */
export async function listClients(registry: ClientRegistry): Promise<ClientView[]> {
  await registry.look();
  return registry.clients().map(viewOf);
}
