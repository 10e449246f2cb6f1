import { setImmediate as nextTurn } from "node:timers/promises";
import { placeOfNode, tileHashes } from "../audit/tiles.ts";
import { rootAt, TileNodes, type TreeNodes } from "../audit/tree.ts";
import { hashLeaf, printEntry } from "../audit/verify-receipt.ts";
import type { LogStore, Tile, TileRecords } from "./log-store.ts";
import { RecordDamaged } from "./store.ts";

const hashBytes = 32;
const fullTileBytes = tileHashes * hashBytes;

/** How many full tiles are remembered with the hashes inside them: some 40 KiB each. */
const rememberedTiles = 256;

/** A level's last tile, which is still growing. */
interface Edge {
  readonly hashes: Buffer;
  readonly nodes: TileNodes;
}

const noEdge = edgeOf(Buffer.alloc(0));

/**
 * The tree over the log's entries. It follows them from what is stored, a tile at a time, whoever appended them. Full
 * tiles are stored, with the hashes above them; the leaves after the last full tile stay in memory.
 *
 * A database that was set back, as by a failover, and has grown again holds other entries than those in memory. So each
 * time the tree is reached, the entry at its end is compared with the leaf made of it; salts see to it that no other is
 * the same. A tree that does not fit is taken from the storage anew.
 */
export class LogTree implements TreeNodes {
  readonly #store: LogStore;
  /** By level; none is ever full, and that of level 0 is not stored. */
  #edges: Edge[];
  readonly #remembered = new Map<string, TileNodes>();
  /** How many entries the full tiles of level 0 cover. */
  #tiled: number;
  /** One step after the other: two at once would add the same entries twice. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(store: LogStore, tiled: number, edges: Edge[]) {
    this.#store = store;
    this.#tiled = tiled;
    this.#edges = edges;
  }

  /** The tree as far as its tiles are stored; from nothing, to be derived anew, where one of them is missing. */
  static async open(store: LogStore): Promise<LogTree> {
    const { tiled, edges } = await readTiles(store);
    return new LogTree(store, tiled, edges);
  }

  /** How many entries it covers. */
  get size(): number {
    return this.#tiled + this.#edge(0).hashes.length / hashBytes;
  }

  /**
   * Resolves when the tree covers the log's first `size` entries, as the log has them now; it must have them.
   *
   * Rejects with RecordDamaged when the stored tiles and the entries do not fit together.
   */
  async reach(size: number): Promise<void> {
    if (size <= this.size) await this.#inTurn(() => this.#confirm(size));
    while (this.size < size) await this.#inTurn(() => this.#step(size));
  }

  /** The root hash over the first entries, size of them, which the tree must cover. */
  root(size: number): Promise<Buffer> {
    return rootAt(size, this);
  }

  async node(level: number, index: number): Promise<Buffer> {
    const place = placeOfNode(level, index);
    const tile = await this.#tile(place.level, place.index);
    return tile.node(place.height, place.within);
  }

  /**
   * The first hashes of a tile, `width` of them, which the tree must cover.
   *
   * @param records where tiles are read, if elsewhere than where the tree has its own
   */
  async hashes(level: number, index: number, width: number, records?: Pick<TileRecords, "tile">): Promise<Buffer> {
    const hashes = this.#isEdge(level, index) ? this.#edge(level).hashes : await this.#stored(level, index, records);
    return hashes.subarray(0, width * hashBytes);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Sees to it that the last of the first `size` entries is still the one that the tree was made of. */
  async #confirm(size: number): Promise<void> {
    if (size > 0 && size <= this.size) await this.#join(size, await this.#leaves(size - 1, size));
  }

  /** Adds entries up to the end of the tile, or to the goal: one turn's work, so that no request waits for long. */
  async #step(goal: number): Promise<void> {
    const from = this.size;
    if (from >= goal) return;
    const leaves = await this.#leaves(Math.max(from - 1, 0), Math.min(this.#tiled + tileHashes, goal));
    if (!(await this.#join(from, leaves))) return;
    const added = from === 0 ? leaves : leaves.slice(1);
    if (added.length === 0) throw new Error(`the log ends at ${from} and should have ${goal} entries`);
    const hashes = Buffer.concat([this.#edge(0).hashes, ...added]);
    if (hashes.length === fullTileBytes) await this.#moveUp(hashes);
    else this.#edges[0] = edgeOf(hashes);
    await nextTurn();
  }

  async #leaves(from: number, to: number): Promise<Buffer[]> {
    return (await this.#store.entries(from, to)).map((entry) => hashLeaf(printEntry(entry)));
  }

  /**
   * Whether the tree's first `size` entries are followed by what was read.
   *
   * @param leaves as they are now, beginning with the last of those entries
   */
  async #join(size: number, [last]: readonly Buffer[]): Promise<boolean> {
    if (size === 0 || last?.equals(await this.node(0, size - 1))) return true;
    const { tiled, edges } = await readTiles(this.#store);
    if (tiled >= size) throw new RecordDamaged(size - 1, "its entry and the log's tree do not fit together");
    this.#tiled = tiled;
    this.#edges = edges;
    this.#remembered.clear();
    return false;
  }

  /** Stores a full tile of level 0 and, above it, the rows that its hash makes longer; only then are they of the tree. */
  async #moveUp(hashes: Buffer): Promise<void> {
    const tiles: Tile[] = [this.#rowOf(0, hashes)];
    for (let row = tiles[0]; row?.hashes.length === fullTileBytes; row = tiles.at(-1)) {
      const above = row.level + 1;
      const hash = new TileNodes(row.hashes).node(8, 0);
      tiles.push(this.#rowOf(above, Buffer.concat([this.#edge(above).hashes, hash])));
    }
    await this.#store.saveTiles(tiles);
    for (const { level, hashes } of tiles) {
      this.#edges[level] = hashes.length === fullTileBytes ? noEdge : edgeOf(hashes);
    }
    this.#tiled += tileHashes;
  }

  #rowOf(level: number, hashes: Buffer): Tile {
    return { level, index: this.#edgeIndex(level), hashes };
  }

  #edge(level: number): Edge {
    return this.#edges[level] ?? noEdge;
  }

  #edgeIndex(level: number): number {
    return Math.floor(this.#tiled / tileHashes ** (level + 1));
  }

  #isEdge(level: number, index: number): boolean {
    return index === this.#edgeIndex(level);
  }

  async #tile(level: number, index: number): Promise<TileNodes> {
    if (this.#isEdge(level, index)) return this.#edge(level).nodes;
    const name = `${level}/${index}`;
    const tile = this.#remembered.get(name) ?? new TileNodes(await this.#stored(level, index));
    // Put in anew, it is the last to be forgotten.
    this.#remembered.delete(name);
    this.#remembered.set(name, tile);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > rememberedTiles && oldest !== undefined) this.#remembered.delete(oldest);
    return tile;
  }

  async #stored(level: number, index: number, records: Pick<TileRecords, "tile"> = this.#store): Promise<Buffer> {
    const hashes = await records.tile(level, index);
    if (hashes?.length === fullTileBytes) return hashes;
    throw new TileMissing(
      `Tile ${level}/${index} of the log is missing or cut off; \`saywhen log rebuild\` makes it anew.`,
    );
  }
}

/** What is derived from the log's entries is not there. */
export class TileMissing extends Error {
  override readonly name = "TileMissing";
}

async function readTiles(store: LogStore): Promise<{ readonly tiled: number; readonly edges: Edge[] }> {
  const tiled = await store.tiled();
  const edges = [noEdge];
  for (let count = tiled / tileHashes; count > 0; count = Math.floor(count / tileHashes)) {
    const width = (count % tileHashes) * hashBytes;
    const row = width === 0 ? noEdge.hashes : await store.tile(edges.length, Math.floor(count / tileHashes));
    if (row === undefined || row.length < width) return { tiled: 0, edges: [noEdge] };
    edges.push(edgeOf(row.subarray(0, width)));
  }
  return { tiled, edges };
}

function edgeOf(hashes: Buffer): Edge {
  return { hashes, nodes: new TileNodes(hashes) };
}
