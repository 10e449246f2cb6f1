import { type ClientView, viewOf } from "./client-view.ts";
import type { ClientRegistry } from "./clients.ts";
import { type Outcome, rejected } from "./outcome.ts";

/** One client as of now, a revoked one too; `client-unknown` for an id that nobody ever had. */
export async function readClient(registry: ClientRegistry, id: string): Promise<Outcome<ClientView>> {
  await registry.look();
  const client = registry.client(id);
  return client === undefined ? rejected("client-unknown") : { value: viewOf(client) };
}
