import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { writeBackup } from "../src/storage/sqlite/backup.ts";
import { Told, write } from "./faults/http-writers.ts";
import { readLog } from "./faults/whole-log.ts";
import { place } from "./support/recorded.ts";
import { adminToken, temporaryFolder } from "./support/service.ts";
import { saywhen, serve } from "./support/serving.ts";

describe("saywhen backup", () => {
  it("holds, beside a service under load, all that was acknowledged before, and nothing out of order", async () => {
    using folder = temporaryFolder();
    const env = { SAYWHEN_ADMIN_TOKEN: adminToken, SAYWHEN_DATABASE: join(folder.path, "saywhen.db") };
    const { child, url, ended } = serve(folder.path, env);
    const [before, during] = [new Told(), new Told()];
    await write(await url, 16, "before", before, () => before.acknowledged >= 300);
    let isOver = false;
    const writing = write(await url, 16, "during", during, () => isOver);
    const { exitCode, stdout, stderr } = await saywhen(folder.path, ["backup", "b.db"], env);
    isOver = true;
    await writing;
    child.kill("SIGTERM");
    await ended;

    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^b\.db: \d+\.\d MB, \d+ changes, the last of 20\S+Z; verified\.\n/);
    const [backup, whole] = [readLog(join(folder.path, "b.db")), readLog(env.SAYWHEN_DATABASE)];
    before.assertKept(backup);
    assert(backup.length < whole.length, "there was load");
    assert.deepEqual(
      backup.map(({ entry }) => entry),
      whole.slice(0, backup.length).map(({ entry }) => entry),
    );
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.startsWith("b.db")),
      ["b.db"],
    );
  });

  it("is for its owner only, and says which key is not in it and where that is", async (test) => {
    const at = place(test);
    await at.record(1);
    const { printed } = await at.saywhen("backup", at.path("b"));
    assert(printed.includes(`The key is not in it; keep it apart, with the files named after it: ${at.file}.key`));
    assert.match(printed, /Its verifier key: saywhen|Its verifier key: example\.com\/v1\/log\+/);
    assert.equal(statSync(at.path("b")).mode & 0o777, 0o600);
    const pem = readFileSync(`${at.file}.key`, "utf8");
    const seed = Buffer.from(pem.replaceAll(/-----[^-]+-----/g, ""), "base64").subarray(-32);
    assert.equal(readFileSync(at.path("b")).includes(seed), false);
  });

  it("overwrites nothing, and leaves alone what another one writes", async (test) => {
    const at = place(test);
    await at.record(1);
    for (const name of ["b", "c.partial"]) writeFileSync(at.path(name), "something else");
    const refused = [await at.saywhen("backup", at.path("b")), await at.saywhen("backup", at.path("c"))];
    assert.deepEqual(
      refused.map(({ exitCode }) => exitCode),
      [1, 1],
    );
    assert.match(refused[0]?.told ?? "", /b is there already/);
    assert.match(refused[1]?.told ?? "", /c\.partial is there: another copy is being written just now/);
    for (const name of ["b", "c.partial"]) assert.equal(readFileSync(at.path(name), "utf8"), "something else");
    assert.equal(existsSync(at.path("c")), false);
  });

  it("keeps nothing of a database that is damaged, and says where; keeps what can be derived anew", async (test) => {
    const at = place(test);
    await at.record(1, 2);
    alter(at.file, "DELETE FROM address");
    const mendable = await at.saywhen("backup", at.path("b"));
    assert.equal(mendable.exitCode, 0);
    assert.match(mendable.printed, /`saywhen log rebuild` mends it/);
    alter(at.file, "UPDATE change SET body = replace(body, '2@example', '9@example')");
    const damaged = await at.saywhen("backup", at.path("c"));
    assert.equal(damaged.exitCode, 1);
    assert.match(damaged.told, /^There is no backup\. .*saywhen\.db is damaged\. Position 3: /);
    assert.deepEqual(
      readdirSync(at.path("")).filter((name) => /^[bc]/.test(name)),
      ["b"],
    );
    assert.match((await at.saywhen("restore", at.path("b"))).printed, /is restored/);
    assert.equal((await at.saywhen("verify")).exitCode, 0, "what is derived was mended");
  });

  it("leaves nothing behind when it is called off", async (test) => {
    const at = place(test);
    await at.record(1);
    const calledOff = new AbortController();
    const writing = writeBackup({ database: at.file, file: at.path("b"), signal: calledOff.signal });
    calledOff.abort();
    await assert.rejects(writing, /Called off; nothing was written/);
    await sleep(50);
    assert.deepEqual(
      readdirSync(at.path("")).filter((name) => name.startsWith("b")),
      [],
    );
  });

  it("says when there is no database, or no folder for the backup", async (test) => {
    const at = place(test);
    assert.match((await at.saywhen("backup", at.path("b"))).told, /There is no file .*saywhen\.db/);
    await at.record(1);
    assert.match((await at.saywhen("backup", at.path("none/b"))).told, /none\/b\.partial cannot be written: ENOENT/);
    assert.equal((await at.saywhen("backup")).exitCode, 2);
    assert.equal((await at.saywhen("backup", "")).exitCode, 2);
    writeFileSync(at.path("empty.db"), "");
    await assert.rejects(
      writeBackup({ database: at.path("empty.db"), file: at.path("b"), signal: new AbortController().signal }),
      /The file is empty: it is no database yet/,
    );
  });
});

function alter(file: string, sql: string): void {
  using db = new DatabaseSync(file);
  db.exec(sql);
}
