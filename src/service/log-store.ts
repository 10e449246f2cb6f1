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

  /**
   * From where the database has come to be what it is; undefined where the storage cannot tell, or where nothing can be
   * written. A log without an identity records none.
   */
  lineage(): Promise<Lineage | undefined>;
}

/** What the log's tiles and bundles are made of. It may be read elsewhere than where it is written. */
export type TileRecords = Pick<LogRecords, "entries" | "tile">;

/** What the log is stored in, to be written as well. */
export interface LogStore extends LogRecords {
  /** Adds or replaces tiles, all of them or none. A tile that is stored with more hashes stays as it is. */
  saveTiles(tiles: readonly Tile[]): Promise<void>;

  /**
   * Adds an identity, which is in force from then on. Where the log has another number of identities than the caller
   * believes, none is added. So of two who take one on at the same time, one does. The present lineage is recorded with
   * it.
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

  /**
   * Records a lineage in which the log is known to be whole. One of an identity that is no longer in force changes
   * nothing.
   *
   * @param present as `lineage` answered before the log was looked at
   * @param origin that of the identity in force then
   */
  saveLineage(present: string, origin: string): Promise<void>;
}

/**
 * What a restored copy of a database, and a standby that took over, have of their own. So a process that cannot know by
 * itself whether all that was signed for is there, knows at least that somebody has to find out.
 */
export interface Lineage {
  readonly present: string;
  /** In which the log was last known to be whole. */
  readonly recorded: string | undefined;
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
