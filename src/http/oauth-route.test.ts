import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { adminToken, openOwnApi } from "../../test/support/own-api.ts";
import { addClient } from "../service/add-client.ts";
import { sha256 } from "../service/secret.ts";

/** What answers hold, refusals included. */
interface Body {
  readonly access_token: string;
  readonly scope: string;
  readonly error: string;
  readonly error_description: string;
}

let api: Awaited<ReturnType<typeof openOwnApi>>;
let secret = "";
before(async () => {
  api = await openOwnApi();
  const added = await addClient(api.clients, { id: "crm", scopes: ["decide", "changes"] }, Date.now());
  if ("value" in added) secret = added.value.secret;
});
after(() => api.close());

async function ask(form: Record<string, string> | string, headers: Record<string, string> = {}) {
  const {
    statusCode,
    headers: answered,
    payload,
  } = await api.server.inject({
    method: "POST",
    url: "/oauth2/token",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    payload: typeof form === "string" ? form : new URLSearchParams(form).toString(),
  });
  return { status: statusCode, headers: answered, body: JSON.parse(payload) as Body };
}

function basic(id: string, password: string): { authorization: string } {
  const text = `${encodeURIComponent(id)}:${encodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(text).toString("base64")}` };
}

const grant = { grant_type: "client_credentials" };

describe("POST /oauth2/token", () => {
  it("gives a bearer token of an hour for the client's secret, by HTTP Basic or in the body", async () => {
    const asked = [
      ask(grant, basic("crm", secret)),
      ask({ ...grant, client_id: "crm" }, basic("crm", secret)),
      ask({ ...grant, client_id: "crm", client_secret: secret }),
      ask({ ...grant, client_id: "crm", client_secret: secret, scope: "", unknown: "is ignored" }),
    ];
    for (const { status, headers, body } of await Promise.all(asked)) {
      const { access_token: token, ...rest } = body;
      assert.deepEqual([status, rest], [200, { token_type: "Bearer", expires_in: 3600, scope: "decide changes" }]);
      assert.deepEqual([headers["cache-control"], headers.pragma], ["no-store", "no-cache"]);
      assert.match(headers["content-type"] as string, /^application\/json/);
      assert.deepEqual(api.clients.authenticate(sha256(token), Date.now())?.scopes, ["decide", "changes"]);
    }
  });

  it("narrows the token to the scopes that are asked for", async () => {
    const { body } = await ask({ ...grant, scope: "changes" }, basic("crm", secret));
    assert.equal(body.scope, "changes");
    const narrowed = await ask({ ...grant, scope: "decide" }, basic("admin", adminToken));
    const refused = await api.server.inject({
      url: "/v1/clients",
      headers: { authorization: `Bearer ${narrowed.body.access_token}` },
    });
    assert.equal(refused.statusCode, 403);
  });

  it("refuses as RFC 6749 has it", async () => {
    const body = { ...grant, client_id: "crm", client_secret: secret };
    const token = (await ask(body)).body.access_token;
    const wrongBasic = { authorization: "Basic %%%" };
    const twice = `${new URLSearchParams(body).toString()}&scope=decide&scope=changes`;
    const cases: [status: number, error: string, answer: ReturnType<typeof ask>][] = [
      [400, "unsupported_grant_type", ask({ ...body, grant_type: "password" })],
      [400, "invalid_request", ask({ client_id: "crm", client_secret: secret })],
      [400, "invalid_request", ask("")],
      [400, "invalid_request", ask(twice)],
      [400, "invalid_request", ask(body, basic("crm", secret))],
      [400, "invalid_request", ask({ ...grant, client_id: "shop" }, basic("crm", secret))],
      [400, "invalid_scope", ask({ ...body, scope: "decide admin" })],
      [400, "invalid_scope", ask({ ...body, scope: "everything" })],
      [401, "invalid_client", ask(grant)],
      [401, "invalid_client", ask({ ...grant, client_id: "crm" })],
      [401, "invalid_client", ask({ ...body, client_id: "shop" })],
      [401, "invalid_client", ask({ ...body, client_secret: token })],
      [401, "invalid_client", ask({ ...body, client_secret: `${secret} ` })],
      [401, "invalid_client", ask(grant, basic("crm", "wrong"))],
      [401, "invalid_client", ask(grant, basic("admin", secret))],
      [401, "invalid_client", ask(grant, wrongBasic)],
      [401, "invalid_client", ask(grant, { authorization: `Bearer ${secret}` })],
      [401, "invalid_client", ask(grant, { authorization: `Basic ${Buffer.from("crm").toString("base64")}` })],
      [401, "invalid_client", ask(grant, { authorization: `Basic ${Buffer.from("crm:%zz").toString("base64")}` })],
    ];
    for (const [status, error, asked] of cases) {
      const answer = await asked;
      assert.deepEqual([answer.status, answer.body.error], [status, error], JSON.stringify(answer.body));
      assert.deepEqual(Object.keys(answer.body), ["error", "error_description"]);
      assert.match(answer.body.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      assert.equal(answer.headers["cache-control"], "no-store");
      assert.equal(answer.headers["www-authenticate"] !== undefined, status === 401);
      assert.ok(!JSON.stringify(answer.body).includes(secret));
    }
  });

  it("takes forms alone", async () => {
    const json = await ask(JSON.stringify(grant), { "content-type": "application/json" });
    assert.equal(json.status, 415);
  });
});
