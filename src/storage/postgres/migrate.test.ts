import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { put, streamOf } from "../../../test/contract/store-support.ts";
import { emptyDatabase, newDatabase } from "../../../test/support/postgres.ts";
import { StoreUnavailable } from "../../service/store.ts";
import { SchemaMismatch } from "../migrations.ts";
import { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { openPostgresStore } from "./postgres-store.ts";

const now = "2026-03-03T14:05:00.000Z";
const own = new URL("./migrations/", import.meta.url);
const temporary = mkdtempSync(join(tmpdir(), "saywhen-"));
after(() => rmSync(temporary, { recursive: true }));

let folders = 0;
/** Our migrations, and more of a version to come. */
function migrationsWith(more: Readonly<Record<string, string>>): URL {
  folders += 1;
  const folder = join(temporary, String(folders));
  cpSync(own, folder, { recursive: true });
  for (const [name, sql] of Object.entries(more)) writeFileSync(join(folder, name), sql);
  return pathToFileURL(`${folder}/`);
}

function databaseAt(test: TestContext, url: string): Database {
  const database = new Database(url);
  test.after(() => database.close());
  return database;
}

async function appliedTo(database: Database): Promise<string[]> {
  const rows = await database.rows<{ name: string }>("SELECT name FROM saywhen.migration ORDER BY number");
  return rows.map(({ name }) => name);
}

const ours = ["0001-log", "0002-functions", "0003-suppressions", "0004-codes"];
const addition = { "0900-more.sql": "ALTER TABLE saywhen.change ADD COLUMN note TEXT" };

describe("migrations of a PostgreSQL database", () => {
  it("are applied once, whoever opens the empty database at the same time", async (test) => {
    const url = await emptyDatabase();
    const stores = await Promise.all(Array.from({ length: 10 }, () => openPostgresStore({ url })));
    await Promise.all(stores.map((store, index) => put(store, "customer:1", String(index))));
    const [newest] = await (stores[0] as (typeof stores)[0]).newest([streamOf("customer:1")]);
    for (const store of stores) await store.close();
    assert.equal(newest?.document.slots.length, 10);
    const database = databaseAt(test, url);
    assert.deepEqual(await appliedTo(database), ours);
    const keys = await database.rows("SELECT key FROM saywhen.digest_key");
    assert.equal(keys.length, 1);
  });

  it("are applied while nodes of the version before serve, which go on", async (test) => {
    const url = await newDatabase();
    const old = await openPostgresStore({ url });
    test.after(() => old.close());
    // Its statements were prepared before, and have to fit the table as it is then.
    const prepared = await openPostgresStore({ url: `${url}?prepare=true` });
    test.after(() => prepared.close());
    for (let round = 0; round < 3; round += 1) await put(prepared, "customer:1", "a");
    const database = databaseAt(test, url);
    let isMigrated = false;
    const migrated = migrate(database, now, migrationsWith(addition)).finally(() => (isMigrated = true));
    let puts = 3;
    while (!isMigrated || puts < 50) {
      await put(puts % 2 === 0 ? old : prepared, `customer:${puts % 7}`, "a");
      puts += 1;
    }
    assert.deepEqual(await migrated, ["0900-more"]);
    assert.equal(await old.size(), puts);
    assert.equal(
      (await prepared.history(streamOf("customer:1"), 1000))?.length,
      (await old.positions(streamOf("customer:1"))).length,
    );
    assert.deepEqual(await migrate(database, now, migrationsWith(addition)), []);
  });

  it("of a newer version are served where they only add, and refused with words where they break", async (test) => {
    const url = await newDatabase();
    const database = databaseAt(test, url);
    await migrate(database, now, migrationsWith(addition));
    const store = await openPostgresStore({ url });
    await put(store, "customer:1", "a");
    await store.close();
    await migrate(database, now, migrationsWith({ "0901-other.sql": "-- breaking\nDROP TABLE saywhen.tile" }));
    await assert.rejects(openPostgresStore({ url }), (error) => {
      return error instanceof SchemaMismatch && /newer version \(0901-other\)/.test(error.message);
    });
  });

  it("leave nothing where they fail, keep those before, and say which it was", async (test) => {
    const database = databaseAt(test, await emptyDatabase());
    const more = { ...addition, "0901-wrong.sql": "CREATE TABLE saywhen.half (x INT); SELECT 1 / 0" };
    await assert.rejects(migrate(database, now, migrationsWith(more)), (error) => {
      return error instanceof StoreUnavailable && /0901-wrong: division by zero/.test(error.message);
    });
    assert.deepEqual(await appliedTo(database), [...ours, "0900-more"]);
    const half = await database.rows("SELECT 1 FROM pg_class WHERE relname = 'half'");
    assert.equal(half.length, 0);
    assert.deepEqual(await migrate(database, now, migrationsWith(addition)), []);
  });

  it("are run again by the next one where their process is killed", async (test) => {
    const url = await emptyDatabase();
    const slow = migrationsWith({ "0900-more.sql": `${addition["0900-more.sql"]}; SELECT pg_sleep(1)` });
    const script = `
      const { Database } = await import(${JSON.stringify(new URL("./database.ts", import.meta.url).href)});
      const { migrate } = await import(${JSON.stringify(new URL("./migrate.ts", import.meta.url).href)});
      await migrate(new Database(process.argv[1]), "", new URL(process.argv[2]));`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, url, slow.href], { stdio: "ignore" });
    const exited = once(child, "exit");
    const database = databaseAt(test, url);
    await untilSleeping(database);
    child.kill("SIGKILL");
    await exited;
    assert.deepEqual(await migrate(database, now, slow), ["0900-more"]);
    assert.deepEqual(await appliedTo(database), [...ours, "0900-more"]);
  });

  it("are run again where the database ended their connection", async (test) => {
    const url = await newDatabase();
    const database = databaseAt(test, url);
    const slow = migrationsWith({ "0900-more.sql": `${addition["0900-more.sql"]}; SELECT pg_sleep(1)` });
    const failed = assert.rejects(migrate(databaseAt(test, url), now, slow), StoreUnavailable);
    await untilSleeping(database);
    await database.rows(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " +
        "WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()",
    );
    await failed;
    assert.deepEqual(await migrate(database, now, slow), ["0900-more"]);
  });

  it("give up soon where somebody's long transaction is in the way, so that nobody waits behind them", async (test) => {
    const url = await newDatabase();
    const store = await openPostgresStore({ url });
    test.after(() => store.close());
    const other = await databaseAt(test, url).session();
    await other.rows("BEGIN");
    await other.rows("SELECT count(*) FROM saywhen.change");
    const database = databaseAt(test, url);
    const failed = assert.rejects(migrate(database, now, migrationsWith(addition)), (error) => {
      return error instanceof StoreUnavailable && /holds a lock for too long.*tried again/.test(error.message);
    });
    await delay(200);
    await put(store, "customer:1", "a");
    await failed;
    await other.rows("COMMIT");
    other.release();
    assert.deepEqual(await migrate(database, now, migrationsWith(addition)), ["0900-more"]);
  });

  it("make no schema beside another program's tables", async (test) => {
    const url = await emptyDatabase();
    const database = databaseAt(test, url);
    await database.rows("CREATE SCHEMA saywhen");
    await database.rows("CREATE TABLE saywhen.other (x INT)");
    await assert.rejects(openPostgresStore({ url }), /another program/);
  });
});

/** Until somebody is in the middle of a slow migration. */
async function untilSleeping(database: Database): Promise<void> {
  const sql =
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()";
  while ((await database.rows(sql)).length === 0) await delay(20);
}
