import { RunningTree } from "../../audit/tree.ts";
import { type Entry, hashLeaf, printEntry } from "../../audit/verify-receipt.ts";
import type { Tile } from "../../service/log-store.ts";
import { TileRows } from "../../service/tile-rows.ts";
import type { Entries } from "./ports.ts";

/** Entries read at once. */
const pageSize = 2000;

/** Two logs have different entries. */
export class LogsDiffer extends Error {
  override readonly name = "LogsDiffer";

  /** @param position of the first entry that differs */
  constructor(position: number) {
    super(`the first entry that differs stands at position ${position}`);
  }
}

/**
 * Two logs, entry by entry: the tree over each from its own entries alone. What was compared once is not read again when
 * they have grown.
 */
export class LogComparison {
  readonly #source = new RunningTree();
  readonly #target = new TileRows();
  #erasures = 0;

  /**
   * Goes on from where it was, up to a size.
   *
   * @param save is given the tiles over the target's entries
   * @throws LogsDiffer
   */
  async advance(
    [source, target]: readonly [Entries, Entries],
    to: number,
    save: (tiles: readonly Tile[]) => Promise<void>,
    onProgress: (done: number, total: number) => void,
  ): Promise<void> {
    while (this.size < to) {
      const end = Math.min(this.size + pageSize, to);
      const [ours, theirs] = await Promise.all([source.entries(this.size, end), target.entries(this.size, end)]);
      const full: Tile[] = [];
      for (let index = 0, from = this.size; index < end - from; index += 1) {
        const entry = ours[index];
        const leaf = leafOf(entry);
        const other = leafOf(theirs[index]);
        if (leaf === undefined || other === undefined || !leaf.equals(other)) throw new LogsDiffer(from + index);
        this.#source.add(leaf);
        if (entry?.kind === "erasure") this.#erasures += 1;
        full.push(...this.#target.add(other));
      }
      if (full.length > 0) await save(full);
      onProgress(this.size, to);
    }
    await save(this.#target.partial());
  }

  /** How many entries were compared. */
  get size(): number {
    return this.#source.size;
  }

  /** How many of them erase somebody. */
  get erasures(): number {
    return this.#erasures;
  }

  /** The root hash over them on each side. */
  roots(): { readonly source: Buffer; readonly target: Buffer } {
    return { source: this.#source.root(), target: this.#target.root() };
  }
}

function leafOf(entry: Entry | undefined): Buffer | undefined {
  return entry && hashLeaf(printEntry(entry));
}
