import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { draft } from "../src/domain/change.ts";
import { checkCatalogue } from "../src/domain/catalogue-check.ts";
import { catalogueStream, entryOf, preferencesOf, type Stream } from "../src/domain/stream.ts";
import { customer, organisation, user } from "../src/domain/subject.ts";
import { loadCatalogue } from "../src/service/catalogue.ts";
import { type AskedDecision, decide } from "../src/service/decide.ts";
import { eraseSubject } from "../src/service/erase-subject.ts";
import { liftSuppression } from "../src/service/lift-suppression.ts";
import { type Moment, readingNow, readMoment } from "../src/service/moment.ts";
import { type Store, StoreUnavailable } from "../src/service/store.ts";
import { suppressAddress } from "../src/service/suppress-address.ts";
import { readSuppressionId } from "../src/service/suppression-view.ts";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import { newDatabase } from "./support/postgres.ts";

const act = { actor: "Jo", client: "crm" };
const email = "jo@example.com";
const contact: AskedDecision = { subject: "customer:1", category: "News", channel: "Email" };
const content: AskedDecision = { subject: "user:5", alertService: "Alarm" };
const alarm = { alertServices: [{ name: "Alarm", preference: "On" }], frequency: "Never", modules: [], nodes: [] };

/** A clock that goes a second on with each thing that is done. */
interface Clock {
  now: number;
}

async function nodeOn(test: TestContext, store: Store, clock: Clock) {
  test.after(() => store.close());
  const document = { version: 1, frequencies: ["Never"], channels: ["Email"], alertServices: ["Alarm"] };
  const types = [{ name: "BEMAIL", channels: ["Email"], kind: "email" }];
  const catalogue = await loadCatalogue(store, () => {
    const checked = checkCatalogue({ ...document, types, categories: ["News"] });
    assert("catalogue" in checked, JSON.stringify(checked));
    return checked.catalogue;
  });
  const deciding = { records: store, past: store, catalogue, now: () => clock.now };
  const put = async (kind: "catalogue" | "directory" | "preferences", stream: Stream, state: unknown) => {
    clock.now += 1000;
    await store.append<never>({ reads: [], step: () => ({ append: [draft(act, kind, stream, state)] }) });
    return clock.now;
  };
  return {
    store,
    catalogue,
    put,
    choose: (choice: string) => {
      const by = { createdAt: "", createdBy: "", modifiedAt: new Date(clock.now).toISOString(), modifiedBy: "" };
      const selection = {
        ...by,
        category: "News",
        channel: "Email",
        choice,
        normal: email,
        type: "BEMAIL",
        value: email,
      };
      return put("preferences", preferencesOf(customer("1")), { selections: [selection] });
    },
    async stop() {
      clock.now += 1000;
      const outcome = await suppressAddress({ store, catalogue }, { address: email, reason: "complaint" }, act);
      assert("value" in outcome);
      return outcome.value.suppression.id;
    },
    async lift(id: string) {
      clock.now += 1000;
      const name = readSuppressionId(id);
      assert(name !== undefined && "value" in (await liftSuppression(store, name, act)));
    },
    async reason(asked: AskedDecision, at?: number) {
      const time = at === undefined ? {} : { at: new Date(at).toISOString() };
      const outcome = await decide(deciding, { ...asked, ...time });
      return "value" in outcome ? outcome.value.reason : outcome.rejected.faults[0]?.problem;
    },
  };
}

/** Two ways to the same log: two nodes on PostgreSQL, twice the one process that an SQLite file has. */
const storages = [
  {
    name: "SQLite",
    nodes: async (test: TestContext, clock: Clock) => {
      const node = await nodeOn(test, await openSqliteStore({ file: ":memory:", clock: () => clock.now }), clock);
      return [node, node] as const;
    },
  },
  {
    name: "two nodes on PostgreSQL",
    nodes: async (test: TestContext, clock: Clock) => {
      const url = await newDatabase();
      const open = () => openPostgresStore({ url, clock: () => clock.now });
      return [await nodeOn(test, await open(), clock), await nodeOn(test, await open(), clock)] as const;
    },
  },
];

for (const { name, nodes } of storages) {
  describe(`decisions on ${name}`, () => {
    it("withhold as soon as any node has acknowledged a stop, and send once it was lifted (law 11)", async (test) => {
      const [one, other] = await nodes(test, { now: Date.parse("2026-03-03T14:05:00Z") });
      await one.choose("opted-in");
      for (let round = 0; round < 5; round += 1) {
        assert.equal(await other.reason(contact), "opted-in");
        const id = await one.stop();
        assert.equal(await other.reason(contact), "suppressed");
        await other.lift(id);
        assert.equal(await one.reason(contact), "opted-in");
      }
    });

    it("tell of the past what was known then: choices, suppressions, directory and catalogue", async (test) => {
      const clock = { now: Date.parse("2026-03-03T14:05:00Z") };
      const [one, other] = await nodes(test, clock);
      const chosen = await one.choose("opted-in");
      const id = await one.stop();
      const stopped = clock.now;
      await one.lift(id);
      const lifted = clock.now;
      const refused = await one.choose("opted-out");
      const categories = [{ enabled: false, essential: false, name: "News", retired: false }];
      const closed = { ...one.catalogue.change.document, categories, version: 2 };
      await one.put("catalogue", catalogueStream, closed);
      const answers = [chosen - 1, chosen, stopped - 1, stopped, lifted, refused - 1, refused].map((at) =>
        other.reason(contact, at),
      );
      assert.deepEqual(await Promise.all(answers), [
        "never-asked",
        "opted-in",
        "opted-in",
        "suppressed",
        "opted-in",
        "opted-in",
        "opted-out",
      ]);
      assert.equal(await other.reason(contact), "category-closed");
      assert.equal(await other.reason(contact, clock.now + 1000), "category-closed");
      await eraseSubject(one.store, customer("1"), act);
      assert.equal(await other.reason(contact, chosen), "never-asked");
    });

    it("follow a user to the organisation that it had, and to the e-mail address that it had", async (test) => {
      const clock = { now: Date.parse("2026-03-03T14:05:00Z") };
      const [one, other] = await nodes(test, clock);
      await one.put("preferences", preferencesOf(organisation(3)), alarm);
      const hired = await one.put("directory", entryOf(user(5)), { email, id: 5, organisation: 3 });
      await one.stop();
      const stopped = clock.now;
      const moved = await one.put("directory", entryOf(user(5)), { email: "al@example.com", id: 5, organisation: 3 });
      await one.put("directory", entryOf(user(5)), { email: "al@example.com", id: 5 });
      const answers = [hired - 1, hired, stopped, moved].map((at) => other.reason(content, at));
      assert.deepEqual(await Promise.all(answers), ["never-asked", "alert-on", "suppressed", "alert-on"]);
      assert.equal(await other.reason(content), "never-asked");
    });
  });
}

describe("reading as of one moment", () => {
  it("reads again until nothing follows that was not read with it, and gives up where that never comes", async () => {
    const store = await openSqliteStore({ file: ":memory:" });
    const entry = entryOf(user(5));
    let moves = 0;
    const moving = async (streams: readonly Stream[]) => {
      const found = await readingNow(store)(streams);
      const state = { id: 5, organisation: (moves += 1) };
      await store.append<never>({ reads: [], step: () => ({ append: [draft(act, "directory", entry, state)] }) });
      return found;
    };
    const following = (known: Moment) => {
      const id = known.change(entry)?.document.organisation;
      return id === undefined ? [] : [preferencesOf(organisation(Math.min(id, 3)))];
    };
    const moment = await readMoment(moving, [entry], following);
    assert.equal(moment.change(entry), undefined);
    assert.equal((await readMoment(moving, [entry], following)).change(entry)?.document.organisation, 4);
    assert.throws(() => moment.change(catalogueStream), /only what was read/);
    const endless = (known: Moment) => [preferencesOf(organisation(known.change(entry)?.position ?? 0))];
    await assert.rejects(readMoment(moving, [entry], endless), StoreUnavailable);
    await store.close();
  });
});
