import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { inclusionPath, RunningTree, rootAt, TileNodes, type TreeNodes } from "./tree.ts";
import { hashLeaf, hashNode, ReceiptInvalid, rootFromPath, sha256 } from "./verify-receipt.ts";

/** The tree hash just as RFC 6962, section 2.1, defines it. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return only;
  const split = splitOf(leaves.length);
  return hashNode(treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
}

/** The path just as RFC 6962, section 2.1.1, defines it. */
function treePath(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...treePath(index, left), treeHash(right)]
    : [...treePath(index - split, right), treeHash(left)];
}

function splitOf(size: number): number {
  return 1 << (31 - Math.clz32(size - 1));
}

/** Complete subtrees over the leaves; asked for any other, it fails. */
function nodesOver(leaves: readonly Buffer[]): TreeNodes {
  return {
    async node(level, index) {
      const width = 2 ** level;
      assert.ok(Number.isInteger(index) && (index + 1) * width <= leaves.length, "not a complete subtree");
      return treeHash(leaves.slice(index * width, (index + 1) * width));
    },
  };
}

function randomLeaves(size: number): Buffer[] {
  return Array.from({ length: size }, () => randomBytes(32));
}

// The leaves, roots and paths that Certificate Transparency's own implementation is tested with.
const reference = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const referenceLeaves = reference.map((hex) => hashLeaf(Buffer.from(hex, "hex")));
const referenceRoots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const referencePaths: readonly [size: number, index: number, path: readonly string[]][] = [
  [1, 0, []],
  [2, 0, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"]],
  [2, 1, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"]],
  [3, 2, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]],
  [
    5,
    1,
    [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  ],
  [
    8,
    0,
    [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  ],
  [
    8,
    5,
    [
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  ],
];

describe("the tree", () => {
  it("has Certificate Transparency's root at each size", async () => {
    const running = new RunningTree();
    for (const [size, root] of referenceRoots.entries()) {
      assert.equal(running.size, size);
      assert.equal(running.root().toString("hex"), root);
      assert.equal((await rootAt(size, nodesOver(referenceLeaves))).toString("hex"), root);
      running.add(referenceLeaves[size] ?? Buffer.alloc(32));
    }
  });

  it("has Certificate Transparency's paths", async () => {
    for (const [size, index, expected] of referencePaths) {
      const path = await inclusionPath(index, size, nodesOver(referenceLeaves));
      const hashes = path.map((hash) => hash.toString("hex"));
      assert.deepEqual(hashes, expected);
      const leaf = referenceLeaves[index] ?? assert.fail();
      assert.equal(rootFromPath(leaf, index, size, path).toString("hex"), referenceRoots[size]);
    }
  });

  it("has at each size the root that the definition gives", async () => {
    const leaves = randomLeaves(300);
    const running = new RunningTree();
    for (const [index, leaf] of leaves.entries()) {
      running.add(leaf);
      const root = treeHash(leaves.slice(0, index + 1));
      assert.deepEqual(running.root(), root);
      assert.deepEqual(await rootAt(index + 1, nodesOver(leaves)), root);
    }
  });

  it("has for each leaf at each size the path that the definition gives, and it leads to the root", async () => {
    const leaves = randomLeaves(70);
    for (let size = 1; size <= leaves.length; size++) {
      const root = treeHash(leaves.slice(0, size));
      for (const [index, leaf] of leaves.slice(0, size).entries()) {
        const path = await inclusionPath(index, size, nodesOver(leaves));
        assert.deepEqual(path, treePath(index, leaves.slice(0, size)));
        assert.deepEqual(rootFromPath(leaf, index, size, path), root);
      }
    }
  });

  it("leads from no other leaf, index, size or path to the root", async () => {
    const leaves = randomLeaves(300);
    const place = fc
      .integer({ min: 2, max: leaves.length })
      .chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));
    await fc.assert(
      fc.asyncProperty(place, fc.nat(), fc.nat(leaves.length), async ([size, index], seed, other) => {
        const path = await inclusionPath(index, size, nodesOver(leaves));
        const leaf = leaves[index] ?? assert.fail();
        const root = treeHash(leaves.slice(0, size));
        const leads = (...attempt: Parameters<typeof rootFromPath>): boolean => {
          try {
            return rootFromPath(...attempt).equals(root);
          } catch (error) {
            assert.ok(error instanceof ReceiptInvalid);
            return false;
          }
        };
        assert.ok(leads(leaf, index, size, path));
        assert.equal(leads(leaf, other, size, path), other === index);
        assert.ok(!leads(randomBytes(32), index, size, path));
        assert.ok(!leads(leaf, index, size, path.slice(1)));
        assert.ok(!leads(leaf, index, size, [...path, root]));
        assert.ok(!leads(leaf, index, size, path.with(seed % path.length, randomBytes(32))));
      }),
    );
  });

  it("asks for no hash twice in a log of more entries than 32 bits count, and for few", async () => {
    const asked = new Set<string>();
    const nodes: TreeNodes = {
      async node(level, index) {
        assert.ok(Number.isSafeInteger(index) && (index + 1) * 2 ** level <= 2 ** 40 + 12345);
        assert.ok(!asked.has(`${level} ${index}`), "asked for twice");
        asked.add(`${level} ${index}`);
        return sha256(Buffer.from(`${level} ${index}`));
      },
    };
    const path = await inclusionPath(2 ** 35 + 3, 2 ** 40 + 12345, nodes);
    assert.equal(path.length, 41);
    assert.ok(asked.size < 41 + 40);
    asked.clear();
    await rootAt(2 ** 40 + 12345, nodes);
    assert.equal(asked.size, 1 + 6, "one for each one-bit of the size");
  });

  it("refuses a path for an index that is not in it", async () => {
    for (const index of [-1, 3, Number.NaN]) {
      await assert.rejects(inclusionPath(index, 3, nodesOver(referenceLeaves)), RangeError);
    }
  });
});

describe("a tile", () => {
  it("has all nodes above its hashes, and no others", () => {
    for (const width of [1, 2, 5, 200, 256]) {
      const leaves = randomLeaves(width);
      const tile = new TileNodes(Buffer.concat(leaves));
      for (let height = 0; height <= 8; height++) {
        const span = 2 ** height;
        const complete = Math.floor(width / span);
        for (let index = 0; index < complete; index++) {
          assert.deepEqual(tile.node(height, index), treeHash(leaves.slice(index * span, (index + 1) * span)));
        }
        assert.throws(() => tile.node(height, complete), RangeError);
      }
    }
  });

  it("computes a node once", () => {
    const tile = new TileNodes(randomBytes(256 * 32));
    assert.equal(tile.node(8, 0), tile.node(8, 0));
    assert.equal(tile.node(3, 7), tile.node(3, 7));
  });
});
