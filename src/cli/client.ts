import { parseArgs } from "node:util";
import { scopes } from "../domain/client.ts";
import { addClient } from "../service/add-client.ts";
import type { ClientView, ClientWithSecret } from "../service/client-view.ts";
import { listClients } from "../service/list-clients.ts";
import { revokeClient } from "../service/revoke-client.ts";
import { rotateClient } from "../service/rotate-client.ts";
import { clientList, clientWithSecret } from "../wire/clients.ts";
import { inShape } from "./ask.ts";
import { type Command, type CommandContext, misunderstood } from "./command.ts";
import { through } from "./through.ts";

const usage = `saywhen client add <id> --scope <scope> [--scope <scope> …]
saywhen client list
saywhen client rotate <id>
saywhen client revoke <id>
scopes: ${scopes.join(" ")}`;

/** Manages the programs that may use this service. */
export const clientCommand: Command = {
  name: "client",
  usage,
  summary: "Add, list, rotate and revoke the programs that may use the service.",
  async run(args, context) {
    const wish = read(args);
    switch (wish.verb) {
      case "add":
        showSecret(await add(wish.id, wish.scopes, context), context);
        break;
      case "list":
        showList(await list(context), context);
        break;
      case "rotate":
        showSecret(await rotate(wish.id, context), context);
        break;
      case "revoke":
        await revoke(wish.id, context);
        context.tell(`${wish.id} is revoked: its secrets and tokens are worthless from now on.`);
    }
    return 0;
  },
};

type Wish =
  | { readonly verb: "add"; readonly id: string; readonly scopes: readonly string[] }
  | { readonly verb: "list" }
  | { readonly verb: "revoke" | "rotate"; readonly id: string };

/** What was asked for. Throws CommandFailure when it cannot be understood. */
function read(args: readonly string[]): Wish {
  const { positionals, scopes: given } = parse(args);
  const [verb, id, ...rest] = positionals;
  if (rest.length === 0 && verb === "add" && id !== undefined && given.length > 0) return { verb, id, scopes: given };
  if (rest.length > 0 || given.length > 0) throw misunderstood(usage);
  if (verb === "list" && id === undefined) return { verb };
  if ((verb === "rotate" || verb === "revoke") && id !== undefined) return { verb, id };
  throw misunderstood(usage);
}

function parse(args: readonly string[]): { positionals: string[]; scopes: string[] } {
  try {
    const options = { scope: { type: "string", multiple: true } } as const;
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { positionals, scopes: values.scope ?? [] };
  } catch {
    throw misunderstood(usage);
  }
}

function add(id: string, wanted: readonly string[], context: CommandContext): Promise<ClientWithSecret> {
  const wish = { id, scopes: wanted };
  const request = { method: "POST", path: "/v1/clients", body: wish, read: inShape(clientWithSecret) } as const;
  return through(context, request, ({ clients }) => addClient(clients, wish, Date.now()));
}

async function list(context: CommandContext): Promise<readonly ClientView[]> {
  const request = { method: "GET", path: "/v1/clients", read: inShape(clientList) } as const;
  const answer = await through(context, request, async ({ clients }) => ({
    value: { clients: await listClients(clients) },
  }));
  return answer.clients;
}

function rotate(id: string, context: CommandContext): Promise<ClientWithSecret> {
  const path = `/v1/clients/${encodeURIComponent(id)}/rotate`;
  const request = { method: "POST", path, read: inShape(clientWithSecret) } as const;
  return through(context, request, ({ clients }) => rotateClient(clients, id, Date.now()));
}

function revoke(id: string, context: CommandContext): Promise<unknown> {
  const path = `/v1/clients/${encodeURIComponent(id)}`;
  const request = { method: "DELETE", path, read: () => "revoked" } as const;
  return through<unknown>(context, request, ({ clients }) => revokeClient(clients, id, Date.now()));
}

/** The secret stands alone on standard output, so that a script can take it from there. */
function showSecret({ client, secret }: ClientWithSecret, { print, tell }: CommandContext): void {
  print(secret);
  tell(`This is the secret of ${client.id} (${client.scopes.join(" ")}). It is shown only now: keep it safe.`);
}

function showList(clients: readonly ClientView[], { print }: CommandContext): void {
  for (const { id, scopes: granted, createdAt, revokedAt, secrets } of clients) {
    const count = secrets.length === 1 ? "1 secret" : `${secrets.length} secrets`;
    print([id, `added ${createdAt}`, revokedAt === undefined ? count : `revoked ${revokedAt}`, ...granted].join("  "));
  }
}
