import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RunningTree, TileNodes } from "../audit/tree.ts";
import { sha256 } from "../audit/verify-receipt.ts";
import type { Tile } from "./log-store.ts";
import { TileRows } from "./tile-rows.ts";

describe("TileRows", () => {
  it("has the root of the tree over its leaves at every size, and fills tiles as it grows", () => {
    const [rows, tree] = [new TileRows(), new RunningTree()];
    const full: Tile[] = [];
    assert(rows.root().equals(tree.root()));
    for (let leaf = 0; leaf < 256 * 258 + 3; leaf += 1) {
      const hash = sha256(Buffer.from(String(leaf)));
      tree.add(hash);
      full.push(...rows.add(hash));
      if (leaf < 600 || leaf > 256 * 255) assert(rows.root().equals(tree.root()), `at ${leaf + 1} leaves`);
    }
    assert.equal(rows.size, tree.size);
    assert.deepEqual(
      full.filter(({ level }) => level > 0).map(({ level, index }) => [level, index]),
      [[1, 0]],
    );
    assert.deepEqual(
      rows.partial().map(({ level, index, hashes }) => [level, index, hashes.length]),
      [
        [1, 1, 64],
        [2, 0, 32],
      ],
    );
    const [first, above] = [full[0], full.find(({ level }) => level === 1)];
    assert(first && above && new TileNodes(first.hashes).node(8, 0).equals(above.hashes.subarray(0, 32)));
  });
});
