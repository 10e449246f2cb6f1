import { setImmediate as nextTurn } from "node:timers/promises";
import { placeOfNode, tileHashes } from "../audit/tiles.ts";
import { rootAt, TileNodes, type TreeNodes } from "../audit/tree.ts";
import { hashLeaf, printEntry } from "../audit/verify-receipt.ts";
import type { LogStore, Tile } from "./log-store.ts";

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
 */
export class LogTree implements TreeNodes {
  readonly #store: LogStore;
  /** By level; none is ever full, and that of level 0 is not stored. */
  readonly #edges: Edge[];
  readonly #remembered = new Map<string, TileNodes>();
  /** How many entries the full tiles of level 0 cover. */
  #tiled: number;
  #advance: Promise<void> | undefined;

  private constructor(store: LogStore, tiled: number, edges: Edge[]) {
    this.#store = store;
    this.#tiled = tiled;
    this.#edges = edges;
  }

  /** The tree as far as its tiles are stored; from nothing, to be derived anew, where one of them is missing. */
  static async open(store: LogStore): Promise<LogTree> {
    const tiled = await store.tiled();
    const edges = [noEdge];
    for (let count = tiled / tileHashes; count > 0; count = Math.floor(count / tileHashes)) {
      const width = (count % tileHashes) * hashBytes;
      const row = width === 0 ? noEdge.hashes : await store.tile(edges.length, Math.floor(count / tileHashes));
      if (row === undefined || row.length < width) return new LogTree(store, 0, [noEdge]);
      edges.push(edgeOf(row.subarray(0, width)));
    }
    return new LogTree(store, tiled, edges);
  }

  /** How many entries it covers. */
  get size(): number {
    return this.#tiled + this.#edge(0).hashes.length / hashBytes;
  }

  /** Resolves when the tree covers the log's first `size` entries; the log must have them. */
  async reach(size: number): Promise<void> {
    while (this.size < size) {
      this.#advance ??= this.#step(size).finally(() => {
        this.#advance = undefined;
      });
      await this.#advance;
    }
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

  /** The first hashes of a tile, `width` of them, which the tree must cover. */
  async hashes(level: number, index: number, width: number): Promise<Buffer> {
    const hashes = this.#isEdge(level, index) ? this.#edge(level).hashes : await this.#stored(level, index);
    return hashes.subarray(0, width * hashBytes);
  }

  /** Adds entries up to the end of the tile, or to the goal: one turn's work, so that no request waits for long. */
  async #step(goal: number): Promise<void> {
    const from = this.size;
    const entries = await this.#store.entries(from, Math.min(this.#tiled + tileHashes, goal));
    if (entries.length === 0) throw new Error(`the log ends at ${from} and should have ${goal} entries`);
    const leaves = entries.map((entry) => hashLeaf(printEntry(entry)));
    const hashes = Buffer.concat([this.#edge(0).hashes, ...leaves]);
    if (hashes.length === fullTileBytes) await this.#moveUp(hashes);
    else this.#edges[0] = edgeOf(hashes);
    await nextTurn();
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

  async #stored(level: number, index: number): Promise<Buffer> {
    const hashes = await this.#store.tile(level, index);
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

function edgeOf(hashes: Buffer): Edge {
  return { hashes, nodes: new TileNodes(hashes) };
}
