import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openSqliteStore } from "../../src/storage/sqlite-store.ts";
import { StoreInUse } from "../../src/storage/serving-lock.ts";

/** How often a writing process is killed; `npm run faults` asks for more. */
const rounds = Number(process.env["FAULT_ROUNDS"] ?? 3);
const script = fileURLToPath(new URL("writers.ts", import.meta.url));

/** The writers in a process of their own, once it serves; `told` are the lines that it has printed by now. */
async function startWriters(file: string): Promise<{ child: ChildProcess; told: () => string[] }> {
  // Into a file: a pipe would push back while this process stands still.
  const output = `${file}.told`;
  const descriptor = openSync(output, "w");
  const child = spawn(process.execPath, [script, file], { stdio: ["ignore", descriptor, "inherit"] });
  closeSync(descriptor);
  // What stands after the last line end was cut off by the kill.
  const told = () => readFileSync(output, "utf8").split("\n").slice(0, -1);
  while (told().length === 0) {
    assert.equal(child.exitCode, null);
    await sleep(10);
  }
  return { child, told: () => told().slice(1) };
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, "exit");
  child.kill("SIGKILL");
  await closed;
}

interface Row {
  readonly position: number;
  readonly at: number;
  readonly stream: number;
  readonly previous: number | null;
  readonly head: number;
  readonly body: string;
}

/** Every change, each with its stream's row. */
function everyChange(db: DatabaseSync): Row[] {
  const sql =
    "SELECT position, at, stream, previous, head, body FROM change JOIN stream ON stream.id = stream ORDER BY position";
  return db.prepare(sql).all() as unknown as Row[];
}

/** Law 1, and all that is derived: positions without gaps, times in order, chains and heads that fit, addresses. */
function assertWhole(file: string): Map<string, Row> {
  const db = new DatabaseSync(file, { readOnly: true });
  const rows = everyChange(db);
  const heads = new Map<number, Row>();
  const byTrackingId = new Map<string, Row>();
  for (const [index, row] of rows.entries()) {
    const change = JSON.parse(row.body);
    const before = heads.get(row.stream);
    assert.equal(row.position, index);
    assert(row.at >= (rows[index - 1]?.at ?? 0));
    assert.equal(row.previous, before?.position ?? null);
    assert.equal(change.document, (before === undefined ? 0 : JSON.parse(before.body).document) + 1);
    assert.equal(Date.parse(change.at), row.at);
    heads.set(row.stream, row);
    byTrackingId.set(change.trackingId, row);
  }
  for (const row of heads.values()) assert.equal(row.head, row.position);
  assert.equal(byTrackingId.size, rows.length);
  assert.equal(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
  db.close();
  return byTrackingId;
}

describe("kill -9", () => {
  it("loses nothing that was acknowledged, leaves nothing half-applied, and the next server starts at once", async (test) => {
    const folder = mkdtempSync(join(tmpdir(), "saywhen-"));
    test.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "saywhen.db");
    const acknowledged: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { child, told } = await startWriters(file);
      await assert.rejects(openSqliteStore({ file }), (error) => {
        assert(error instanceof StoreInUse);
        return error.message.includes(`(pid ${child.pid})`);
      });
      await sleep(100 + Math.random() * 300);
      await kill(child);
      const start = performance.now();
      await (await openSqliteStore({ file })).close();
      assert(performance.now() - start < 5000);
      assert(told().length > 0);
      acknowledged.push(...told());
      const changes = assertWhole(file);
      for (const line of acknowledged) {
        const [position, subject, trackingId] = line.split(" ");
        const row = changes.get(String(trackingId));
        assert.deepEqual([row?.position, row && JSON.parse(row.body).stream], [Number(position), subject], line);
      }
    }
    assert(acknowledged.length > 0, "FAULT_ROUNDS must be a number from 1");
    test.diagnostic(`${acknowledged.length} acknowledged writes`);
  });
});
