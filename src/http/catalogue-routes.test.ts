import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, it } from "node:test";
import { adminToken, catalogueOf, openOwnApi, smallCatalogue } from "../../test/support/own-api.ts";
import type { Catalogue } from "../domain/catalogue.ts";
import { type Draft, draft } from "../domain/change.ts";
import { preferencesOf } from "../domain/stream.ts";
import { organisation } from "../domain/subject.ts";
import { Refusal } from "./route.ts";

/** What answers hold, refusals included. */
interface Body {
  readonly catalogue: Catalogue;
  readonly change: number;
  readonly type: string;
  readonly errors: readonly { readonly pointer: string }[];
}

type Api = Awaited<ReturnType<typeof openOwnApi>>;

async function send(api: Api, method: "GET" | "PUT", body?: unknown) {
  const { statusCode, headers, payload } = await api.server.inject({
    method,
    url: "/v1/catalogue",
    headers: {
      authorization: `Bearer ${adminToken}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: statusCode, headers, body: JSON.parse(payload) as Body };
}

describe("/v1/catalogue", () => {
  it("shows the catalogue that counts", async () => {
    await using api = await openOwnApi();
    assert.deepEqual((await send(api, "GET")).body, { catalogue: catalogueOf(smallCatalogue), change: 0 });
  });

  it("takes a new version, in the structure of the file, and says by which change it is in force", async () => {
    await using api = await openOwnApi();
    const { catalogue } = (await send(api, "GET")).body;
    const answer = await send(api, "PUT", { ...catalogue, version: 2, modules: ["News", "Events"] });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["saywhen-change"], "1");
    assert.equal(answer.body.change, 1);
    assert.deepEqual(answer.body.catalogue.modules, [
      { name: "News", retired: false },
      { name: "Events", retired: false },
    ]);
    assert.deepEqual((await send(api, "GET")).body, answer.body);
    const again = await send(api, "PUT", answer.body.catalogue);
    assert.deepEqual([again.status, again.headers["saywhen-change"]], [200, "1"]);
  });

  it("refuses what is wrong with every fault, and what does not follow the one in force", async () => {
    await using api = await openOwnApi();
    const { catalogue } = (await send(api, "GET")).body;
    const invalid = await send(api, "PUT", { ...catalogue, version: 2, modules: [7], colours: [] });
    assert.equal(invalid.status, 422);
    assert.match(invalid.body.type, /#catalogue-invalid$/);
    assert.deepEqual(
      invalid.body.errors.map(({ pointer }) => pointer),
      ["#/colours", "#/modules/0"],
    );
    const conflict = await send(api, "PUT", { ...catalogue, version: 2, modules: [] });
    assert.equal(conflict.status, 409);
    assert.match(conflict.body.type, /#catalogue-conflict$/);
    assert.ok(conflict.body.errors.length > 0);
    assert.equal((await send(api, "PUT", '{"version":2,"version":3}')).status, 400);
    assert.equal((await send(api, "PUT", "null")).status, 422);
    assert.deepEqual((await send(api, "GET")).body, { catalogue, change: 0 });
  });
});

describe("/v1/catalogue?dryRun=true", () => {
  it("ends its work when the client goes away", async () => {
    await using api = await openOwnApi();
    const document = { alertServices: [], frequency: "Daily", modules: [], nodes: [] };
    const chosen = (id: number): Draft => {
      const by = { actor: "admin", client: "admin" };
      return draft(by, "preferences", preferencesOf(organisation(id)), document);
    };
    const others = Array.from({ length: 4999 }, (_, index) => chosen(index + 2));
    await api.store.append<never>({ reads: [], step: () => ({ append: [chosen(1), ...others] }) });
    const refused = new Promise<unknown>((resolve) => {
      api.server.addHook("onError", async (_request, _reply, error) => resolve(error));
    });
    const url = await api.server.listen({ host: "127.0.0.1", port: 0 });
    const sent = request(`${url}/v1/catalogue?dryRun=true`, {
      method: "PUT",
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    });
    sent.on("error", () => undefined);
    api.server.server.once("request", () => setImmediate(() => sent.destroy()));
    sent.end(
      JSON.stringify({ ...catalogueOf(smallCatalogue), version: 2, modules: [{ name: "News", retired: true }] }),
    );
    const error = await refused;
    assert.deepEqual([error instanceof Refusal, (error as Refusal).problem], [true, "request-malformed"]);
  });
});
