import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Store, StoreUnavailable } from "../../src/service/store.ts";
import { openSqliteStore } from "../../src/storage/sqlite-store.ts";
import { change, put, streamOf } from "../contract/store-support.ts";

/** A file system of 4 MiB in memory, for as long as `use` runs; answers false where none may be mounted. */
async function onSmallDisk(use: (folder: string) => Promise<void>): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "saywhen-"));
  try {
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]).status !== 0) return false;
    try {
      await use(folder);
    } finally {
      spawnSync("umount", [folder]);
    }
    return true;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Fills what room is left, as another program's file would. */
function fill(file: string): void {
  let size = 4 * 1024 * 1024;
  while (size >= 4096) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: "a" });
    } catch {
      size /= 2;
    }
  }
}

/**
 * Writes until the storage refuses even the smallest write, which is that of a check. (What a refused group has taken
 * of the WAL before it failed is room for smaller ones.)
 *
 * @returns how many changes were acknowledged
 */
async function exhaust(store: Store): Promise<number> {
  let acknowledged = 0;
  for (let round = 0; round < 10_000; round += 1) {
    try {
      await put(store, `customer:${acknowledged}`, "x".repeat(1000));
      acknowledged += 1;
    } catch (refusal) {
      assert(refusal instanceof StoreUnavailable, String(refusal));
      const reason = await store.check().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (reason === undefined) continue;
      assert(reason instanceof StoreUnavailable);
      assert.match(reason.message, /disk is full/);
      return acknowledged;
    }
  }
  throw new Error("the disk never became full");
}

async function fillAndMakeRoom(disk: string): Promise<void> {
  const errors: string[] = [];
  await using store = await openStore(join(disk, "saywhen.db"), (kind) => errors.push(kind));
  await put(store, "customer:first", "before");
  fill(join(disk, "filler"));
  const acknowledged = 1 + (await exhaust(store));
  await assert.rejects(Promise.all(["a", "b"].map((slot) => put(store, "customer:late", slot))), StoreUnavailable);
  assert(errors.includes("full"), errors.join());
  const [first, late] = await store.newest([streamOf("customer:first"), streamOf("customer:late")]);
  assert.deepEqual([first?.document.slots, late], [["before"], undefined]);

  rmSync(join(disk, "filler"));
  await store.check();
  assert.equal(change(await put(store, "customer:late", "c")).position, acknowledged);
}

async function openStore(file: string, onError: (kind: string) => void) {
  const store = await openSqliteStore({ file, onError });
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}

describe("a full disk", () => {
  it("refuses writes, loses nothing, still reads, and takes writes again when room returns", async (test) => {
    if (!(await onSmallDisk(fillAndMakeRoom))) test.skip("mounting a small file system takes root");
  });
});
