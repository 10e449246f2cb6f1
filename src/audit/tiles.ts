// Tiles and bundles of entries (c2sp.org/tlog-tiles).

/** How many hashes a full tile holds, and how many entries a full bundle. */
export const tileHashes = 256;

/** Which tile or bundle of its level is asked for. */
interface TileIndex {
  /** Counted from 0, as full ones. */
  readonly index: number;
  /** How many hashes or entries of it; tileHashes when it is full. */
  readonly width: number;
}

/**
 * Reads the end of a tile's path: `x001/x234/067` is the tile 1234067, `x001/x234/067.p/5` its first five hashes.
 *
 * @returns undefined when the path is not written exactly as the specification has it
 */
export function parseTileIndex(path: string): TileIndex | undefined {
  const [whole, thousands = "", last = "", part] =
    /^((?:x\d{3}\/){0,5})(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path) ?? [];
  const index = Number(`${thousands.replaceAll(/[x/]/g, "")}${last}`);
  const width = part === undefined ? tileHashes : Number(part);
  if (whole === undefined || thousands.startsWith("x000") || !Number.isSafeInteger(index)) return undefined;
  return part !== undefined && width >= tileHashes ? undefined : { index, width };
}

/** Which tile a node of the tree lies in, and where in it. */
interface NodePlace {
  /** The tile's level, and its index on that level. */
  readonly level: number;
  readonly index: number;
  /** The node's height above the tile's hashes, 0 to 7, and its index at that height within the tile. */
  readonly height: number;
  readonly within: number;
}

/** Where the node over the leaves [index·2^level, (index+1)·2^level) lies: a tile's hashes are eight levels apart. */
export function placeOfNode(level: number, index: number): NodePlace {
  const height = level % 8;
  const perTile = tileHashes / 2 ** height;
  return { level: (level - height) / 8, index: Math.floor(index / perTile), height, within: index % perTile };
}

/**
 * A bundle: entries one after the other, each behind its length as two bytes, the higher one first.
 *
 * @throws RangeError when an entry is longer than two bytes can say
 */
export function printBundle(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(entries.flatMap((entry) => [lengthOf(entry), entry]));
}

function lengthOf(entry: Uint8Array): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(entry.length);
  return bytes;
}
