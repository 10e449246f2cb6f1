import assert from "node:assert/strict";
import { overSocket, type ReceivedAnswer, type Transport } from "./exchange.ts";
import { adminToken, type RunningService, type ServiceOptions, startListening } from "./service.ts";

/** The subjects at which hostile requests are aimed; each has something recorded. */
export const customerPath = "/v1/customers/1/communication-preferences";
export const organisationPath = "/api/2/organisations/3/emailpreferences";

export const customerDocument = JSON.stringify({
  preferences: [
    {
      category: "Service Exception",
      channels: [{ name: "Text", selections: [{ value: "2125550100", type: "BPHONE", is_opt_in: "N" }] }],
    },
  ],
});
export const organisationDocument = JSON.stringify({
  emailpreferences: { frequency: "Weekly", modules: [{ name: "News", preference: "Include" }] },
});

export type Headers = Readonly<Record<string, string>>;

/** A service with a customer and an organisation in it, and the ways to aim at them. */
export interface Target extends AsyncDisposable {
  readonly running: RunningService;
  readonly send: Transport;
  putCustomer(body: string | Uint8Array, headers?: Headers): Promise<ReceivedAnswer>;
  putOrganisation(body: string | Uint8Array, headers?: Headers): Promise<ReceivedAnswer>;
  get(path: string, headers?: Headers): Promise<ReceivedAnswer>;
  /** Asserts that both documents and the log are as they were before, and that the process answers. */
  isUnchanged(): Promise<void>;
}

export async function startTarget(options: ServiceOptions = {}): Promise<Target> {
  const running = await startListening(options);
  const send = overSocket(running.url);
  const put =
    (target: string) =>
    (body: string | Uint8Array, headers: Headers = {}) =>
      send({ method: "PUT", target, headers: credentials({ "Content-Type": "application/json", ...headers }), body });
  const get = (target: string, headers: Headers = {}) => send({ method: "GET", target, headers: credentials(headers) });
  const putCustomer = put(customerPath);
  const putOrganisation = put(organisationPath);
  const state = async (): Promise<string[]> => {
    const answers = [await get(customerPath), await get(organisationPath), await get("/metrics")];
    const [customer, organisation, metrics] = answers.map(({ body, headers }) => `${headers["etag"]} ${body}`);
    const changes = /saywhen_changes_total (\d+)/.exec(metrics ?? "")?.[1];
    return [customer ?? "", organisation ?? "", `${changes} changes`];
  };
  assert.equal((await putCustomer(customerDocument)).status, 200);
  assert.equal((await putOrganisation(organisationDocument)).status, 200);
  const before = await state();
  return {
    running,
    send,
    putCustomer,
    putOrganisation,
    get,
    isUnchanged: async () => assert.deepEqual(await state(), before),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** What every request of either contract needs; a header with the value "" is left out. */
export function credentials(headers: Headers = {}): [string, string][] {
  const all = { Authorization: `Bearer ${adminToken}`, ClientId: "admin", "Request-Tracking-Id": "1", ...headers };
  return Object.entries(all).filter(([, value]) => value !== "");
}

/** A request as bytes; its headers are those of every request, and more. */
export function rawRequest(line: string, headers: readonly string[] = [], body = ""): string {
  const all = credentials().map(([name, value]) => `${name}: ${value}`);
  return `${line}\r\nHost: x\r\n${[...all, ...headers].join("\r\n")}\r\n\r\n${body}`;
}
