import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { put } from "../../../test/contract/store-support.ts";
import { type PostgresServer, startPostgres } from "../../../test/support/postgres-server.ts";
import { Database } from "./database.ts";
import { DatabaseUnfit, refusalsOf, type ServerFacts, warningsOf } from "./fitness.ts";
import { openPostgresStore } from "./postgres-store.ts";

let server: PostgresServer;
before(async () => {
  server = await startPostgres({ settings: { fsync: "off", full_page_writes: "off" } });
  await server.query("CREATE ROLE clerk LOGIN PASSWORD 'clerk'");
});
after(() => server[Symbol.asyncDispose]());

/** The URL of a database as a user who owns nothing there. */
function asClerk(url: string): string {
  const own = new URL(url);
  own.username = own.password = "clerk";
  return own.href;
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

async function refusal(url: string): Promise<string> {
  try {
    await (await openPostgresStore({ url })).close();
  } catch (error) {
    assert(error instanceof DatabaseUnfit, String(error));
    return error.message;
  }
  return "";
}

async function warnings(url: string): Promise<readonly string[]> {
  const store = await openPostgresStore({ url });
  await store.close();
  return store.warnings;
}

async function opened(test: TestContext, url: string) {
  const store = await openPostgresStore({ url });
  test.after(() => store.close());
  return store;
}

describe("the fitness of a PostgreSQL server", () => {
  it("is refused where the user may not make the schema, and given where an administrator has made it", async (test) => {
    const url = await server.createDatabase();
    assert.match(await refusal(asClerk(url)), /CREATE SCHEMA saywhen AUTHORIZATION/);
    await server.query("CREATE SCHEMA saywhen AUTHORIZATION clerk", nameOf(url));
    await put(await opened(test, asClerk(url)), "customer:1", "a");
  });

  it("is refused where the encoding cannot hold every text", async () => {
    await server.query("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'");
    assert.match(await refusal(server.url("latin")), /LATIN1.*every language/);
  });

  it("is refused where a commit is answered before it is on the disk, or sees less than it has to", async () => {
    const url = await server.createDatabase();
    const set = (setting: string) => server.query(`ALTER DATABASE ${nameOf(url)} SET ${setting}`);
    await set("synchronous_commit = off");
    assert.match(await refusal(url), /synchronous_commit is off/);
    await set("synchronous_commit = local");
    assert.equal(await refusal(url), "");
    await set("client_min_messages = error");
    assert.match(await refusal(url), /client_min_messages is error.*standby/);
    await set("client_min_messages = warning");
    await set("default_transaction_isolation = 'serializable'");
    assert.match(await refusal(url), /default_transaction_isolation is serializable/);
  });

  it("is told of where the files may not survive, and refused where nothing can be written", async () => {
    const url = await server.createDatabase();
    const [fsync = "", pages = "", ...others] = await warnings(url);
    assert.match(fsync, /fsync is off/);
    assert.match(pages, /full_page_writes is off/);
    assert.deepEqual(others, []);
    await server.query(`ALTER DATABASE ${nameOf(url)} SET default_transaction_read_only = on`);
    assert.match(await refusal(url), /default_transaction_read_only is on/);
  });

  it("does not depend on what a shared session was told about commits", async (test) => {
    const url = await server.createDatabase();
    await (await openPostgresStore({ url })).close();
    const database = new Database(url);
    test.after(() => database.close());
    const settings = await database.transaction(async (statements) => {
      await statements.rows("SET synchronous_commit = off; SET client_min_messages = error");
      await statements.rows("SELECT saywhen.take_head()");
      const sql =
        "SELECT current_setting('synchronous_commit') AS commits, current_setting('client_min_messages') AS told";
      return (await statements.rows(sql))[0];
    });
    assert.deepEqual(settings, { commits: "on", told: "warning" });
  });

  const good: ServerFacts = {
    version: 150_000,
    encoding: "UTF8",
    isolation: "read committed",
    synchronous: "on",
    read_only: "off",
    is_standby: false,
    messages: "notice",
    fsync: "on",
    full_page_writes: "on",
  };

  it("is given from version 15 on", () => {
    assert.deepEqual(refusalsOf(good), []);
    assert.deepEqual(warningsOf(good), []);
    assert.match(refusalsOf({ ...good, version: 140_012 }).join(), /PostgreSQL 14 is too old/);
  });

  it("is refused where the server is a standby", () => {
    assert.match(refusalsOf({ ...good, is_standby: true, read_only: "on" }).join(), /^The database is a standby/);
  });
});
