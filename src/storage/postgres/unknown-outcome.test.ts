import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { put, stored, streamOf } from "../../../test/contract/store-support.ts";
import { newDatabase } from "../../../test/support/postgres.ts";
import { append } from "./append.ts";
import { Database, type Statements } from "./database.ts";
import { digestOf } from "./digests.ts";
import { Group } from "./group.ts";
import { openPostgresStore } from "./postgres-store.ts";
import { positionOf } from "./unknown-outcome.ts";

/** A change of customer 1 that nobody can say has come through, and the database where it may be. */
async function place(test: TestContext) {
  const url = await newDatabase();
  const database = new Database(url);
  test.after(() => database.close());
  const store = await openPostgresStore({ url });
  test.after(() => store.close());
  const digest = await digestOf(database);
  const nothing = { heads: new Map(), owners: new Map(), freeIds: new Map(), positions: new Map() };
  // Later than all that comes before it here.
  const ms = Date.now() + 60_000;
  const group = new Group(nothing, new Date(ms).toISOString(), undefined);
  const write = { reads: [], step: () => ({ append: [stored("customer:1", ["lost"])] as const }) };
  group.run({ write, since: 0, resolve: () => {}, reject: (reason) => assert.ifError(reason) });
  const [member] = group.members;
  assert(member !== undefined);
  const heads = new Map([[streamOf("customer:1"), undefined]]);
  return {
    database,
    store,
    digest,
    member,
    append: (at: Statements = database) => append(at, digest, group, ms, heads),
  };
}

describe("a change whose outcome is unknown", () => {
  it("is not there when it never came", async (test) => {
    const { database, store, digest, member } = await place(test);
    assert.equal(await positionOf(database, digest, member), undefined);
    await put(store, "customer:1", "another");
    assert.equal(await positionOf(database, digest, member), undefined);
  });

  it("is found where it stands, also below what came to its subject since", async (test) => {
    const { database, store, digest, member, append } = await place(test);
    await put(store, "customer:2", "before");
    assert.deepEqual(await append(), { first: 1 });
    for (const slot of ["a", "b", "c"]) await put(store, "customer:1", slot);
    assert.equal(await positionOf(database, digest, member), 1);
  });

  it("is looked for no sooner than who still writes is through", async (test) => {
    const { database, digest, member, append } = await place(test);
    let found: Promise<number | undefined> | undefined;
    await database.transaction(async (statements) => {
      await append(statements);
      found = positionOf(database, digest, member);
      assert.equal(await Promise.race([found, delay(300, "waits")]), "waits");
    });
    assert.equal(await found, 0);
  });
});
