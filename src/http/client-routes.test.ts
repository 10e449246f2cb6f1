import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { adminToken, openOwnApi } from "../../test/support/own-api.ts";
import { addClient } from "../service/add-client.ts";
import { ClientRegistry } from "../service/clients.ts";
import { issueToken } from "../service/issue-token.ts";

/** What answers hold, refusals included. */
interface Body {
  readonly client: { readonly id: string; readonly revokedAt?: string; readonly secrets: readonly unknown[] };
  readonly clients: readonly { readonly id: string }[];
  readonly secret: string;
  readonly type: string;
  readonly errors: readonly { readonly pointer: string }[];
}

type Api = Awaited<ReturnType<typeof openOwnApi>>;

async function send(api: Api, method: "DELETE" | "GET" | "POST", url: string, body?: unknown, token = adminToken) {
  const { statusCode, headers, payload } = await api.server.inject({
    method,
    url,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: statusCode, headers, text: payload, body: JSON.parse(payload || "{}") as Body };
}

const crm = { id: "crm", scopes: ["decide", "customers:read"] };

describe("a client of another node", () => {
  it("is let in at once, by its secret or a token for it; who is unknown everywhere is not", async () => {
    await using api = await openOwnApi();
    const elsewhere = await ClientRegistry.open(api.store);
    const made = await addClient(elsewhere, { id: "boss", scopes: ["admin"] }, Date.now());
    assert.ok("value" in made);
    const { secret } = made.value;
    assert.equal((await send(api, "GET", "/v1/clients/boss", undefined, secret)).status, 200);
    const issued = await issueToken(elsewhere, { clientId: "boss", secret }, Date.now());
    assert.ok("value" in issued);
    const { token } = issued.value;
    const answers = await Promise.all(
      [token, "wrong", token].map((each) => send(api, "GET", "/v1/clients", undefined, each)),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 401, 200],
    );
    elsewhere.close();
  });
});

describe("/v1/clients", () => {
  it("adds a client, whose secret works at once and is never shown again", async () => {
    await using api = await openOwnApi();
    const made = await send(api, "POST", "/v1/clients", { id: "boss", scopes: ["admin"] });
    assert.equal(made.status, 201);
    assert.equal(made.headers.location, "/v1/clients/boss");
    assert.equal(made.headers["cache-control"], "no-store");
    const { secret } = made.body;
    const list = await send(api, "GET", "/v1/clients", undefined, secret);
    assert.equal(list.status, 200);
    assert.deepEqual(
      list.body.clients.map((client) => client.id),
      ["admin", "boss"],
    );
    const one = await send(api, "GET", "/v1/clients/boss");
    assert.deepEqual(Object.keys(one.body.client), ["id", "scopes", "createdAt", "secrets"]);
    assert.ok(![list, one].some(({ text }) => text.includes(secret) || /[0-9a-f]{64}/.test(text)));
  });

  it("rotates secrets, and revokes for good", async () => {
    await using api = await openOwnApi();
    const first = (await send(api, "POST", "/v1/clients", crm)).body.secret;
    const rotated = await send(api, "POST", "/v1/clients/crm/rotate");
    assert.equal(rotated.status, 200);
    assert.equal(rotated.body.client.secrets.length, 2);
    for (const secret of [first, rotated.body.secret]) {
      assert.equal((await send(api, "GET", "/v1/clients", undefined, secret)).status, 403);
    }
    assert.deepEqual([(await send(api, "DELETE", "/v1/clients/crm")).status], [204]);
    for (const secret of [first, rotated.body.secret]) {
      assert.equal((await send(api, "GET", "/v1/clients", undefined, secret)).status, 401);
    }
    assert.ok((await send(api, "GET", "/v1/clients/crm")).body.client.revokedAt);
    assert.equal((await send(api, "DELETE", "/v1/clients/crm")).status, 204);
  });

  it("refuses in problem details, naming every fault with its place", async () => {
    await using api = await openOwnApi();
    const wrong = await send(api, "POST", "/v1/clients", { id: "a b", scopes: ["root", "decide", "all"] });
    assert.equal(wrong.status, 422);
    assert.match(wrong.headers["content-type"] as string, /^application\/problem\+json/);
    assert.deepEqual(
      wrong.body.errors.map(({ pointer }) => pointer),
      ["#/id", "#/scopes/0", "#/scopes/2"],
    );
    await send(api, "POST", "/v1/clients", crm);
    const refusals: [status: number, type: string, answer: Awaited<ReturnType<typeof send>>][] = [
      [409, "client-taken", await send(api, "POST", "/v1/clients", crm)],
      [404, "client-unknown", await send(api, "GET", "/v1/clients/shop")],
      [404, "client-unknown", await send(api, "POST", "/v1/clients/shop/rotate")],
      [404, "client-unknown", await send(api, "DELETE", "/v1/clients/a%2fb")],
      [409, "admin-last", await send(api, "DELETE", "/v1/clients/admin")],
      [400, "body-malformed", await send(api, "POST", "/v1/clients", "{")],
      [400, "body-malformed", await send(api, "POST", "/v1/clients", '{"id":"a","id":"b","scopes":["admin"]}')],
      [422, "invalid", await send(api, "POST", "/v1/clients", { ...crm, admin: true })],
      [422, "invalid", await send(api, "POST", "/v1/clients", '{"id":"a","scopes":["admin"],"__proto__":{}}')],
      [422, "invalid", await send(api, "POST", "/v1/clients", { id: "a", scopes: [] })],
      [422, "invalid", await send(api, "POST", "/v1/clients", { id: "a", scopes: "admin" })],
      [422, "invalid", await send(api, "POST", "/v1/clients", [])],
    ];
    for (const [status, problem, answer] of refusals) {
      assert.deepEqual([answer.status, answer.body.type.split("#")[1]], [status, problem], answer.text);
    }
    assert.equal(api.clients.clients().length, 2);
  });

  it("is for clients with the scope admin alone", async () => {
    await using api = await openOwnApi();
    const others = ["customers:read", "customers:write", "emailpreferences:read", "emailpreferences:write"];
    const scopes = [...others, "decide", "audience", "changes", "suppressions"];
    const { secret } = (await send(api, "POST", "/v1/clients", { id: "most", scopes })).body;
    const routes = [
      ["GET", "/v1/clients"],
      ["POST", "/v1/clients"],
      ["GET", "/v1/clients/most"],
      ["POST", "/v1/clients/most/rotate"],
      ["DELETE", "/v1/clients/most"],
    ] as const;
    for (const [method, url] of routes) {
      const body = method === "POST" ? crm : undefined;
      assert.equal((await send(api, method, url, body, secret)).status, 403, url);
      assert.equal((await send(api, method, url, body, "nobody's")).status, 401, url);
      assert.equal((await api.server.inject({ method, url })).statusCode, 401, url);
    }
    assert.equal(api.clients.client("crm"), undefined);
    assert.equal(api.clients.client("most")?.secrets.length, 1);
  });

  it("counts each client's requests and refuses those beyond its rate", async () => {
    await using api = await openOwnApi(":memory:", 3);
    const answers = [];
    for (let count = 0; count < 8; count++) answers.push(await send(api, "GET", "/v1/clients"));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0 && answers[0]?.status === 200);
    assert.equal(answers[0]?.headers["ratelimit-policy"], '"client";q=3;w=1');
    assert.equal(refused[0]?.headers["retry-after"], "1");
    assert.match(refused[0]?.body.type ?? "", /#rate-exceeded$/);
  });
});
