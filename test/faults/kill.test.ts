import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openSqliteStore } from "../../src/storage/sqlite/sqlite-store.ts";
import { temporaryFolder } from "../support/service.ts";
import { assertVerify, type Recorded, wholeLog } from "./whole-log.ts";

/** How often a writing process is killed; `npm run faults` asks for more. */
const rounds = Number(process.env["FAULT_ROUNDS"] ?? 20);
const roundsPerFile = 5;
const script = fileURLToPath(new URL("writers.ts", import.meta.url));

/** The writers in a process of their own; `told` are the whole lines that it has printed by now, the first says that it serves. */
function startWriters(file: string): { child: ChildProcess; told: () => string[] } {
  // Into a file: a pipe would push back while this process stands still.
  const output = `${file}.told`;
  const descriptor = openSync(output, "w");
  const child = spawn(process.execPath, [script, file], { stdio: ["ignore", descriptor, "inherit"] });
  closeSync(descriptor);
  // What stands after the last line end was cut off by the kill.
  return { child, told: () => readFileSync(output, "utf8").split("\n").slice(0, -1) };
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, "exit");
  child.kill("SIGKILL");
  await closed;
}

/** Writes for a moment, is killed, and starts again at once. Answers with what was told. */
async function round(file: string): Promise<string[]> {
  const { child, told } = startWriters(file);
  while (told().length === 0) {
    assert.equal(child.exitCode, null);
    await sleep(10);
  }
  await sleep(20 + Math.random() * 180);
  await kill(child);
  const start = performance.now();
  await (await openSqliteStore({ file })).close();
  assert(performance.now() - start < 5000);
  return told().slice(1);
}

/** Every acknowledged write is there, or was erased since; no refused one is. */
function assertTold(recorded: readonly Recorded[], told: readonly string[]): void {
  const trackingIds = new Set(recorded.map(({ said }) => said?.trackingId));
  for (const line of told) {
    const [position, subject, trackingId = ""] = line.split(" ");
    if (position === "refused") {
      assert(!trackingIds.has(trackingId), line);
      continue;
    }
    const change = recorded[Number(position)];
    assert(change !== undefined, line);
    if (change.said === undefined) continue;
    const { stream } = change.said;
    assert(change.said.trackingId === trackingId && (stream === subject || stream === "erasures"), line);
  }
}

/** Each change of a subject's number is the one before it and one more: no write was lost between two, none ran twice. */
function assertNumbers(recorded: readonly Recorded[]): void {
  const numbers = new Map<string, unknown>();
  for (const { kind, said } of recorded) {
    if (kind !== "preferences" || said === undefined) continue;
    assert(said.document === Number(numbers.get(said.stream) ?? 0) + 1);
    numbers.set(said.stream, said.document);
  }
}

describe("kill -9", () => {
  it("loses nothing that was acknowledged, leaves nothing half-applied, and the next server starts at once", async (test) => {
    using folder = temporaryFolder();
    let acknowledged = 0;
    let told: string[] = [];
    for (let number = 0; number < rounds; number += 1) {
      if (number % roundsPerFile === 0) told = [];
      const file = join(folder.path, `${Math.floor(number / roundsPerFile)}.db`);
      const more = await round(file);
      told.push(...more);
      acknowledged += more.filter((line) => !line.startsWith("refused")).length;
      const recorded = wholeLog(file);
      assertTold(recorded, told);
      assertNumbers(recorded);
      if ((number + 1) % roundsPerFile === 0) await assertVerify(file);
    }
    assert(acknowledged > 0, "FAULT_ROUNDS must be a number from 1");
    test.diagnostic(`${acknowledged} acknowledged writes`);
  });

  it("leaves a file that serves, at whatever moment of the first start it comes", async () => {
    using folder = temporaryFolder();
    for (let number = 0; number < rounds / 4; number += 1) {
      const file = join(folder.path, `${number}.db`);
      const { child } = startWriters(file);
      await once(child, "spawn");
      while (!existsSync(file)) await sleep(1);
      await sleep(Math.random() * 30);
      await kill(child);
      await (await openSqliteStore({ file })).close();
      assertNumbers(wholeLog(file));
    }
  });
});
