import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { overSocket, type ReceivedAnswer, type Transport } from "./support/exchange.ts";
import { newDatabase } from "./support/postgres.ts";
import { type RunningService, startListening, temporaryFolder } from "./support/service.ts";
import { credentials } from "./support/target.ts";

const catalogue = `
version: 1
channels: [Text, Email]
types:
  - { name: BPHONE, channels: [Text], kind: phone }
  - { name: BEMAIL, channels: [Email], kind: email }
  - { name: SEMAIL, channels: [Email], kind: email }
categories:
  - { name: News, expiresAfter: P1Y }
  - { name: Offers, quietHours: "21:00-08:00" }
  - { name: Recalls, essential: true }
frequencies: [Daily, Weekly, Never]
nodes:
  - { name: Countries, labels: [Algeria, Benin] }
modules: [Events, Publications]
alertServices: [Alarm]
timeZones: { US: [America/New_York, America/Los_Angeles], IE: [Europe/Dublin] }
`;

type Question = Readonly<Record<string, unknown>>;

/** Tomorrow at an hour, so that it is to come however long the tests take. */
function tomorrow(hour: number, daysMore = 0): string {
  const midnight = new Date().setUTCHours(24, 0, 0, 0);
  return new Date(midnight + (daysMore * 24 + hour) * 3_600_000).toISOString();
}

/** Both sides of quiet hours and of expiry, and every kind of question. */
const questions: readonly Question[] = [
  { category: "News", channel: "Text" },
  { category: "News", channel: "Email" },
  { category: "News", channel: "Email", at: tomorrow(0, 300) },
  { category: "News", channel: "Email", at: tomorrow(0, 400) },
  { category: "Offers", channel: "Text", at: tomorrow(3) },
  { category: "Offers", channel: "Text", at: tomorrow(15) },
  { category: "Offers", channel: "Text", at: tomorrow(17) },
  { category: "Offers", channel: "Email", timeZone: "Asia/Tokyo", at: tomorrow(3) },
  { category: "Offers", channel: "Email", timeZone: "Asia/Tokyo", at: tomorrow(17) },
  { category: "Recalls", channel: "Text" },
  { category: "Recalls", channel: "Email" },
  { module: "Publications", metadata: { Countries: ["Algeria"] } },
  { module: "Publications", metadata: { Countries: ["Benin"] } },
  { module: "Events", metadata: { Countries: ["Algeria", "Benin"] } },
  { module: "Events", metadata: {} },
  { alertService: "Alarm" },
];

const ndjson = { Accept: "application/x-ndjson" };

/** One or more ways to the same log, asked in turn. */
interface Ways {
  readonly send: Transport;
}

function post(send: Transport, target: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const all = credentials({ "Content-Type": "application/json", ...headers });
  return send({ method: "POST", target, headers: all, body: JSON.stringify(body) });
}

interface Line {
  readonly subject: string;
  readonly frequency?: string;
  readonly addresses?: readonly unknown[];
}

function linesOf({ status, body }: ReceivedAnswer): readonly Line[] {
  assert.equal(status, 200, body);
  assert.ok(body === "" || body.endsWith("\n"));
  const lines = body.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

async function streamed({ send }: Ways, question: Question): Promise<readonly Line[]> {
  return linesOf(await post(send, "/v1/audiences", question, ndjson));
}

async function counted({ send }: Ways, question: Question): Promise<unknown> {
  const { status, body } = await post(send, "/v1/audiences", question);
  assert.equal(status, 200, body);
  return JSON.parse(body);
}

/** What the decisions say, one by one, of subjects in the order in which they came. */
async function decided({ send }: Ways, question: Question, subjects: Iterable<string>): Promise<readonly Line[]> {
  const isContact = "category" in question;
  const asked = [...subjects].filter((subject) => subject.startsWith("customer:") === isContact);
  const answers = await Promise.all(
    asked.map(async (subject) => {
      const { status, body } = await post(send, "/v1/decisions", { ...question, subject });
      assert.equal(status, 200, body);
      return JSON.parse(body) as Line & { readonly verdict: string };
    }),
  );
  return answers.filter(({ verdict }) => verdict === "send");
}

function bare({ subject, frequency }: Line): Line {
  return { subject, ...(frequency !== undefined && { frequency }) };
}

type Act = (ways: Ways, came: Set<string>) => Promise<void>;

async function put(ways: Ways, target: string, body: unknown): Promise<void> {
  const headers = credentials({ "Content-Type": "application/json" });
  const answer = await ways.send({ method: "PUT", target, headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200, answer.body);
}

/** Adds an entry to the directory, or replaces it. */
async function enter(ways: Ways, kind: "organisation" | "user", id: number, entry: object): Promise<void> {
  const { status } = await post(ways.send, `/api/2/${kind}s`, { [kind]: { id, ...entry } });
  if (status !== 200) await put(ways, `/api/2/${kind}s/${id}`, { [kind]: entry });
}

const phones = ["+12125550100", "+353861234567", "+353861234568"];
const emails = ["ann@example.com", "bob@example.com", "cem@example.com"];

const choosing = fc
  .record({
    id: fc.integer({ min: 1, max: 6 }),
    category: fc.constantFrom("News", "Offers", "Recalls"),
    place: fc.constantFrom(
      ["Text", "BPHONE", phones] as const,
      ["Email", "BEMAIL", emails] as const,
      ["Email", "SEMAIL", emails] as const,
    ),
    value: fc.nat(2),
    choice: fc.constantFrom("Y", "Y", "N"),
  })
  .map(({ id, category, place: [channel, type, values], value, choice }): Act => {
    const selections = [{ value: values[value], type, is_opt_in: choice }];
    return async (ways, came) => {
      const body = { preferences: [{ category, channels: [{ name: channel, selections }] }] };
      await put(ways, `/v1/customers/${id}/communication-preferences`, body);
      came.add(`customer:${id}`);
    };
  });

const labels = fc.subarray(["Algeria", "Benin"]);
const nodesOf = (chosen: readonly string[]) => (chosen.length === 0 ? [] : [{ node: "Countries", metadata: chosen }]);
const modules = fc.record({
  preference: fc.constantFrom("Include", "Off", "Custom"),
  frequency: fc.constantFrom("Daily", "Weekly", "Never"),
  chosen: labels,
});
const preferring = fc
  .record({
    whose: fc.constantFrom("organisations", "users"),
    id: fc.integer({ min: 1, max: 4 }),
    frequency: fc.constantFrom("Daily", "Weekly", "Never"),
    chosen: labels,
    publications: modules,
    events: fc.option(modules),
    alarm: fc.constantFrom("On", "Off"),
  })
  .map(({ whose, id, frequency, chosen, publications, events, alarm }): Act => {
    const named = [
      { name: "Publications", ...publications },
      ...(events === null ? [] : [{ name: "Events", ...events }]),
    ];
    const sent = named.map(({ name, preference, frequency: own, chosen: its }) =>
      preference === "Custom"
        ? { name, preference, frequency: own, metadatanodes: nodesOf(its) }
        : { name, preference },
    );
    const alertservices = [{ name: "Alarm", preference: alarm }];
    const emailpreferences = { frequency, metadatanodes: nodesOf(chosen), modules: sent, alertservices };
    return async (ways, came) => {
      await put(ways, `/api/2/${whose}/${id}/emailpreferences`, { emailpreferences });
      came.add(`${whose.slice(0, -1)}:${id}`);
    };
  });

const hiring = fc
  .record({ id: fc.integer({ min: 1, max: 4 }), employer: fc.option(fc.integer({ min: 1, max: 4 })) })
  .map(({ id, employer }): Act => {
    const organisation = employer === null ? {} : { organisation: { orgid: employer } };
    return async (ways, came) => {
      // An employer that nobody knows comes with the user; here it comes before, so that the order is known.
      if (employer !== null) {
        await enter(ways, "organisation", employer, { name: "Anybody" });
        came.add(`organisation:${employer}`);
      }
      await enter(ways, "user", id, { email: `u${id}@example.com`, ...organisation });
      came.add(`user:${id}`);
    };
  });

const stopping = fc.constantFrom(...phones, ...emails, "u1@example.com").map(
  (address): Act =>
    async (ways) => {
      const channel = address.startsWith("+") ? "Text" : "Email";
      const { body } = await post(ways.send, "/v1/suppressions", { address, channel, reason: "complaint" });
      assert.match(body, /"id"/);
    },
);
const lifting = fc.constantFrom(...phones, ...emails, "u1@example.com").map(
  (address): Act =>
    async ({ send }) => {
      const { body } = await post(send, "/v1/suppressions/search", { address });
      const { suppressions } = JSON.parse(body) as { readonly suppressions: readonly { readonly id: string }[] };
      for (const { id } of suppressions) {
        const headers = credentials();
        assert.equal((await send({ method: "DELETE", target: `/v1/suppressions/${id}`, headers })).status, 204);
      }
    },
);

const acts = fc.array(fc.oneof({ weight: 3, arbitrary: choosing }, preferring, hiring, stopping, lifting), {
  minLength: 1,
  maxLength: 12,
});

const storages = [
  { name: "SQLite", nodes: 1, database: async () => ({}) },
  { name: "two nodes on PostgreSQL", nodes: 2, database: async () => ({ database: await newDatabase() }) },
];

for (const { name, nodes, database } of storages) {
  describe(`audiences on ${name}`, () => {
    const folder = temporaryFolder();
    const agent = new Agent({ keepAlive: true });
    const running: RunningService[] = [];
    let ways: Ways;
    before(async () => {
      const file = join(folder.path, "catalogue.yaml");
      writeFileSync(file, catalogue);
      const key = join(folder.path, "key");
      const options = { ...(await database()), key, env: { SAYWHEN_CATALOGUE: file } };
      for (let node = 0; node < nodes; node += 1) running.push(await startListening(options));
      const sends = running.map(({ url }) => overSocket(url, agent));
      let turn = 0;
      ways = { send: (request) => (sends[(turn += 1) % sends.length] as Transport)(request) };
    });
    after(async () => {
      agent.destroy();
      for (const node of running) await node[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    it("are exactly those for whom the decision is to send, in the order in which they came (law 4)", async () => {
      const came = new Set<string>();
      const property = fc.asyncProperty(acts, async (sequence) => {
        for (const act of sequence) await act(ways, came);
        for (const question of questions) await assertSound(ways, question, came);
      });
      await fc.assert(property, { numRuns: 8, endOnFailure: true });
    });

    it("tell of a time to come what holds then: consent that has expired, and whose night it is", async () => {
      const id = "00000000000000000077";
      const choose = async (category: string, value: string) => {
        const selections = [{ value, type: "BPHONE", is_opt_in: "Y" }];
        const preferences = [{ category, channels: [{ name: "Text", selections }] }];
        await put(ways, `/v1/customers/${id}/communication-preferences`, { preferences });
      };
      await choose("News", "+353861234599");
      await choose("Offers", "+353861234599");
      const isThere = async (category: string, at: string) => {
        const lines = await streamed(ways, { category, channel: "Text", at, addresses: true });
        return lines.some(({ subject }) => subject === `customer:${id}`);
      };
      assert.deepEqual(await Promise.all([300, 400].map((days) => isThere("News", tomorrow(0, days)))), [true, false]);
      // In Dublin it is at most an hour later.
      const hours = [3, 6, 8, 15, 19, 21].map((hour) => isThere("Offers", tomorrow(hour)));
      assert.deepEqual(await Promise.all(hours), [false, false, true, true, true, false]);
    });
  });
}

async function assertSound(ways: Ways, question: Question, came: ReadonlySet<string>): Promise<void> {
  const told = JSON.stringify(question);
  const expected = await decided(ways, question, came);
  const all = await streamed(ways, question);
  assert.deepEqual(all, expected.map(bare), told);
  assert.deepEqual(await counted(ways, question), countOf(question, expected), told);
  if ("category" in question) {
    const addressed = await streamed(ways, { ...question, addresses: true });
    assert.deepEqual(
      addressed,
      expected.map(({ subject, addresses = [] }) => ({ subject, addresses })),
      told,
    );
  }
  for (const kind of "category" in question ? ["customer"] : ["organisation", "user"]) {
    const narrowed = expected.filter(({ subject }) => subject.startsWith(kind));
    assert.deepEqual(await streamed(ways, { ...question, kind }), narrowed.map(bare), told);
    assert.deepEqual(await counted(ways, { ...question, kind }), countOf(question, narrowed), told);
  }
  const order = [...came].filter((subject) => subject.startsWith("customer:") === "category" in question);
  const subject = order[Math.floor(order.length / 2)];
  if (subject === undefined) return;
  const behind = expected.filter((line) => order.indexOf(line.subject) > order.indexOf(subject));
  assert.deepEqual(await streamed(ways, { ...question, after: subject }), behind.map(bare), `${told} after ${subject}`);
  assert.deepEqual(await counted(ways, { ...question, after: subject }), countOf(question, behind), told);
}

function countOf(question: Question, lines: readonly Line[]): unknown {
  if (!("module" in question)) return { count: lines.length };
  const counts = ["Daily", "Weekly"].map((frequency): [string, number] => [
    frequency,
    lines.filter((line) => line.frequency === frequency).length,
  ]);
  return { count: lines.length, frequencies: Object.fromEntries(counts.filter(([, found]) => found > 0)) };
}
