import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { draft } from "../src/domain/change.ts";
import { entryOf, preferencesOf } from "../src/domain/stream.ts";
import { customer, user } from "../src/domain/subject.ts";
import { checkCatalogue } from "../src/domain/catalogue-check.ts";
import { loadCatalogue } from "../src/service/catalogue.ts";
import { eraseSubject } from "../src/service/erase-subject.ts";
import { liftSuppression } from "../src/service/lift-suppression.ts";
import { searchSuppressions } from "../src/service/read-suppressions.ts";
import type { Store } from "../src/service/store.ts";
import { suppressAddress } from "../src/service/suppress-address.ts";
import { readSuppressionId } from "../src/service/suppression-view.ts";
import type { Inspectable } from "../src/service/inspection.ts";
import { verifyLog } from "../src/service/verify-log.ts";
import { openPostgresRecords } from "../src/storage/postgres/open-records.ts";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import { newDatabase } from "./support/postgres.ts";

const act = { actor: "Jo", client: "crm" };
const email = "jo@example.com";

interface Node {
  readonly store: Store;
  /** All that the storage holds. */
  readonly records: () => Promise<Inspectable & Pick<Store, "close">>;
  readonly suppress: (address: string, reason?: string) => Promise<string>;
  readonly idsOf: (address: string) => Promise<readonly string[]>;
}

async function nodeOn(test: TestContext, store: Store, records: Node["records"]): Promise<Node> {
  test.after(() => store.close());
  const catalogue = await loadCatalogue(store, () => {
    const checked = checkCatalogue({ version: 1, channels: ["Text", "Email"], frequencies: ["Never"] });
    assert("catalogue" in checked);
    return checked.catalogue;
  });
  return {
    store,
    records,
    async suppress(address, reason = "complaint") {
      const outcome = await suppressAddress({ store, catalogue }, { address, reason }, act);
      assert("value" in outcome, JSON.stringify(outcome));
      return outcome.value.suppression.id;
    },
    async idsOf(address) {
      const outcome = await searchSuppressions(store, address);
      assert("value" in outcome);
      return outcome.value.map(({ id }) => id);
    },
  };
}

/** Two ways to the same log: two nodes on PostgreSQL, twice the one process that an SQLite file has. */
const storages = [
  {
    name: "SQLite",
    nodes: async (test: TestContext): Promise<readonly [Node, Node]> => {
      const store = await openSqliteStore({ file: ":memory:" });
      const node = await nodeOn(test, store, async () => store);
      return [node, node];
    },
  },
  {
    name: "two nodes on PostgreSQL",
    nodes: async (test: TestContext): Promise<readonly [Node, Node]> => {
      const url = await newDatabase();
      const records = () => openPostgresRecords(url);
      const one = await nodeOn(test, await openPostgresStore({ url }), records);
      return [one, await nodeOn(test, await openPostgresStore({ url }), records)];
    },
  },
];

for (const { name, nodes } of storages) {
  describe(`suppressions on ${name}`, () => {
    it("have one key of marks, however many are first, and hold wherever they are asked for (law 11)", async (test) => {
      const [one, other] = await nodes(test);
      const addresses = Array.from({ length: 20 }, (_, index) => `a${index}@example.com`);
      const ids = await Promise.all(addresses.map((address, index) => (index % 2 ? one : other).suppress(address)));
      for (const [index, address] of addresses.entries()) {
        for (const node of [one, other]) assert.deepEqual(await node.idsOf(address.toUpperCase()), [ids[index]]);
      }
      const late = await one.suppress(email);
      assert.deepEqual(await other.idsOf(email), [late]);
    });

    it("of one address are all there, though many come at once (law 12), and are lifted one by one", async (test) => {
      const [one, other] = await nodes(test);
      const reasons = ["hard-bounce", "complaint", "stop-keyword", "manual", "legal", "deactivated"];
      const ids = await Promise.all(reasons.map((reason, index) => (index % 2 ? one : other).suppress(email, reason)));
      assert.deepEqual(new Set(await one.idsOf(email)), new Set(ids));
      const [first = ""] = ids;
      const lifted = readSuppressionId(first);
      assert(lifted !== undefined);
      const outcomes = await Promise.all([one, other].map(({ store }) => liftSuppression(store, lifted, act)));
      assert.equal(outcomes.filter((outcome) => "value" in outcome).length, 1);
      assert.deepEqual(new Set(await other.idsOf(email)), new Set(ids.slice(1)));
    });

    it("outlive the erasure of whoever had the address, of which no change says anything any more", async (test) => {
      const [one, other] = await nodes(test);
      const [pat, jo] = [user(5), customer("1")];
      const document = { selections: [{ normal: email }] };
      const drafts = [
        draft(act, "preferences", preferencesOf(jo), document as never),
        draft(act, "directory", entryOf(pat), { email, id: 5 }),
      ] as const;
      await one.store.append<never>({ reads: [], step: () => ({ append: drafts }) });
      const id = await one.suppress(email);
      for (const subject of [jo, pat]) assert("value" in (await eraseSubject(one.store, subject, act)));
      assert.deepEqual(await other.idsOf(email), [id]);

      const records = await one.records();
      const texts: string[] = [];
      for await (const page of records.inspection().changes()) texts.push(...page.map(({ body }) => body));
      assert.equal(texts.length, 7);
      assert(texts.every((text) => !text.includes(email)));
      assert.deepEqual((await verifyLog(records.inspection())).findings, []);
      await records.close();
    });

    it("that are refused leave no trace, not even a key", async (test) => {
      const [{ store, suppress }] = await nodes(test);
      await assert.rejects(suppress("12"));
      assert.equal(await store.countUntil(Number.MAX_SAFE_INTEGER), 1);
    });
  });
}
