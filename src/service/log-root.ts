import { placeOfNode } from "../audit/tiles.ts";
import { RunningTree, rootAt, TileNodes } from "../audit/tree.ts";
import { hashLeaf, printEntry } from "../audit/verify-receipt.ts";
import type { LogRecords } from "./log-store.ts";

/**
 * The root hash over the log's first entries, `size` of them, which the log must have: from the tiles that are stored,
 * and from the entries where one is not. Nothing is written, so that it can be asked beside a running server.
 */
export function rootOf(records: LogRecords, size: number): Promise<Buffer> {
  return rootAt(size, {
    node: async (level, index) => (await fromTile(records, level, index)) ?? (await fromEntries(records, level, index)),
  });
}

async function fromTile(records: LogRecords, level: number, index: number): Promise<Buffer | undefined> {
  const { height, within, ...tile } = placeOfNode(level, index);
  const hashes = await records.tile(tile.level, tile.index);
  if (hashes === undefined || hashes.length < (within + 1) * 2 ** height * 32) return undefined;
  return new TileNodes(hashes).node(height, within);
}

/** Entries read at once. */
const pageSize = 1000;

async function fromEntries(records: LogRecords, level: number, index: number): Promise<Buffer> {
  const tree = new RunningTree();
  const end = (index + 1) * 2 ** level;
  for (let from = index * 2 ** level; from < end; from += pageSize) {
    for (const entry of await records.entries(from, Math.min(from + pageSize, end)))
      tree.add(hashLeaf(printEntry(entry)));
  }
  return tree.root();
}
