import { addClient } from "../service/add-client.ts";
import type { ClientRegistry } from "../service/clients.ts";
import { listClients } from "../service/list-clients.ts";
import { readClient } from "../service/read-client.ts";
import { revokeClient } from "../service/revoke-client.ts";
import { rotateClient } from "../service/rotate-client.ts";
import { clientAnswer, clientList, clientWish, clientWithSecret } from "../wire/clients.ts";
import { readBody, refuseRejected } from "./body.ts";
import type { Answer, Call, Route } from "./route.ts";

const clientPath = "/v1/clients/{clientId}";

/** The programs that may use this service. */
export function clientRoutes(registry: ClientRegistry): Route[] {
  const shared = { family: "own", scope: "admin", formats: ["json"] } as const;
  return [
    {
      ...shared,
      method: "GET",
      path: "/v1/clients",
      summary: "Every client, the revoked ones too",
      shapes: { answer: clientList.name },
      handle: (call) => list(registry, call),
    },
    {
      ...shared,
      method: "POST",
      path: "/v1/clients",
      summary: "Add a client; its secret is told only now",
      shapes: { body: clientWish.name, answer: clientWithSecret.name },
      success: 201,
      bodies: ["json"],
      handle: (call) => add(registry, call),
    },
    {
      ...shared,
      method: "GET",
      path: clientPath,
      summary: "One client",
      shapes: { answer: clientAnswer.name },
      handle: (call) => show(registry, call),
    },
    {
      ...shared,
      method: "POST",
      path: `${clientPath}/rotate`,
      summary: "Give a client a new secret beside its newest old one; it is told only now",
      shapes: { answer: clientWithSecret.name },
      handle: (call) => rotate(registry, call),
    },
    {
      ...shared,
      method: "DELETE",
      path: clientPath,
      summary: "Revoke a client: its secrets and tokens are worthless at once",
      shapes: {},
      success: 204,
      handle: (call) => revoke(registry, call),
    },
  ];
}

async function add(registry: ClientRegistry, call: Call): Promise<Answer> {
  const outcome = await addClient(registry, await readBody(clientWish, call), Date.now());
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, clientWish, call);
  const { client } = outcome.value;
  const answer = json(call, clientWithSecret.print(outcome.value, "json"));
  return { ...answer, status: 201, headers: { ...answer.headers, location: `/v1/clients/${client.id}` } };
}

async function list(registry: ClientRegistry, call: Call): Promise<Answer> {
  return json(call, clientList.print({ clients: await listClients(registry) }, "json"));
}

async function show(registry: ClientRegistry, call: Call): Promise<Answer> {
  const outcome = await readClient(registry, clientIdOf(call));
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected);
  return json(call, clientAnswer.print({ client: outcome.value }, "json"));
}

async function rotate(registry: ClientRegistry, call: Call): Promise<Answer> {
  const outcome = await rotateClient(registry, clientIdOf(call), Date.now());
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected);
  return json(call, clientWithSecret.print(outcome.value, "json"));
}

async function revoke(registry: ClientRegistry, call: Call): Promise<Answer> {
  const outcome = await revokeClient(registry, clientIdOf(call), Date.now());
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected);
  return { status: 204 };
}

/** Who may do what, and secrets above all, are nothing for a cache. */
function json({ type }: Call, body: string): Answer {
  return { status: 200, body, type, headers: { "cache-control": "no-store" } };
}

function clientIdOf({ params }: Call): string {
  return params["clientId"] ?? "";
}
