import { tileHashes } from "../audit/tiles.ts";
import { RunningTree, TileNodes } from "../audit/tree.ts";
import { hashNode } from "../audit/verify-receipt.ts";
import type { Tile } from "./log-store.ts";

const hashBytes = 32;

/** A level's last tile, which is still growing. */
interface Row {
  readonly hashes: Buffer;
  index: number;
  width: number;
}

/** The tiles over leaves that are added one after the other. */
export class TileRows {
  readonly #rows: Row[] = [];
  #size = 0;

  /** Adds the hash of the next leaf, and answers with the tiles that it has filled: mostly none. */
  add(leaf: Uint8Array): Tile[] {
    const full: Tile[] = [];
    let hash: Uint8Array | undefined = leaf;
    this.#size += 1;
    for (let level = 0; hash !== undefined; level += 1) {
      const row = (this.#rows[level] ??= newRow(0));
      row.hashes.set(hash, row.width * hashBytes);
      row.width += 1;
      hash = row.width === tileHashes ? this.#finish(level, row, full) : undefined;
    }
    return full;
  }

  /** How many leaves were added. */
  get size(): number {
    return this.#size;
  }

  /** The root hash over all leaves so far (RFC 6962); found when it is asked for, which is seldom. */
  root(): Buffer {
    let root: Buffer | undefined;
    for (const { hashes, width } of this.#rows) {
      for (let [start, power] = [width, 1]; start > 0; power *= 2) {
        if ((start / power) % 2 === 0) continue;
        start -= power;
        const left = new TileNodes(hashes.subarray(0, width * hashBytes)).node(Math.log2(power), start / power);
        root = root === undefined ? left : hashNode(left, root);
      }
    }
    return root ?? new RunningTree().root();
  }

  /** The tiles of the levels above the leaves that are not full. */
  partial(): Tile[] {
    return this.#rows.flatMap(({ hashes, index, width }, level) =>
      level === 0 || width === 0 ? [] : [{ level, index, hashes: hashes.subarray(0, width * hashBytes) }],
    );
  }

  /** Takes a full row for a tile; its root hash is for the level above. */
  #finish(level: number, { hashes, index }: Row, full: Tile[]): Buffer {
    full.push({ level, index, hashes });
    this.#rows[level] = newRow(index + 1);
    return new TileNodes(hashes).node(8, 0);
  }
}

function newRow(index: number): Row {
  return { hashes: Buffer.alloc(tileHashes * hashBytes), index, width: 0 };
}
