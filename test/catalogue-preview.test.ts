import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parseCatalogueFile } from "../src/config/catalogue-file.ts";
import { carryOut } from "./support/commands.ts";
import { newDatabase } from "./support/postgres.ts";
import { adminToken, type RunningService, startListening, temporaryFolder } from "./support/service.ts";

// The catalogue that docs/catalogue.md shows, what it says of it, and what it says that a dry run prints.

const page = readFileSync(new URL("../docs/catalogue.md", import.meta.url), "utf8");
const example = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? "";
const printed = /```text\n([^]*?)\nNothing was recorded\.\n```/.exec(page)?.[1] ?? "";
const next = example
  .replace("version: 1", "version: 2")
  .replace("name: Offers,", "name: Offers, enabled: false,")
  .replace("modules: [News, Events]", "modules: [News, { name: Events, retired: true }]");

const storages = [
  { name: "SQLite", database: async (folder: string) => join(folder, "saywhen.db") },
  { name: "PostgreSQL", database: () => newDatabase() },
];

type Send = (method: string, path: string, body?: unknown) => Promise<Response>;

function sender({ url }: RunningService): Send {
  return (method, path, body) => {
    const headers = {
      Authorization: `Bearer ${adminToken}`,
      ClientId: "admin",
      "Request-Tracking-Id": "1",
      ...(body !== undefined && { "Content-Type": "application/json" }),
    };
    return fetch(`${url}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  };
}

/** Five customers with a yes to offers, one of them also by e-mail and one whose number is stopped; two documents. */
async function fill(send: Send): Promise<void> {
  const text = (id: number) => ({
    name: "Text",
    selections: [{ value: `212555010${id}`, type: "BPHONE", is_opt_in: "Y" }],
  });
  const email = { name: "Email", selections: [{ value: "pat@example.com", type: "BEMAIL", is_opt_in: "Y" }] };
  for (const id of [1, 2, 3, 4, 5]) {
    const preferences = [{ category: "Offers", channels: [text(id), ...(id === 1 ? [email] : [])] }];
    assert.equal((await send("PUT", `/v1/customers/${id}/communication-preferences`, { preferences })).status, 200);
  }
  assert.equal((await send("POST", "/v1/suppressions", { address: "2125550105", reason: "stop-keyword" })).status, 201);
  for (const [id, name] of [
    [3, "Events"],
    [4, "News"],
  ] as const) {
    const emailpreferences = { frequency: "Daily", modules: [{ name, preference: "Include" }] };
    const { status } = await send("PUT", `/api/2/organisations/${id}/emailpreferences`, { emailpreferences });
    assert.equal(status, 200);
  }
}

for (const { name, database } of storages) {
  describe(`the example in docs/catalogue.md, on ${name}`, () => {
    it("prints what a change would do, through the service and from the database, and records nothing", async (test) => {
      const { folder, env, start } = await prepared(test, await database(temporary(test)));
      const running = await start();
      const send = sender(running);
      await fill(send);
      const size = () => send("GET", "/v1/log/checkpoint").then((answer) => answer.text());
      const before = await size();
      const file = join(folder, "next.yaml");
      writeFileSync(file, next);
      const apply = ["catalogue", "apply", file];
      const beside = await carryOut([...apply, "--dry-run"], { ...env, SAYWHEN_URL: running.url });
      const json = await carryOut([...apply, "--dry-run", "--json"], { ...env, SAYWHEN_URL: running.url });
      assert.deepEqual(withoutTime(beside.printed), withoutTime(printed), beside.told);
      assert.deepEqual([beside.exitCode, beside.told, json.exitCode], [0, "Nothing was recorded.", 0]);
      const reading = parseCatalogueFile(next, file);
      assert("catalogue" in reading, JSON.stringify(reading));
      const answer = await send("PUT", "/v1/catalogue?dryRun=true", reading.catalogue);
      assert.deepEqual(withoutTime(json.printed), withoutTime(await answer.text()));
      assert.equal(await size(), before);
      await running[Symbol.asyncDispose]();

      const alone = await carryOut([...apply, "--dry-run"], env);
      assert.deepEqual({ ...alone, printed: withoutTime(alone.printed) }, { ...beside, printed: withoutTime(printed) });
      const again = await start();
      assert.equal(await (await sender(again)("GET", "/v1/log/checkpoint")).text(), before);
      await carryOut(apply, { ...env, SAYWHEN_URL: again.url });
      const done = await carryOut([...apply, "--dry-run"], { ...env, SAYWHEN_URL: again.url });
      assert.equal(done.printed, "Version 2 of the catalogue is in force already, and nothing would change.");
      await again[Symbol.asyncDispose]();
    });

    it("is refused in the same words, whoever is asked", async (test) => {
      const { folder, env, start } = await prepared(test, await database(temporary(test)));
      const running = await start();
      await fill(sender(running));
      const file = join(folder, "next.yaml");
      writeFileSync(file, next.replace("{ name: Events, retired: true }", ""));
      const words = ["catalogue", "apply", file];
      const served = { ...env, SAYWHEN_URL: running.url };
      const [real, tried] = [await carryOut(words, served), await carryOut([...words, "--dry-run"], served)];
      await running[Symbol.asyncDispose]();
      const alone = await carryOut([...words, "--dry-run"], env);
      assert.match(real.told, /"Events" is gone.*1 subject uses it: organisation:3/);
      for (const refused of [real, tried, alone]) assert.deepEqual(refused, { ...real, exitCode: 1, printed: "" });
    });
  });
}

describe("the example in docs/catalogue.md", () => {
  it("does what its comments say", async (test) => {
    const { start } = await prepared(test, ":memory:");
    await using running = await start();
    const send = sender(running);
    await fill(send);
    const abroad = { name: "Text", selections: [{ value: "+353861234567", type: "BPHONE", is_opt_in: "Y" }] };
    const email = { name: "Email", selections: [{ value: "al@example.com", type: "BEMAIL", is_opt_in: "Y" }] };
    const preferences = ["Offers", "Service Exception"].map((category) => ({ category, channels: [abroad, email] }));
    assert.equal((await send("PUT", "/v1/customers/6/communication-preferences", { preferences })).status, 200);
    const year = new Date().getUTCFullYear() + 1;
    const decided = async (id: number, category: string, channel: string, time: string, years = 0) => {
      const at = `${year + years}-01-15T${time}:00Z`;
      const answer = await send("POST", "/v1/decisions", { subject: `customer:${id}`, category, channel, at });
      const { verdict, reason, notBefore = "" } = (await answer.json()) as Record<string, string>;
      return [verdict, reason, ...(notBefore.startsWith(`${year}-01-15`) ? [notBefore.slice(11, 16)] : [])].join(" ");
    };
    // In January, noon in New York is 9:00 in Los Angeles; at 7:00 in New York, Los Angeles has four more hours of night.
    assert.equal(await decided(1, "Offers", "Text", "17:00"), "send opted-in");
    assert.equal(await decided(1, "Offers", "Text", "12:00"), "defer quiet-hours 16:00");
    assert.equal(await decided(6, "Offers", "Text", "12:00"), "defer quiet-hours 14:00");
    assert.equal(await decided(6, "Offers", "Email", "05:00"), "defer quiet-hours 08:00");
    assert.equal(await decided(6, "Service Exception", "Text", "12:00"), "defer quiet-hours 13:00");
    assert.equal(await decided(6, "Service Exception", "Email", "05:00"), "send opted-in");
    assert.equal(await decided(1, "Offers", "Text", "17:00", 3), "withhold expired");
    assert.equal(await decided(1, "Recalls", "Text", "12:00", 3), "send essential");
    assert.equal(await decided(5, "Recalls", "Text", "12:00"), "withhold suppressed");
    assert.equal(await decided(1, "Magazine", "Text", "17:00"), "withhold category-closed");
  });
});

function temporary(test: TestContext): string {
  const folder = temporaryFolder();
  test.after(() => folder[Symbol.dispose]());
  return folder.path;
}

/** How the example's service is started, and with which settings commands go beside it; none of them finds it by itself. */
async function prepared(test: TestContext, database: string) {
  const folder = temporary(test);
  const catalogue = join(folder, "catalogue.yaml");
  writeFileSync(catalogue, example);
  const key = database === ":memory:" ? database : join(folder, "saywhen.key");
  const env = {
    SAYWHEN_DATABASE: database,
    SAYWHEN_KEY: key,
    SAYWHEN_CATALOGUE: catalogue,
    SAYWHEN_URL: "http://127.0.0.1:2",
    SAYWHEN_TOKEN: adminToken,
  };
  const start = () => startListening({ env: { SAYWHEN_CATALOGUE: catalogue }, database, key });
  return { folder, env, start };
}

function withoutTime(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "…");
}
