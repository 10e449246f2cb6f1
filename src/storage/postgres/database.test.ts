import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { newDatabase } from "../../../test/support/postgres.ts";
import { TcpProxy } from "../../../test/support/tcp-proxy.ts";
import { isRead } from "./call-off.ts";
import { Database, type Statements } from "./database.ts";

function opened(test: TestContext, url: string): Database {
  const database = new Database(url);
  test.after(() => database.close());
  return database;
}

/** Resolves to how many sessions are at work on a statement, once there are none, or after a while. */
async function atWork(watcher: Statements, what: string): Promise<number> {
  const sql =
    "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 " +
    "AND datname = current_database() AND pid <> pg_backend_pid()";
  for (let left = 100; ; left -= 1) {
    const { length } = await watcher.rows(sql, [`%${what}%`]);
    if (length === 0 || left === 0) return length;
    await sleep(20);
  }
}

describe("a database on PostgreSQL", () => {
  it("is told when nobody waits for a read any more, also through something that stands between", async (test) => {
    const url = new URL(await newDatabase());
    const watcher = opened(test, url.href);
    const proxy = await TcpProxy.before(Number(url.port));
    test.after(() => proxy[Symbol.asyncDispose]());
    url.port = String(proxy.port);
    const database = opened(test, url.href);
    const eight = (sql: string, ms?: number) =>
      Promise.allSettled(Array.from({ length: 8 }, () => database.rows(sql, [], ms)));
    await eight("SELECT 1");
    const [late] = await eight("SELECT pg_sleep(60) AS called_off", 300);
    assert(late?.status === "rejected" && /query read timeout/i.test(String(late.reason)), JSON.stringify(late));
    assert.equal(await atWork(watcher, "called_off"), 0);
    assert.deepEqual(await database.rows("SELECT 1 AS one"), [{ one: 1 }]);
  });

  it("goes on with what it writes, though nobody waits for it", async (test) => {
    const url = await newDatabase();
    const database = opened(test, url);
    await database.rows("CREATE TABLE kept (value INT)");
    const slow = "INSERT INTO kept SELECT 1 FROM pg_sleep(0.8)";
    await assert.rejects(database.rows(slow, [], 300), /timeout/);
    assert.equal(await atWork(database, "INSERT INTO kept"), 0);
    assert.equal((await database.rows("SELECT value FROM kept")).length, 1);
  });

  it("takes for a read only what can write nothing", () => {
    for (const sql of ["SELECT 1", "SELECT * FROM saywhen.newest($1, $2)", "WITH RECURSIVE a AS (SELECT 1) SELECT 1"])
      assert(isRead(sql), sql);
    for (const sql of [
      "SELECT saywhen.append($1)",
      "SELECT saywhen.count_until(1), saywhen.make_room(1)",
      "SELECT *\nFROM saywhen.take_head()",
      "COMMIT",
      "SELECT 1; COMMIT",
      "WITH a AS (DELETE FROM saywhen.token RETURNING 1) SELECT 1",
      "INSERT INTO saywhen.node SELECT 1",
    ])
      assert(!isRead(sql), sql);
  });

  it("gives a statement the same name in every process, whatever came before it", async (test) => {
    const url = `${await newDatabase()}?prepare=true`;
    const names = await Promise.all(
      [[], ["SELECT $1::int + 2 AS sum"]].map(async (before) => {
        const database = opened(test, url);
        const asked = "SELECT $1::int + 1 AS sum";
        return database.transaction(async (statements) => {
          for (const sql of [...before, asked]) await statements.rows(sql, [1]);
          const sql = "SELECT name FROM pg_prepared_statements WHERE statement = $1";
          return (await statements.rows<{ name: string }>(sql, [asked]))[0]?.name;
        });
      }),
    );
    assert.match(names[0] ?? "", /^saywhen_[0-9a-f]{32}$/);
    assert.equal(names[0], names[1]);
  });
});
