import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { carryOut } from "../support/commands.ts";
import { place } from "../support/recorded.ts";
import { serve } from "../support/serving.ts";
import { fill, onSmallDisk } from "./small-disk.ts";
import { readLog } from "./whole-log.ts";

/** How often a restore is killed; `npm run faults` asks for more. */
const rounds = Number(process.env["FAULT_ROUNDS"] ?? 4);
const main = join(import.meta.dirname, "../../src/main.ts");

/** Neither backup nor restore has room; the database is served as before. */
async function haveNoRoom(disk: string): Promise<void> {
  const env = { SAYWHEN_DATABASE: join(disk, "saywhen.db") };
  const at = place(undefined, disk);
  await at.record(...Array.from({ length: 40 }, (_, index) => index + 1));
  assert.equal((await at.saywhen("backup", at.path("b"))).exitCode, 0);
  fill(at.path("filler"));
  const [before, names] = [readFileSync(at.file), readdirSync(disk)];
  const backup = await carryOut(["backup", at.path("c")], env);
  assert.match(backup.told, /There is no backup\. The disk that .* would be on is full; nothing was written/);
  const restore = await carryOut(["restore", at.path("b")], env);
  assert.match(restore.told, /Nothing was replaced\. .* is full/);
  assert.deepEqual([backup.exitCode, restore.exitCode], [1, 1]);
  assert.deepEqual(readFileSync(at.file), before);
  assert.deepEqual(readdirSync(disk), names);
  rmSync(at.path("filler"));
  const restored = await carryOut(["restore", at.path("b")], env);
  assert.equal(restored.exitCode, 0, restored.told);
}

describe("a full disk", () => {
  it("gives a backup or a restore no room: they say so, leave nothing behind, and work when there is room", async (test) => {
    if (!(await onSmallDisk(haveNoRoom))) test.skip("mounting a small file system takes root");
  });
});

describe("a restore that is killed", () => {
  it("leaves a whole database, the one before or the restored one, which the service starts with", async (test) => {
    const at = place(test);
    await at.record(1, 2);
    assert.equal((await at.saywhen("backup", at.path("b"))).exitCode, 0);
    await at.record(3, 4);
    copyFileSync(at.file, at.path("whole"));
    const kept = ["", ".checkpoint"].map((end) => [`${at.file}.key${end}`, at.path(`key${end}`)] as const);
    for (const [file, copy] of kept) copyFileSync(file, copy);
    const lengths = new Set<number>();
    const beginning = performance.now();
    await at.saywhen("restore", at.path("b"));
    const takes = performance.now() - beginning;
    for (let round = 0; round < rounds; round += 1) {
      for (const end of ["-wal", "-shm", ".restoring"]) rmSync(`${at.file}${end}`, { force: true });
      copyFileSync(at.path("whole"), at.file);
      for (const [file, copy] of kept) copyFileSync(copy, file);
      const { child, ended } = serve(at.path(""), { SAYWHEN_DATABASE: at.file }, [
        process.execPath,
        main,
        "restore",
        at.path("b"),
      ]);
      await restoring(at.file, () => child.exitCode === null);
      await sleep(Math.random() * 2 * takes);
      child.kill("SIGKILL");
      await ended;
      const { length } = readLog(at.file);
      assert([5, 6].includes(length), `${length} changes`);
      lengths.add(length);
      await at.record(9);
    }
    test.diagnostic(`numbers of changes that were found: ${[...lengths].join(", ")}`);
    assert.equal((await at.saywhen("restore", at.path("b"))).exitCode, 0);
    await at.record(10);
  });
});

/** Waits until the copy stands beside the database. */
async function restoring(file: string, isRunning: () => boolean): Promise<void> {
  while (isRunning() && !existsSync(`${file}.restoring`)) await sleep(1);
}
