import type { Entry } from "../../audit/verify-receipt.ts";
import type { ChangeRow } from "../../service/change-row.ts";
import type { DirectorySizeRow } from "../../service/inspection.ts";
import type { LogIdentity, Tile } from "../../service/log-store.ts";
import type { VerifiedLog } from "../../service/verify-log.ts";
import type { DerivedTables, ErasedLine } from "../derivation.ts";
import type { MoveMarks } from "../move-marks.ts";

/** Tables that are not derived from the changes: rows of few, with the same columns on every storage. */
export const plainTables = {
  client: ["id", "created_at", "revoked_at", "scopes", "secrets"],
  token: ["sha256", "client", "expires_at", "scopes"],
  log: ["number", "origin", "public_key", "since", "checkpoint_size", "checkpoint"],
} as const;

/** What a cell of those tables may hold. */
export type Cell = string | number | Uint8Array | null;

/** All the rows of those tables, each in the order of its columns. */
export type PlainRows = Readonly<Record<keyof typeof plainTables, readonly (readonly Cell[])[]>>;

/** How many rows there are of what is derived. */
export interface Counts {
  readonly streams: number;
  readonly addresses: number;
  readonly entries: number;
}

/** A log's entries, to be compared with those of another. */
export interface Entries {
  size(): Promise<number>;
  /** Those of the positions from `from` up to, but not with, `to`. */
  entries(from: number, to: number): Promise<Entry[]>;
}

/** What a database holds at one moment. */
export interface Snapshot extends Entries {
  readonly marks: MoveMarks;
  /** The changes from a position on, in their order. */
  changes(from: number): AsyncIterable<readonly ChangeRow[]>;
  /** Those of them that erase. */
  erasures(from: number): AsyncIterable<readonly ChangeRow[]>;
  identities(): Promise<LogIdentity[]>;
  directorySizes(): Promise<readonly DirectorySizeRow[]>;
  plainRows(): Promise<PlainRows>;
  counts(): Promise<Counts>;
  close(): Promise<void>;
}

/** A database whose log is to be moved away. */
export interface MoveSource {
  /** To be shown: without a password. */
  readonly name: string;
  snapshot(): Promise<Snapshot>;
  /**
   * Sees to it that nothing more is written to the log, and says in the database where it goes on.
   *
   * @param seen what the database said when this run began
   * @throws StoreInUse when a process serves a file
   * @throws MoveFailed when another run has closed it since
   */
  close(marks: MoveMarks, seen: MoveMarks): Promise<ClosedSource>;
  end(): Promise<void>;
}

/** A source that takes no more changes. */
export interface ClosedSource {
  /** Takes back what `close` has done, unless another run has closed it again since: then that one is to finish. */
  reopen(): Promise<void>;
  /** Leaves it as it is. */
  leave(): Promise<void>;
}

/** A database that is being filled. Whatever is written to it throws MoveFailed once another run has taken it over. */
export interface MoveTarget extends Entries {
  /** To be shown: without a password. */
  readonly name: string;
  marks(): Promise<MoveMarks>;
  /** Whether nothing was ever recorded in it. */
  isEmpty(): Promise<boolean>;
  /**
   * Says in the database that it is being filled, by this run alone.
   *
   * @param seen what the database said, while it was empty or being filled
   * @throws MoveFailed when that is so no longer
   */
  begin(marks: MoveMarks, seen: MoveMarks): Promise<void>;
  /** Runs work on its tables in one transaction; nobody else has added to the log of `size` entries meanwhile. */
  batch(size: number, work: (tables: DerivedTables) => Promise<void>): Promise<void>;
  /**
   * Takes out of it what changes said that an erasure names.
   *
   * @param positions of changes that are there
   * @returns the streams that they belong to
   */
  erase(positions: readonly number[]): Promise<readonly ErasedLine[]>;
  saveTiles(tiles: readonly Tile[]): Promise<void>;
  /** Puts rows in the place of those that are there, and counts the directory. */
  settle(rows: PlainRows, sizes: readonly DirectorySizeRow[]): Promise<void>;
  identities(): Promise<LogIdentity[]>;
  counts(): Promise<Counts>;
  /** Gets what was copied ready to be read. */
  tidy(): Promise<void>;
  verify(onProgress: (done: number, total: number) => void): Promise<VerifiedLog>;
  /** All of it is there: whoever serves it may. */
  finish(): Promise<void>;
  end(): Promise<void>;
}
