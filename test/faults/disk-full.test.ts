import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { type Store, StoreUnavailable } from "../../src/service/store.ts";
import { openSqliteStore } from "../../src/storage/sqlite-store.ts";
import { change, put, streamOf } from "../contract/store-support.ts";

/** A file system of 4 MiB in memory; undefined where this process may not mount one. */
function smallDisk(test: TestContext): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "saywhen-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]).status === 0;
  test.after(() => {
    if (mounted) spawnSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  });
  return mounted ? folder : undefined;
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

/** Writes until the storage refuses; how many were acknowledged. */
async function putUntilRefused(store: Store): Promise<number> {
  for (let count = 0; count < 10_000; count += 1) {
    try {
      await put(store, `customer:${count}`, "x".repeat(1000));
    } catch (error) {
      assert(error instanceof StoreUnavailable, String(error));
      return count;
    }
  }
  throw new Error("the disk never became full");
}

describe("a full disk", () => {
  it("refuses writes, loses nothing, still reads, and takes writes again when room returns", async (test) => {
    const disk = smallDisk(test);
    if (disk === undefined) {
      test.skip("mounting a small file system takes root");
      return;
    }
    const errors: string[] = [];
    const store = await openSqliteStore({ file: join(disk, "saywhen.db"), onError: (kind) => errors.push(kind) });
    test.after(() => store.close());
    await put(store, "customer:0", "before");
    fill(join(disk, "filler"));
    const count = await putUntilRefused(store);
    await assert.rejects(Promise.all(["a", "b"].map((slot) => put(store, "customer:late", slot))), StoreUnavailable);
    await assert.rejects(store.check(), StoreUnavailable);
    assert(errors.includes("full"), errors.join());
    const [first, last] = await store.newest([streamOf("customer:0"), streamOf("customer:late")]);
    assert.equal(first?.document.slots[0], "before");
    assert.equal(last, undefined);

    rmSync(join(disk, "filler"));
    await store.check();
    assert.equal(change(await put(store, "customer:late", "c")).position, count + 1);
  });
});
