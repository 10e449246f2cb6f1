import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { hasPgbouncer, startPgbouncer } from "./pgbouncer.ts";
import { dropDatabase, emptyDatabase, newDatabase } from "./postgres.ts";
import { startPostgres } from "./postgres-server.ts";

const repository = join(import.meta.dirname, "../..");

async function asked(url: string, ...statements: readonly string[]): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let last: unknown;
    for (const statement of statements) last = Object.values((await client.query(statement)).rows[0] ?? {})[0];
    return last;
  } finally {
    await client.end();
  }
}

describe("a PostgreSQL of the tests", async () => {
  const server = await startPostgres({ settings: { work_mem: "3MB", application_name: "it's" } });
  after(() => server[Symbol.asyncDispose]());

  it("answers, is as careful as in production, and takes settings", async () => {
    assert.equal(await asked(server.url(), "SELECT 1"), 1);
    assert.equal(await asked(server.url(), "SHOW fsync"), "on");
    assert.equal(await asked(server.url(), "SHOW server_encoding"), "UTF8");
    assert.equal(await asked(server.url(), "SHOW work_mem"), "3MB");
    server.configure({ work_mem: "5MB" });
    await server.restart();
    assert.deepEqual(await server.query("SHOW work_mem"), [{ work_mem: "5MB" }]);
  });

  it("refuses a wrong password", async () => {
    const url = new URL(server.url());
    url.password = "wrong";
    await assert.rejects(asked(url.href, "SELECT 1"), /password authentication failed/);
  });

  it("has what was committed after a crash, on the same port", async () => {
    const url = await server.createDatabase();
    await asked(url, "CREATE TABLE word (text text)", "INSERT INTO word VALUES ('kept')");
    await server.kill();
    assert.equal(server.pid, undefined);
    await assert.rejects(asked(url, "SELECT 1"), /ECONNREFUSED/);
    await server.restart();
    assert.equal(await asked(url, "SELECT text FROM word"), "kept");
    await server.dropDatabase(new URL(url).pathname.slice(1));
    await assert.rejects(asked(url, "SELECT 1"), /does not exist/);
  });

  it("starts on a folder that another server left, and leaves it too", async () => {
    await server.query("CREATE TABLE handed_on AS SELECT 7 AS number");
    await server.stop();
    const { pid, folder } = await (async () => {
      await using other = await startPostgres({ folder: server.folder });
      assert.equal(await asked(other.url(), "SELECT number FROM handed_on"), 7);
      return other;
    })();
    assert.deepEqual([pid, folder], [undefined, server.folder]);
    await server.restart();
    assert.equal(await asked(server.url(), "SELECT number FROM handed_on"), 7);
  });

  it("says why it does not start", async () => {
    await assert.rejects(startPostgres({ settings: { no_such_setting: 1 } }), /no_such_setting/);
    await assert.rejects(startPostgres({ port: server.port }), /Address already in use/);
  });

  it("needs nothing of the clone, whose folder its user may not be able to read", (context) => {
    if (process.platform !== "linux") return context.skip("only Linux shows what a process has open");
    const proc = `/proc/${server.pid}`;
    const opened = readdirSync(`${proc}/fd`).map((fd) => readlinkSync(`${proc}/fd/${fd}`));
    const rest = [readlinkSync(`${proc}/cwd`), readlinkSync(`${proc}/exe`), readFileSync(`${proc}/maps`, "utf8")];
    const all = [readFileSync(`${proc}/cmdline`, "utf8"), ...rest, ...opened];
    assert.deepEqual(
      all.filter((text) => text.includes(`${repository}/`)),
      [],
    );
  });
});

describe("the databases of the tests", () => {
  it("do not see each other", async () => {
    const [one, two, empty] = await Promise.all([newDatabase(), newDatabase(), emptyDatabase()]);
    await asked(one, "CREATE TABLE word (text text)");
    const tables = "SELECT count(*)::int FROM pg_tables WHERE tablename = 'word'";
    assert.deepEqual(await Promise.all([one, two, empty].map((url) => asked(url, tables))), [1, 0, 0]);
    await dropDatabase(one);
    await assert.rejects(asked(one, tables), /does not exist/);
  });

  it("are reached through pgbouncer", { skip: !hasPgbouncer && "no pgbouncer on this machine" }, async () => {
    const url = await emptyDatabase();
    await using pool = await startPgbouncer(url, { poolMode: "transaction" });
    assert.notEqual(new URL(pool.url).port, new URL(url).port);
    assert.equal(await asked(pool.url, "SELECT current_database()"), new URL(url).pathname.slice(1));
    await assert.rejects(asked(`${pool.url}?options=-c%20work_mem%3D4MB`, "SELECT 1"), /startup parameter/);
    const wrong = new URL(pool.url);
    wrong.password = "wrong";
    await assert.rejects(asked(wrong.href, "SELECT 1"), /auth/i);
  });
});

describe("a process that is killed", () => {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    it(`leaves no PostgreSQL behind (${signal})`, async () => {
      const module = JSON.stringify(join(import.meta.dirname, "postgres-server.ts"));
      const code = `import { startPostgres } from ${module};
        const server = await startPostgres();
        console.log(server.pid + " " + server.folder);
        setInterval(() => undefined, 1000);`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [pid = "", folder = ""] = (await firstLine(child)).split(" ");
      assert.ok(isRunning(Number(pid)) && existsSync(folder));
      child.kill(signal);
      for (let left = 500; left > 0 && (isRunning(Number(pid)) || existsSync(folder)); left--) await sleep(10);
      assert.deepEqual([isRunning(Number(pid)), existsSync(folder)], [false, false]);
    });
  }
});

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  assert.ok(stdout !== null);
  const [chunk] = await once(stdout, "data");
  return String(chunk).trim();
}

function isRunning(pid: number): boolean {
  if (process.platform !== "linux") return process.kill(pid, 0);
  return existsSync(`/proc/${pid}/exe`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}
