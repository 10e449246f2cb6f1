import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { checkCatalogue } from "../src/domain/catalogue-check.ts";
import { type Act, draft } from "../src/domain/change.ts";
import { limits } from "../src/domain/limits.ts";
import { checkQuestion } from "../src/domain/question.ts";
import { markingStream, preferencesOf } from "../src/domain/stream.ts";
import { customer, type Subject } from "../src/domain/subject.ts";
import type { Followed } from "../src/index/following.ts";
import { type IndexProgress, KeptIndex } from "../src/index/kept-index.ts";
import { applyCatalogue, type CatalogueInForce, loadCatalogue } from "../src/service/catalogue.ts";
import type { CodedPage, CodeStore } from "../src/service/code-store.ts";
import { IndexUnavailable } from "../src/service/decision-index.ts";
import { eraseSubject } from "../src/service/erase-subject.ts";
import { ensureMarkKey } from "../src/service/mark.ts";
import { recordCustomerPreferences } from "../src/service/record-customer-preferences.ts";
import { RecordDamaged, type Store, StoreUnavailable } from "../src/service/store.ts";
import { suppressAddress } from "../src/service/suppress-address.ts";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import { newDatabase } from "./support/postgres.ts";
import { temporaryFolder } from "./support/service.ts";

const act: Act = { actor: "Jo", client: "crm" };
const address = "2025550123";
const other = "2025550124";

function catalogueWith(version: number, policy: object, rest: object = {}) {
  const checked = checkCatalogue({
    version,
    channels: ["Text"],
    types: [{ name: "BPHONE", channels: ["Text"], kind: "phone" }],
    categories: [{ name: "Offers", ...policy }],
    frequencies: ["Never"],
    ...rest,
  });
  assert("catalogue" in checked);
  return checked.catalogue;
}

async function choose(store: Store, catalogue: CatalogueInForce, id: string, value = address): Promise<void> {
  const selections = [{ type: "BPHONE", value, choice: "opted-in" as const }];
  const wish = { preferences: [{ category: "Offers", channels: [{ name: "Text", selections }] }] };
  const deps = { store, catalogue, continuation: undefined, put: "merge" } as const;
  assert("value" in (await recordCustomerPreferences(deps, id, wish, act, {})));
}

/** An index of the store; it is closed with the test. */
function kept(
  test: TestContext,
  store: Followed & { close?(): Promise<void> },
  catalogue: CatalogueInForce,
  codes?: CodeStore,
) {
  const errors: unknown[] = [];
  const troubles: unknown[] = [];
  const progress: IndexProgress[] = [];
  const index = new KeptIndex({
    store,
    ...(codes && { codes }),
    catalogue,
    onError: (error) => errors.push(error),
    onTrouble: (trouble) => troubles.push(trouble),
    onProgress: (step) => progress.push(step),
  });
  test.after(async () => {
    await index.close();
    await store.close?.();
  });
  return { index, errors, progress, troubles };
}

/** The store, where something happens before the newest changes are read. */
function through(store: Followed, before: () => Promise<void> | void): Followed {
  return {
    changesFrom: (...from) => store.changesFrom(...from),
    everyNewest: () => store.everyNewest(),
    everySuppressed: () => store.everySuppressed(),
    async newest(streams) {
      await before();
      return store.newest(streams);
    },
    newestAmong: (...among) => store.newestAmong(...among),
    placesOf: (positions) => store.placesOf(positions),
    last: () => store.last(),
  };
}

/** What the index answers; undefined while it cannot. */
async function reasonFor(index: KeptIndex, subject: Subject): Promise<string | undefined> {
  try {
    const known = await index.current();
    const checked = checkQuestion({ category: "Offers", channel: "Text" }, known.words);
    assert("question" in checked);
    const asking = known.asking(checked.question, Date.now());
    return asking.answers[asking.answerTo(subject)]?.reason;
  } catch (error) {
    assert(error instanceof IndexUnavailable && error.because === "building", String(error));
    return undefined;
  }
}

async function reasonOnceBuilt(index: KeptIndex, subject: Subject): Promise<string> {
  for (;;) {
    const reason = await reasonFor(index, subject);
    if (reason !== undefined) return reason;
    await delay(5);
  }
}

describe("the index of a node", () => {
  it("cannot be asked before it is built, tells how far it is, and then answers", async (test) => {
    const store = await openSqliteStore({ file: ":memory:" });
    const catalogue = await loadCatalogue(store, () => catalogueWith(1, {}));
    for (let id = 1; id <= 3; id += 1) await choose(store, catalogue, String(id));
    const { index, progress, errors } = kept(test, store, catalogue);
    assert.equal(index.isReady, false);
    assert.equal(await reasonFor(index, customer("1")), undefined);
    assert.equal(await reasonOnceBuilt(index, customer("1")), "opted-in");
    assert.equal(index.isReady, true);
    assert.equal(index.figures.subjects, 3);
    assert.deepEqual(
      progress.map(({ subjects, isBuilt }) => ({ subjects, isBuilt })),
      [{ subjects: 3, isBuilt: true }],
    );
    assert.deepEqual(errors, []);
  });

  it("is built anew, and answers nothing wrong meanwhile, when the catalogue needs what was not kept", async (test) => {
    const store = await openSqliteStore({ file: ":memory:" });
    const catalogue = await loadCatalogue(store, () => catalogueWith(1, {}));
    await choose(store, catalogue, "1");
    const { index } = kept(test, store, catalogue);
    assert.equal(await reasonOnceBuilt(index, customer("1")), "opted-in");
    assert("value" in (await applyCatalogue(store, catalogue, catalogueWith(2, { expiresAfter: "P1D" }), act)));
    assert.equal(await reasonFor(index, customer("1")), undefined);
    assert.equal(index.isReady, true, "what does not need it is answered all the same");
    assert.equal(await reasonOnceBuilt(index, customer("1")), "opted-in");
  });

  it("is built anew when the first address is stopped in a log that had no marks", async (test) => {
    const store = await openSqliteStore({ file: ":memory:" });
    const catalogue = await loadCatalogue(store, () => catalogueWith(1, {}));
    await choose(store, catalogue, "1");
    assert.deepEqual(await store.newest([markingStream]), [undefined]);
    const { index } = kept(test, store, catalogue);
    assert.equal(await reasonOnceBuilt(index, customer("1")), "opted-in");
    assert("value" in (await suppressAddress({ store, catalogue }, { address, reason: "legal" }, act)));
    assert.equal(await reasonFor(index, customer("1")), undefined);
    assert.equal(await reasonOnceBuilt(index, customer("1")), "suppressed");
  });

  it("loses no stop when the storage fails in the middle of looking again at who has the address", async (test) => {
    const store = await openSqliteStore({ file: ":memory:" });
    const catalogue = await loadCatalogue(store, () => catalogueWith(1, {}));
    await ensureMarkKey(store);
    for (let id = 1; id <= 300; id += 1) await choose(store, catalogue, String(id));
    let failures = 0;
    const failing = through(store, () => {
      if (failures === 0) return;
      failures -= 1;
      throw new StoreUnavailable("the connection broke");
    });
    const { index } = kept(test, failing, catalogue);
    test.after(() => store.close());
    assert.equal(await reasonOnceBuilt(index, customer("1")), "opted-in");
    failures = 2;
    assert("value" in (await suppressAddress({ store, catalogue }, { address, reason: "legal" }, act)));
    while (failures > 0) await assert.rejects(index.current(), StoreUnavailable);
    for (const id of ["1", "150", "300"]) assert.equal(await reasonFor(index, customer(id)), "suppressed");
  });

  it("never answers from before a stop, though whoever was stopped is erased while it is looked up", async (test) => {
    const store = await openSqliteStore({ file: ":memory:" });
    const catalogue = await loadCatalogue(store, () => catalogueWith(1, {}));
    await ensureMarkKey(store);
    await choose(store, catalogue, "1");
    let isErasing = false;
    const erasing = through(store, async () => {
      if (isErasing) await eraseSubject(store, customer("1"), act);
      isErasing = false;
    });
    const { index } = kept(test, erasing, catalogue);
    test.after(() => store.close());
    assert.equal(await reasonOnceBuilt(index, customer("1")), "opted-in");
    isErasing = true;
    assert("value" in (await suppressAddress({ store, catalogue }, { address, reason: "legal" }, act)));
    assert.equal(await reasonFor(index, customer("1")), "never-asked");
    assert.equal(isErasing, false);
  });

  it("says that a record is damaged, and keeps nobody from asking elsewhere", async (test) => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    const before = await openSqliteStore({ file });
    await choose(before, await loadCatalogue(before, () => catalogueWith(1, {})), "1");
    await before.close();
    const db = new DatabaseSync(file);
    db.exec("UPDATE change SET body = replace(body, 'opted-in', 'opted-ix') WHERE kind = 'preferences'");
    db.close();
    const store = await openSqliteStore({ file });
    const { index, errors } = kept(test, store, await loadCatalogue(store, () => assert.fail("it is recorded")));
    while (!index.isReady) await delay(5);
    await assert.rejects(index.current(), RecordDamaged);
    assert(errors.length === 1 && errors[0] instanceof RecordDamaged);
    await index.close();
    await store.close();
  });

  it("is built anew when the database was set back, though it has gone on since", async (test) => {
    const url = await newDatabase();
    const store = await openPostgresStore({ url });
    const catalogue = await loadCatalogue(store, () => catalogueWith(1, {}));
    await choose(store, catalogue, "1");
    const { index } = kept(test, store, catalogue);
    assert.equal(await reasonOnceBuilt(index, customer("1")), "opted-in");
    const db = new Client({ connectionString: url });
    await db.connect();
    await db.query("DELETE FROM saywhen.stream WHERE head = 1");
    await db.query("DELETE FROM saywhen.change WHERE position = 1");
    await db.end();
    const other = draft(act, "preferences", preferencesOf(customer("2")), { selections: [] });
    await store.append({ reads: [], step: () => ({ append: [other] }) });
    assert.equal(await reasonOnceBuilt(index, customer("1")), "never-asked");
  });
});

const storages: readonly { readonly name: string; readonly open: () => Promise<Store & CodeStore> }[] = [
  { name: "SQLite", open: () => openSqliteStore({ file: ":memory:" }) },
  { name: "PostgreSQL", open: async () => openPostgresStore({ url: await newDatabase() }) },
];

for (const { name, open } of storages) {
  describe(`codes for the index on ${name}`, () => {
    /** A log with some customers, of whom one address is stopped, and an index that has kept their codes. */
    async function begun(test: TestContext) {
      const store = await open();
      test.after(() => store.close());
      const catalogue = await loadCatalogue(store, () => catalogueWith(1, {}));
      await ensureMarkKey(store);
      for (let id = 1; id <= 30; id += 1) await choose(store, catalogue, String(id));
      assert("value" in (await suppressAddress({ store, catalogue }, { address: other, reason: "legal" }, act)));
      await choose(store, catalogue, "31", other);
      await keepCodes(store, catalogue);
      return { store, catalogue };
    }

    /** What an index answers that is made of these; it is closed then. */
    async function answered(
      test: TestContext,
      store: Followed,
      catalogue: CatalogueInForce,
      codes: CodeStore,
      ids = ["1", "30", "31", "32"],
    ) {
      const { index, errors, troubles } = kept(test, store, catalogue, codes);
      const reasons = [];
      for (const id of ids) reasons.push(await reasonOnceBuilt(index, customer(id)));
      await index.close();
      assert.deepEqual(errors, []);
      return { reasons, troubles };
    }

    const right = ["opted-in", "opted-in", "suppressed", "never-asked"];

    it("are all that the next one is built of", async (test) => {
      const { store, catalogue } = await begun(test);
      const { reasons, troubles } = await answered(test, withoutNewest(through(store, () => {})), catalogue, store);
      assert.deepEqual([reasons, troubles], [right, []]);
    });

    it("are made of what came once the index was built, in the end", async (test) => {
      const { store, catalogue } = await begun(test);
      // Of this one a code is made while the index is built, and waits to be saved with the others.
      await choose(store, catalogue, "33");
      const { index, errors, troubles } = kept(test, store, catalogue, store);
      await reasonOnceBuilt(index, customer("1"));
      await choose(store, catalogue, "32");
      assert.equal(await reasonFor(index, customer("32")), "opted-in");
      for (const id of ["1", "32"]) await choose(store, catalogue, id, other);
      await eraseSubject(store, customer("30"), act);
      assert.equal(await reasonFor(index, customer("32")), "suppressed");
      assert.equal((await uncoded(store)).length, 4, "none is saved yet of those three, and of the erasure");
      await index.close();
      assert.deepEqual([errors, troubles, await uncoded(store)], [[], [], []]);
    });

    it("are made while the index is kept, of many changes, once there is time", async (test) => {
      const { store, catalogue } = await begun(test);
      const { index, errors, troubles } = kept(test, store, catalogue, store);
      await reasonOnceBuilt(index, customer("1"));
      const ids = Array.from({ length: limits.codesAtOnce + 50 }, (_, number) => String(1000 + number));
      await Promise.all(ids.map((id) => choose(store, catalogue, id)));
      while ((await uncoded(store)).length > 50) await delay(limits.indexFollowMs);
      assert.deepEqual([errors, troubles], [[], []]);
    });

    it("do not hide what was recorded since, nor what was erased", async (test) => {
      const { store, catalogue } = await begun(test);
      await choose(store, catalogue, "32");
      await choose(store, catalogue, "30", other);
      await eraseSubject(store, customer("1"), act);
      const { reasons } = await answered(test, withoutNewest(through(store, () => {})), catalogue, store);
      assert.deepEqual(reasons, ["never-asked", "suppressed", "suppressed", "opted-in"]);
    });

    it("are not used for a catalogue that needs what they do not say", async (test) => {
      const { store, catalogue } = await begun(test);
      const zones = { timeZones: { US: ["America/New_York"] } };
      // Some twelve hours from now in New York: it is not quiet while this is asked.
      const hour = String((new Date().getUTCHours() + 7) % 24).padStart(2, "0");
      const quiet = catalogueWith(2, { quietHours: `${hour}:00-${hour}:01` }, zones);
      assert("value" in (await applyCatalogue(store, catalogue, quiet, act)));
      const { reasons } = await answered(test, store, catalogue, {
        ...savedIn(store),
        everyCoded: () => assert.fail(),
      });
      assert.deepEqual(reasons, right);
    });

    it("are passed by where one lost a bit, or they cannot be read, and that is told", async (test) => {
      const { store, catalogue } = await begun(test);
      const ways = [() => flipped(store.everyCoded()), broken];
      for (const everyCoded of ways) {
        const { reasons, troubles } = await answered(test, store, catalogue, { ...savedIn(store), everyCoded });
        assert.deepEqual([reasons, troubles.length], [right, 1]);
      }
    });

    it("leave a change to be read in which something is named that the catalogue never had", async (test) => {
      const { store, catalogue } = await begun(test);
      const at = "2026-03-03T14:05:00.000Z";
      const chosen = { choice: "opted-in", createdAt: at, createdBy: "Jo", modifiedAt: at, modifiedBy: "Jo" } as const;
      const names = { category: "Offers", channel: "Text", normal: "+12025550123", type: "BPHONE", value: address };
      const selections = [
        { ...chosen, ...names },
        { ...chosen, ...names, category: "Unheard of" },
      ];
      const odd = draft(act, "preferences", preferencesOf(customer("32")), { selections });
      await store.append({ reads: [], step: () => ({ append: [odd] }) });
      await keepCodes(store, catalogue);
      const read = through(store, () => {});
      const { reasons, troubles } = await answered(test, withoutNewest(read), catalogue, store);
      assert.deepEqual([reasons, troubles], [[...right.slice(0, 3), "opted-in"], []]);
    });

    it("may be lost: what could not be saved is told, and nothing else comes of it", async (test) => {
      const store = await open();
      test.after(() => store.close());
      const catalogue = await loadCatalogue(store, () => catalogueWith(1, {}));
      await ensureMarkKey(store);
      await choose(store, catalogue, "1");
      const full: CodeStore = {
        everyCoded: () => store.everyCoded(),
        saveCodes: () => Promise.reject(new StoreUnavailable("the disk is full")),
      };
      const { reasons, troubles } = await answered(test, store, catalogue, full, ["1", "2"]);
      assert.deepEqual(reasons, ["opted-in", "never-asked"]);
      assert.equal(troubles.length, 1);
    });
  });
}

/** Builds an index, which keeps the codes of what it has read. */
async function keepCodes(store: Store & CodeStore, catalogue: CatalogueInForce): Promise<void> {
  const index = new KeptIndex({ store, codes: store, catalogue, onError: (error) => assert.fail(String(error)) });
  await reasonOnceBuilt(index, customer("1"));
  await index.close();
}

/** The streams of whose newest change no code is kept. */
async function uncoded(store: CodeStore): Promise<string[]> {
  const streams: string[] = [];
  for await (const { changes } of store.everyCoded()) streams.push(...changes.map(({ change }) => change.stream));
  return streams;
}

/** What may not be read all over again. */
function withoutNewest(store: Followed): Followed {
  return { ...store, everyNewest: () => assert.fail("every newest change is read") };
}

function savedIn(store: CodeStore): CodeStore {
  return { everyCoded: () => store.everyCoded(), saveCodes: (codes) => store.saveCodes(codes) };
}

/** Nothing but an error, as when the table is damaged. */
async function* broken(): AsyncGenerator<CodedPage> {
  yield { codes: new Uint8Array(0), changes: [] };
  throw new StoreUnavailable("the table is damaged");
}

/** Every page with one bit turned over. */
async function* flipped(pages: AsyncIterable<CodedPage>): AsyncGenerator<CodedPage> {
  for await (const { codes, changes } of pages) {
    const damaged = Uint8Array.from(codes);
    damaged[damaged.length - 30] = (damaged[damaged.length - 30] ?? 0) ^ 1;
    yield { codes: damaged, changes };
  }
}
