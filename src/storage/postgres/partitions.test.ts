import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { put, streamOf } from "../../../test/contract/store-support.ts";
import { newDatabase } from "../../../test/support/postgres.ts";
import { Database } from "./database.ts";
import { openPostgresStore, type PostgresStore } from "./postgres-store.ts";

/** Positions of one partition here, so that a test fills several. */
const each = 100;

interface Place {
  readonly database: Database;
  readonly open: () => Promise<PostgresStore>;
}

/** A database with small partitions, made when they are needed and no sooner. */
async function place(test: TestContext): Promise<Place> {
  const url = await newDatabase();
  const database = new Database(url);
  test.after(() => database.close());
  const [made] = await database.rows<{ sql: string }>("SELECT pg_get_functiondef('saywhen.make_room'::regproc) AS sql");
  const sql = (made?.sql ?? "")
    .replace("50000000", String(each))
    .replace("0..last /", `0..(SELECT coalesce(max(position), 0) + ${each * 2} FROM saywhen.change) /`);
  assert(sql.includes(`BIGINT := ${each};`) && sql.includes("SELECT coalesce"));
  await database.rows("DROP TABLE saywhen.change_0");
  await database.rows(sql);
  const open = async () => {
    const store = await openPostgresStore({ url });
    test.after(() => store.close());
    return store;
  };
  return { database, open };
}

async function partitions(database: Database): Promise<number> {
  const rows = await database.rows("SELECT 1 FROM pg_inherits WHERE inhparent = 'saywhen.change'::regclass");
  return rows.length;
}

describe("partitions of the changes", () => {
  it("are made as they are needed, with no write lost or refused, and are read as one log", async (test) => {
    const { database, open } = await place(test);
    const store = await open();
    const size = each * 6 + 10;
    const answers: Promise<unknown>[] = [];
    // Groups of a size that meets no border.
    for (let index = 0; index < size; index += 1) {
      answers.push(put(store, `customer:${index % 10}`, `slot ${index}`));
      if (index % 37 === 36) await Promise.all(answers.splice(0));
    }
    await Promise.all(answers);
    assert.equal(await store.size(), size);
    assert((await partitions(database)) >= 7);
    assert.equal((await store.entries(0, size)).length, size);
    const history = (await store.history(streamOf("customer:3"), 1000)) ?? [];
    assert.deepEqual(
      history.map(({ position }) => position),
      (await store.positions(streamOf("customer:3"))).toReversed(),
    );
    assert.equal(history.length, size / 10);
    const [then] = await store.newestAmong(each - 5, [streamOf("customer:3")]);
    assert.equal(then?.document.slots.length, Math.ceil((each - 5 - 3) / 10));
    assert.equal(await store.countUntil(Date.now() + 1000), size);
  });

  it("are made by one of several nodes that need them at the same time, and used by all", async (test) => {
    const { database, open } = await place(test);
    const stores = [await open(), await open(), await open()];
    const work = stores.map(async (store, node) => {
      for (let round = 0; round < 15; round += 1)
        await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            put(store, `customer:${(index + node * 7) % 30}`, `${node}.${round}`),
          ),
        );
    });
    await Promise.all(work);
    const size = 3 * 15 * 20;
    const [store] = stores as [PostgresStore];
    assert.equal(await store.size(), size);
    assert.equal((await store.entries(0, size)).length, size);
    assert((await partitions(database)) >= size / each);
  });

  it("are made beside a long read of all changes", async (test) => {
    const { database, open } = await place(test);
    const store = await open();
    await put(store, "customer:1", "a");
    const reader = await database.session();
    await reader.rows("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await reader.rows("SELECT count(*) FROM saywhen.change");
    for (let round = 0; round < 8; round += 1)
      await Promise.all(Array.from({ length: each / 2 }, (_, index) => put(store, `customer:${index}`, "a")));
    assert.equal(await store.size(), each * 4 + 1);
    assert((await partitions(database)) > 4);
    const [seen] = await reader.rows<{ count: number }>("SELECT count(*) FROM saywhen.change");
    assert.equal(seen?.count, 1);
    reader.drop();
  });
});
