import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { newDatabase } from "../../../test/support/postgres.ts";
import { freePort } from "../../../test/support/processes.ts";
import { OutcomeUnknown, StoreUnavailable } from "../../service/store.ts";
import { Database } from "./database.ts";
import { type Failure, failureOf, sqlStateOf } from "./failure.ts";

/** What a piece of work on a database fails with. */
async function failing(url: string, work: (database: Database) => Promise<unknown>): Promise<unknown> {
  const database = new Database(url);
  try {
    await work(database);
  } catch (error) {
    return error;
  } finally {
    await database.close();
  }
  return undefined;
}

async function failureAt(url: string, sql: string): Promise<Failure | undefined> {
  return failureOf(await failing(url, (database) => database.rows(sql)));
}

function summary(failure: Failure | undefined) {
  return failure && { kind: failure.kind, isUnknown: failure.isUnknown };
}

describe("a failure of PostgreSQL", () => {
  it("is told from a mistake in our own code, and from what is no error at all", async () => {
    const url = await newDatabase();
    assert.equal(await failureAt(url, "SELECT * FROM nothing"), undefined);
    assert.equal(await failureAt(url, "SELECT 1 / 0"), undefined);
    assert.equal(failureOf(new TypeError("x is not a function")), undefined);
    assert.equal(failureOf("Connection terminated"), undefined);
  });

  it("is of the connection where nobody answers: only where something was sent, nobody can tell what became of it", async () => {
    const gone = `postgres://user:secret@127.0.0.1:${await freePort()}/x`;
    const failure = await failureAt(gone, "SELECT 1");
    assert.deepEqual(summary(failure), { kind: "connection", isUnknown: false });
    assert(failure?.error instanceof StoreUnavailable);
    assert(!String(failure.error.cause).includes("secret"));
    const slow = await failing(await newDatabase(), async (database) => {
      await database.rows("SELECT 1");
      await database.rows("SELECT pg_sleep(1)", [], 100);
    });
    assert.deepEqual(summary(failureOf(slow)), { kind: "connection", isUnknown: true });
  });

  it("is of the login, or of the database's name", async () => {
    const url = new URL(await newDatabase());
    url.password = "wrong";
    assert.deepEqual(summary(await failureAt(url.href, "SELECT 1")), { kind: "login", isUnknown: false });
    url.password = "";
    const none = await failureAt(url.href, "SELECT 1");
    assert.deepEqual(summary(none), { kind: "login", isUnknown: false });
    assert.match(none?.error.message ?? "", /^no password was given: in the address/);
    const other = (await newDatabase()).replace(/[^/]*$/, "nosuch");
    assert.deepEqual(summary(await failureAt(other, "SELECT 1")), { kind: "missing", isUnknown: false });
  });

  it("is unknown where the server ended the session, and known where it only refused the statement", async () => {
    const url = await newDatabase();
    const ended = await failureAt(url, "SELECT pg_terminate_backend(pg_backend_pid())");
    assert.deepEqual(summary(ended), { kind: "stopped", isUnknown: true });
    const late = await failureAt(url, "SET statement_timeout = 10; SELECT pg_sleep(1)");
    assert.deepEqual(summary(late), { kind: "busy", isUnknown: false });
    const readOnly = await failing(url, (database) =>
      database.transaction(async (statements) => {
        await statements.rows("SET TRANSACTION READ ONLY");
        await statements.rows("UPDATE saywhen.readiness SET checks = 1");
      }),
    );
    assert.deepEqual(summary(failureOf(readOnly)), { kind: "readonly", isUnknown: false });
  });

  it("keeps its kind when it was named before", () => {
    assert.equal(failureOf(new OutcomeUnknown("nobody knows"))?.kind, "unknown-outcome");
    assert.equal(failureOf(new StoreUnavailable("away"))?.kind, "unavailable");
  });

  it("has the server's word for it where it is the server's", async () => {
    const error = await failing(await newDatabase(), (database) => database.rows("SELECT 1 / 0"));
    assert.equal(sqlStateOf(error), "22012");
    assert.equal(sqlStateOf(Object.assign(new Error("no"), { code: "ECONNRESET" })), undefined);
  });
});
