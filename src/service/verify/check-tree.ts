import { tileHashes } from "../../audit/tiles.ts";
import { hashLeaf, printEntry } from "../../audit/verify-receipt.ts";
import { type ChangeRow, entryOf, type Said } from "../change-row.ts";
import type { Inspection, TileRow } from "../inspection.ts";
import type { Tile } from "../log-store.ts";
import { TileRows } from "../tile-rows.ts";
import { Bits } from "./columns.ts";
import type { Findings } from "./findings.ts";

const hashBytes = 32;

/** A tree that was signed for. */
export interface SignedRoot {
  readonly size: number;
  readonly root: Buffer;
  /** Where the checkpoint is: "in a file", "that the database records". */
  readonly where: string;
  /** The position of the continuation that names it as the last of the log before; what it lacks was owned up to there. */
  readonly continuation?: number;
}

/** Entries that were signed for are not in the log, and a continuation says so. */
export interface Loss {
  /** Of the continuation. */
  readonly position: number;
  /** A sentence. */
  readonly what: string;
}

/** The tree over the entries, against its tiles and against what was signed. */
export class TreeCheck {
  readonly #inspection: Inspection;
  readonly #findings: Findings;
  /** The next to be reached is the last. */
  readonly #ahead: SignedRoot[];
  readonly #tree = new TileRows();
  /** How many tiles of level 0 are stored. */
  #tiled = 0;
  #full: Tile[] = [];
  /** Entries whose change does not vouch for them. */
  readonly #unproven = new Bits();
  /** Of those, the ones whose hash in a tile is another. */
  #doubtful: number[] = [];
  /** The largest size at which the tree was the one that was signed. */
  #proven = 0;
  #isWhole = true;
  readonly #losses: Loss[] = [];

  constructor(inspection: Inspection, signed: readonly SignedRoot[], findings: Findings) {
    this.#inspection = inspection;
    this.#findings = findings;
    this.#ahead = signed.toSorted((one, other) => other.size - one.size);
  }

  /** What continuations own up to, by position, once all was taken. */
  get losses(): readonly Loss[] {
    return this.#losses.toSorted((one, other) => one.position - other.position);
  }

  /** The root hash over the entries that were taken, up to the first gap. */
  root(): Buffer {
    return this.#tree.root();
  }

  /**
   * Looks at which tiles are stored.
   *
   * @param size of the log
   */
  async open(size: number): Promise<void> {
    const full = Math.floor(size / tileHashes);
    const strays: TileRow[] = [];
    for await (const page of this.#inspection.tiles()) {
      for (const tile of page) {
        if (tile.level === 0 && tile.index >= 0 && tile.index < full) this.#tiled = tile.index + 1;
        else strays.push(tile);
      }
    }
    for (const tile of strays) {
      if (tile.level > 0 && tile.index >= 0 && tile.index * tileHashes < this.#hashesAt(tile.level)) continue;
      this.#findings.add("derived", `Tile ${tile.level}/${tile.index} is of no part of the log.`);
    }
    this.#compareRoots();
  }

  /** @param said what the change says, which shows that its entry is right; undefined when it says nothing */
  take(row: ChangeRow, said: Said | undefined): void {
    // Past a gap there is no tree any more that could be compared with anything.
    this.#isWhole &&= row.position === this.#tree.size;
    if (!this.#isWhole) return;
    if (said === undefined) this.#unproven.add(row.position);
    // Printing dates is dear, and what the change says has its time in print.
    this.#full.push(...this.#tree.add(hashLeaf(printEntry(entryOf(row, said?.at)))));
    this.#compareRoots();
  }

  /** Compares the tiles that have become full with what is stored. */
  async settle(): Promise<void> {
    const full = this.#full;
    this.#full = [];
    for (const tile of full) await this.#compareTile(tile);
  }

  /** @param size how many entries the log has, as far as one can tell */
  async finish(size: number): Promise<void> {
    await this.settle();
    if (this.#isWhole) for (const tile of this.#tree.partial()) await this.#compareTile(tile);
    for (const signed of this.#ahead.toReversed()) this.#unreached(signed, size);
    for (const position of this.#doubtful) {
      if (position < this.#proven) this.#findings.add("derived", "Its hash in the log's tile is another.", position);
      else this.#findings.add("log", "Its entry is not the one that the log's tile was made of.", position);
    }
  }

  #compareRoots(): void {
    for (let next = this.#ahead.at(-1); next?.size === this.#tree.size; next = this.#ahead.at(-1)) {
      this.#ahead.pop();
      if (next.root.equals(this.#tree.root())) this.#proven = next.size;
      else if (next.continuation !== undefined) this.#losses.push(lossOf(next.size, next.continuation));
      else this.#findings.add("checkpoint", rewritten(next, this.#proven));
    }
  }

  #unreached({ size, where, continuation }: SignedRoot, end: number): void {
    if (continuation !== undefined) {
      // What cannot be compared, for a gap before it, is found as the gap.
      if (size > end) this.#losses.push(lossOf(size, continuation));
      return;
    }
    if (size <= end) {
      this.#findings.add("checkpoint", `The checkpoint ${where} cannot be compared: changes before it are missing.`);
      return;
    }
    const what = `The checkpoint ${where} is of ${size} entries and the log has ${end}: those from here on are lost.`;
    this.#findings.add("checkpoint", what, end);
  }

  /** How many hashes a level should have, by the tiles of level 0 that are stored. */
  #hashesAt(level: number): number {
    return Math.floor(this.#tiled / tileHashes ** (level - 1));
  }

  async #compareTile({ level, index, hashes: derived }: Tile): Promise<void> {
    const isBehind = level === 0 && index >= this.#tiled;
    const stored = isBehind ? undefined : await this.#inspection.tile(level, index);
    const stops = level === 0 ? tileHashes : Math.min(tileHashes, this.#hashesAt(level) - index * tileHashes);
    // Tiles are derived some time after the entries: those at the end may not be there yet.
    if (isBehind || stops <= 0) return;
    const hashes = derived.subarray(0, stops * hashBytes);
    if (stored?.equals(hashes)) return;
    if (level === 0 && stored?.length === hashes.length) this.#compareLeaves(index, stored, hashes);
    // Above an entry that is doubtful itself every hash is another.
    else if (this.#doubtful.length === 0)
      this.#findings.add("derived", `Tile ${level}/${index} is not the one of the entries.`);
  }

  #compareLeaves(index: number, stored: Buffer, derived: Buffer): void {
    for (let at = 0; at < tileHashes; at += 1) {
      const [start, end] = [at * hashBytes, (at + 1) * hashBytes];
      if (stored.subarray(start, end).equals(derived.subarray(start, end))) continue;
      const position = index * tileHashes + at;
      if (this.#unproven.has(position)) this.#doubtful.push(position);
      else this.#findings.add("derived", "Its hash in the log's tile is another.", position);
    }
  }
}

function lossOf(size: number, position: number): Loss {
  const signed = size === 1 ? "1 entry" : `${size} entries`;
  const what = `The log before was signed to ${signed} and is not continued from there: entries before this were lost or replaced.`;
  return { position, what };
}

function rewritten({ size, where }: SignedRoot, proven: number): string {
  const which = proven === 0 ? `the first ${size} entries` : `the entries from ${proven} to ${size - 1}`;
  return `The checkpoint ${where} is of another log: ${which} are not those that were signed for.`;
}
