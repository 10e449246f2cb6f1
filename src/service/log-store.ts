import type { Entry } from "../audit/verify-receipt.ts";

/**
 * The log that proves the changes, as it is stored: entries, which every change has from the transaction that appends
 * it, and what is derived from them afterwards.
 */
export interface LogRecords {
  /** How many entries the log has: one for each change. */
  size(): Promise<number>;

  /** The entries of the positions from `from` up to, but not with, `to`; fewer where the log ends before. */
  entries(from: number, to: number): Promise<Entry[]>;

  /**
   * The hashes of one tile (C2SP tlog-tiles), 32 bytes each; undefined when it is not stored.
   * Level 0 holds full tiles only; of the levels above, the last tile may be partial.
   */
  tile(level: number, index: number): Promise<Buffer | undefined>;

  /** How many entries the full tiles of level 0 cover. */
  tiled(): Promise<number>;

  /** Every identity that the log has had, the one in force last. */
  identities(): Promise<LogIdentity[]>;
}

/** What the log's tiles and bundles are made of. It may be read elsewhere than where it is written. */
export type TileRecords = Pick<LogRecords, "entries" | "tile">;

/** What the log is stored in, to be written as well. */
export interface LogStore extends LogRecords {
  /** Adds or replaces tiles, all of them or none. A tile that is stored with more hashes stays as it is. */
  saveTiles(tiles: readonly Tile[]): Promise<void>;

  /**
   * Adds an identity, which is in force from then on. Where the log has another number of identities than the caller
   * believes, none is added. So of two who take one on at the same time, one does.
   *
   * @param after how many identities the log has, as the caller believes
   * @returns whether it was added
   */
  addIdentity(identity: LogIdentity, after: number): Promise<boolean>;

  /**
   * Keeps the last signed checkpoint of the identity in force; a smaller one than is kept changes nothing. Nor does one
   * of an identity that is no longer in force.
   *
   * @param origin that of the identity which has signed it
   */
  saveCheckpoint(checkpoint: SignedCheckpoint, origin: string): Promise<void>;
}

/** Under what name and key the log is signed. */
export interface LogIdentity {
  /** The checkpoints' first line, and the name of the key. */
  readonly origin: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Buffer;
  /** How many entries the log had when it took this identity on. */
  readonly since: number;
  /** The last checkpoint that was signed; absent before the first. */
  readonly checkpoint?: SignedCheckpoint;
}

/** A checkpoint, as a signed note, with the size that it says. */
export interface SignedCheckpoint {
  readonly size: number;
  readonly note: string;
}

/** Up to 256 hashes of one level of the tree. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Buffer;
}
