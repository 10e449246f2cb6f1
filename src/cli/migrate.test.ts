import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { carryOut } from "../../test/support/commands.ts";
import { emptyDatabase } from "../../test/support/postgres.ts";
import { startInProcess, temporaryFolder } from "../../test/support/service.ts";

/** A file as version 2 of its schema left it. */
function olderFile(folder: string): string {
  const file = join(folder, "older.db");
  using db = new DatabaseSync(file);
  db.exec(readFileSync(new URL("../../test/golden/database-2.sql", import.meta.url), "utf8"));
  return file;
}

describe("saywhen migrate", () => {
  it("brings a file up to date, says what it did, and has nothing to do the next time", async () => {
    using folder = temporaryFolder();
    const env = { SAYWHEN_DATABASE: olderFile(folder.path) };
    const { exitCode, printed } = await carryOut(["migrate"], env);
    assert.equal(exitCode, 0);
    assert.match(printed, /^0003-\S+: applied\.$/m);
    assert.deepEqual(await carryOut(["migrate"], env), {
      exitCode: 0,
      printed: "The database is up to date.",
      told: "",
    });
  });

  it("does nothing to a file that is served, and makes none", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    const missing = await carryOut(["migrate"], { SAYWHEN_DATABASE: file });
    assert.deepEqual([missing.exitCode, missing.told.includes("There is no database")], [1, true]);
    await using _running = await startInProcess({ file });
    const served = await carryOut(["migrate"], { SAYWHEN_DATABASE: file });
    assert.deepEqual([served.exitCode, served.told.includes("served by another process")], [1, true]);
  });

  it("makes the schema of an empty PostgreSQL database", async () => {
    const env = { SAYWHEN_DATABASE: await emptyDatabase() };
    const { exitCode, printed } = await carryOut(["migrate"], env);
    assert.equal(exitCode, 0);
    assert.match(printed, /^0001-log: applied\.\n0002-functions: applied\.$/m);
    assert.equal((await carryOut(["migrate"], env)).printed, "The database is up to date.");
  });

  it("takes no words", async () => {
    assert.equal((await carryOut(["migrate", "now"], {})).exitCode, 2);
  });
});
