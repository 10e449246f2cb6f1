import assert from "node:assert/strict";
import { copyFileSync, rmSync } from "node:fs";
import { after, before, describe, it, type TestContext } from "node:test";
import * as acts from "./faults/acts.ts";
import { overSocket, type ReceivedAnswer, type Transport } from "./support/exchange.ts";
import { type Place, place } from "./support/recorded.ts";
import { type RunningService, startListening } from "./support/service.ts";
import { credentials, type Headers } from "./support/target.ts";

// RFC 9110 §13: who read a version that is no longer the current one does not write over what came between.

let running: RunningService;
let send: Transport;
before(async () => {
  running = await startListening();
  send = overSocket(running.url);
});
after(() => running[Symbol.asyncDispose]());

const json: Headers = { Accept: "application/json", "Content-Type": "application/json" };
const xml: Headers = { Accept: "application/xml", "Content-Type": "application/xml" };

/** One document of either contract, and bodies that each leave a trace of their own in it. */
interface Case {
  readonly name: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: (label: string) => string;
}

const types = ["BPHONE", "SPHONE"];
const labels = ["Algeria", "Angola", "Benin", "Botswana", "Burundi", "Cameroon", "Chad", "Comoros"];

function customerInJson(label: string): string {
  const selections = [{ value: `202555${1000 + labels.indexOf(label)}`, type: types[0], is_opt_in: "N" }];
  return JSON.stringify({ preferences: [{ category: "Service Exception", channels: [{ name: "Text", selections }] }] });
}

function customerInXml(label: string): string {
  const value = `202555${1000 + labels.indexOf(label)}`;
  return (
    "<request><preferences><preference><category>Service Exception</category><channels><channel><name>Text</name>" +
    `<selections><selection><value>${value}</value><type>${types[1]}</type><is_opt_in>N</is_opt_in></selection></selections>` +
    "</channel></channels></preference></preferences></request>"
  );
}

function chosenInJson(label: string): string {
  const metadatanodes = [{ node: "Countries", metadata: [label] }];
  return JSON.stringify({ emailpreferences: { frequency: "Daily", metadatanodes } });
}

function chosenInXml(label: string): string {
  return (
    "<emailpreferences><frequency>Daily</frequency><metadatanodes><metadatanode><node>Countries</node>" +
    `<metadata>${label}</metadata></metadatanode></metadatanodes></emailpreferences>`
  );
}

const customer = (id: number) => `/api/v1/customers/${id}/communication-preferences`;
const cases: readonly Case[] = [
  { name: "a customer in JSON", path: customer(1), headers: json, body: customerInJson },
  { name: "a customer in XML", path: customer(2), headers: xml, body: customerInXml },
  {
    name: "an organisation in JSON",
    path: "/api/2/organisations/3/emailpreferences",
    headers: json,
    body: chosenInJson,
  },
  { name: "an organisation in XML", path: "/api/2/organisations/4/emailpreferences", headers: xml, body: chosenInXml },
  { name: "a user in JSON", path: "/api/2/users/5/emailpreferences", headers: json, body: chosenInJson },
  { name: "a user in XML", path: "/api/2/users/6/emailpreferences", headers: xml, body: chosenInXml },
];

const get = ({ path, headers }: Case): Promise<ReceivedAnswer> =>
  send({ method: "GET", target: path, headers: credentials({ Accept: String(headers["Accept"]) }) });

const put = ({ path, headers, body }: Case, label: string, condition: Headers): Promise<ReceivedAnswer> =>
  send({ method: "PUT", target: path, headers: credentials({ ...headers, ...condition }), body: body(label) });

for (const each of cases) {
  describe(`conditional writes of ${each.name}`, () => {
    it("let exactly one of those win who come into being together, and tell the others", async () => {
      const answers = await Promise.all(labels.map((label) => put(each, label, { "If-None-Match": "*" })));
      assert.deepEqual(statuses(answers), [200, 412, 412, 412, 412, 412, 412, 412]);
    });

    it("let exactly one of two win who both read the same version; the other loses nothing and may try again", async () => {
      const { headers } = await get(each);
      const tag = String(headers["etag"]);
      const [one = "", other = ""] = labels;
      const answers = await Promise.all([one, other].map((label) => put(each, label, { "If-Match": tag })));
      assert.deepEqual(statuses(answers), [200, 412]);
      const loser = answers[0]?.status === 412 ? one : other;
      const between = await get(each);
      assert(!traceOf(each, loser).test(between.body));
      assert.equal((await put(each, loser, { "If-Match": tag })).status, 412);
      assert.equal((await get(each)).body, between.body);
      assert.equal((await put(each, loser, { "If-Match": String(between.headers["etag"]) })).status, 200);
      assert.match((await get(each)).body, traceOf(each, loser));
    });

    it("compare If-Match strongly and If-None-Match weakly, in lists as well", async () => {
      const tag = String((await get(each)).headers["etag"]);
      const refused: Headers[] = [
        { "If-Match": `W/${tag}` },
        { "If-Match": '"0.0-json", "none.1-xml"' },
        { "If-None-Match": `"other", W/${tag}` },
        { "If-None-Match": "*" },
        { "If-Match": tag, "If-None-Match": tag },
        { "If-Match": tag.slice(1, -1) },
      ];
      for (const condition of refused) {
        assert.equal((await put(each, "Chad", condition)).status, 412, JSON.stringify(condition));
        assert.equal((await get(each)).headers["etag"], tag);
      }
      const taken = await put(each, "Chad", { "If-Match": `"other", ${tag}`, "If-None-Match": '"other"' });
      assert.equal(taken.status, 200);
      assert.equal((await put(each, "Chad", { "If-Match": "*" })).status, 200);
    });
  });
}

describe("a version that was read before changes were lost", () => {
  const path = acts.customerPath(2);

  /** A backup, and the version of a customer who said yes after it. */
  async function losing(test: TestContext): Promise<{ at: Place; tag: string }> {
    const at = place(test);
    await at.record(1);
    assert.equal((await at.saywhen("backup", at.path("b"))).exitCode, 0);
    await at.record(9, 2);
    return { at, tag: await tagOf(at) };
  }

  async function tagOf({ ask }: Place): Promise<string> {
    return String((await ask(acts.get(path))).headers["etag"]);
  }

  /** The customer says something else, whose change gets the position that was lost. */
  async function sayAgain({ ask }: Place): Promise<void> {
    assert.equal((await ask(acts.putCustomer(2, "again@example.com"))).headers["saywhen-change"], "4");
  }

  async function assertStale({ ask }: Place, tag: string): Promise<void> {
    assert.equal((await ask(acts.putCustomer(2, "stale@example.com", { "If-Match": tag }))).status, 412);
    assert.equal((await ask(acts.get(path, { "If-Match": tag }))).status, 412);
    const { status, body } = await ask(acts.get(path, { "If-None-Match": tag }));
    assert.equal(status, 200);
    assert.match(body, /again@example\.com/);
  }

  it("is not the current one again after a restore, although its position is", async (test) => {
    const { at, tag } = await losing(test);
    assert.equal(tag, '"4.1-json"');
    const tags = [tag];
    for (let restores = 0; restores < 2; restores += 1) {
      assert.equal((await at.saywhen("restore", at.path("b"))).exitCode, 0);
      await sayAgain(at);
      for (const stale of tags) await assertStale(at, stale);
      tags.push(await tagOf(at));
      assert.match(tags.at(-1) ?? "", /^"4\.1\.[0-9a-f]{8}-json"$/);
    }
    const [newest = ""] = tags.slice(-1);
    assert.equal((await at.ask(acts.get(path, { "If-None-Match": newest }))).status, 304);
    assert.equal((await at.ask(acts.putCustomer(2, "new@example.com", { "If-Match": newest }))).status, 200);
  });

  it("nor after a file was put back by hand, before the log is continued", async (test) => {
    const { at, tag } = await losing(test);
    for (const end of ["-wal", "-shm"]) rmSync(`${at.file}${end}`, { force: true });
    copyFileSync(at.path("b"), at.file);
    await at.ask(acts.putCustomer(9, "9@example.com"));
    await sayAgain(at);
    await assertStale(at, tag);
  });
});

function statuses(answers: readonly ReceivedAnswer[]): number[] {
  return answers.map(({ status }) => status).toSorted((one, other) => one - other);
}

/** What a body leaves in the document: a label, or an address. */
function traceOf({ path }: Case, label: string): RegExp {
  return path.includes("customers") ? new RegExp(`202555${1000 + labels.indexOf(label)}`) : new RegExp(label);
}
