import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { overSocket, type Transport } from "./support/exchange.ts";
import { fillWithOffers, idsOf, offers, offersCatalogue } from "./support/offers.ts";
import { converse } from "./support/raw.ts";
import { adminToken, type RunningService, startListening, temporaryFolder } from "./support/service.ts";
import { credentials } from "./support/target.ts";

// What holds for every answer that comes line by line: who is not let in any more gets no more of it, and it is never
// told in a way in which a part looks whole.

const ndjson = "application/x-ndjson";
const contact = { category: "Offers", channel: "Email" };
const line = (body: object) => `${JSON.stringify(body)}\n`;

/** With their addresses, their lines are more than sockets hold for a client that does not read: some 4 MB. */
const ids = idsOf(9000);

const folder = temporaryFolder();
let running: RunningService;
let send: Transport;
before(async () => {
  const catalogue = join(folder.path, "catalogue.yaml");
  writeFileSync(catalogue, JSON.stringify(offersCatalogue(1)));
  const database = join(folder.path, "saywhen.db");
  await fillWithOffers(database, ids);
  running = await startListening({ database, key: join(folder.path, "key"), env: { SAYWHEN_CATALOGUE: catalogue } });
  send = overSocket(running.url);
  while ((await send({ method: "GET", target: "/readyz" })).status !== 200) await delay(10);
});
after(async () => {
  await running[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function newClient(id: string, scope: string): Promise<string> {
  const headers = credentials({ "Content-Type": "application/json" });
  const body = JSON.stringify({ id, scopes: [scope] });
  const answer = await send({ method: "POST", target: "/v1/clients", headers, body });
  assert.equal(answer.status, 201, answer.body);
  return (JSON.parse(answer.body) as { readonly secret: string }).secret;
}

async function revoke(id: string): Promise<void> {
  assert.equal((await send({ method: "DELETE", target: `/v1/clients/${id}`, headers: credentials({}) })).status, 204);
}

interface Exchange {
  readonly sending: ClientRequest;
  readonly answer: IncomingMessage;
}

async function begun(
  test: TestContext,
  target: string,
  bearer: string,
  type: string,
  first: string,
): Promise<Exchange> {
  const headers = { authorization: `Bearer ${bearer}`, accept: ndjson, "content-type": type };
  const sending = httpRequest(`${running.url}${target}`, { method: "POST", headers, agent: false });
  sending.on("error", () => {});
  test.after(() => sending.destroy());
  sending.write(first);
  if (type !== ndjson) sending.end();
  const [answer] = (await once(sending, "response")) as [IncomingMessage];
  answer.on("error", () => {});
  return { sending, answer };
}

/** The rest of an answer that cannot go on: its lines, of which the last says why. */
async function cutOff(answer: IncomingMessage): Promise<readonly string[]> {
  const parts: Buffer[] = [];
  answer.on("data", (part: Buffer) => parts.push(part));
  await new Promise((resolve) => answer.once("close", resolve));
  assert.equal(answer.complete, false);
  const lines = Buffer.concat(parts).toString().split("\n");
  assert.equal(lines.pop(), "");
  return lines;
}

const bodies = [
  {
    name: "many suppressions",
    scope: "suppressions",
    target: "/v1/suppressions",
    first: line({ address: "before@example.com", reason: "legal" }),
    next: line({ address: "after@example.com", reason: "legal" }),
    number: 2,
  },
  {
    name: "a batch of one question",
    scope: "decide",
    target: "/v1/decisions",
    first: `${line({ question: contact })}"customer:1"\n`,
    next: '"customer:2"\n',
    number: 3,
  },
  {
    name: "a batch of one question with addresses",
    scope: "decide",
    target: "/v1/decisions",
    first: `${line({ question: { ...contact, addresses: true } })}"customer:1"\n`,
    next: '"customer:2"\n',
    number: 3,
  },
  {
    name: "a batch of a question a line",
    scope: "decide",
    target: "/v1/decisions",
    first: line({ ...contact, subject: "customer:1" }),
    next: line({ ...contact, subject: "customer:2" }),
    number: 2,
  },
];

describe("an answer whose client is revoked meanwhile", () => {
  for (const [index, { name, scope, target, first, next, number }] of bodies.entries()) {
    it(`ends before the next line of ${name}, and nothing is done for it`, async (test) => {
      const id = `revoked${index}`;
      const { sending, answer } = await begun(test, target, await newClient(id, scope), ndjson, first);
      await once(answer, "readable");
      await revoke(id);
      sending.write(next);
      const lines = await cutOff(answer);
      assert.equal(lines.length, 2);
      assert.match(lines[1] ?? "", new RegExp(`^\\{"line":${number},"error":\\{.*#token-invalid".*"status":401`));
    });
  }

  it("has stopped no address after that", async () => {
    const stopped = async (address: string) => {
      const headers = credentials({ "Content-Type": "application/json" });
      const body = JSON.stringify({ address });
      const found = await send({ method: "POST", target: "/v1/suppressions/search", headers, body });
      return (JSON.parse(found.body) as { readonly suppressions: readonly object[] }).suppressions.length;
    };
    assert.equal(await stopped("before@example.com"), 1);
    assert.equal(await stopped("after@example.com"), 0);
  });

  it("ends before the next part of an audience", async (test) => {
    const secret = await newClient("finder", "audience");
    const question = JSON.stringify({ ...offers, addresses: true });
    const { answer } = await begun(test, "/v1/audiences", secret, "application/json", question);
    // Until it has filled all that holds it for a client that does not read.
    await delay(500);
    await revoke("finder");
    const lines = await cutOff(answer);
    assert.ok(lines.length > 1 && lines.length < ids.length, String(lines.length));
    assert.match(lines.at(-1) ?? "", /^\{"error":\{.*#token-invalid".*"status":401/);
  });
});

describe("an answer over HTTP/1.0", () => {
  const ask = (target: string, headers: Readonly<Record<string, string>>, body: string) => {
    const all = { Authorization: `Bearer ${adminToken}`, "Content-Length": String(body.length), ...headers };
    const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return converse(running.url, [`POST ${target} HTTP/1.0\r\n${head.join("")}\r\n${body}`]);
  };

  it("is refused where it comes line by line, for a part would look whole", async () => {
    const json = { "Content-Type": "application/json", Accept: ndjson };
    const asked = [await ask("/v1/audiences", json, JSON.stringify(offers))];
    for (const { target, first } of bodies) asked.push(await ask(target, { "Content-Type": ndjson }, first));
    for (const { statuses, text, hungUp } of asked) {
      assert.deepEqual(statuses, [426], text);
      assert.match(text, /^upgrade: HTTP\/1\.1\r$/im);
      assert.match(text, /^connection: Upgrade, close\r$/im);
      assert.match(text, /#http-too-old"/);
      assert.equal(hungUp, false);
    }
  });

  it("is given where it comes at once", async () => {
    const json = { "Content-Type": "application/json" };
    const counted = await ask("/v1/audiences", json, JSON.stringify(offers));
    const decided = await ask("/v1/decisions", json, JSON.stringify({ ...contact, subject: "customer:1" }));
    assert.deepEqual([...counted.statuses, ...decided.statuses], [200, 200], counted.text + decided.text);
  });
});
