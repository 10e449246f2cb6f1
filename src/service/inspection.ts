import type { ChangeRow } from "./change-row.ts";
import type { LogIdentity } from "./log-store.ts";

/**
 * All that a storage holds of the log and of what is derived from it, as it stands there, for whoever verifies it: of
 * one moment, damaged or not, and in pieces, so that memory stays bounded.
 *
 * Every call rejects with StorageDamaged when what it asks for cannot be read because the storage's own structure is
 * damaged.
 */
export interface Inspection {
  /** What the storage itself finds wrong with its structure. */
  faults(): Promise<StorageFault[]>;

  /** The position after the last; 0 for an empty log. */
  size(): Promise<number>;

  /** Every change, in the order of the positions. */
  changes(): AsyncIterable<readonly ChangeRow[]>;

  /** The changes that name keys, of kinds `continuation` and `marking`, in the order of the positions; few. */
  keyChanges(): Promise<ChangeRow[]>;

  /** Every stream, in the order of their numbers. */
  streams(): AsyncIterable<readonly StreamRow[]>;

  /** Every pair of an address and a stream that has it. */
  addresses(): AsyncIterable<readonly AddressRow[]>;

  /** Every entry of the directory. */
  directory(): AsyncIterable<readonly DirectoryRow[]>;

  directorySizes(): Promise<readonly DirectorySizeRow[]>;

  /** Every code of a stream's change that is kept, and every name that stands where one may be kept; in any order. */
  codes(): AsyncIterable<readonly CodeRow[]>;

  /** Which tiles are stored, in the order of level and index. */
  tiles(): AsyncIterable<readonly TileRow[]>;

  /** The hashes of one tile; undefined when it is not stored. */
  tile(level: number, index: number): Promise<Buffer | undefined>;

  /** Every identity that the log has had, the one in force last. */
  identities(): Promise<LogIdentity[]>;

  /** The digest under which a name or an address stands in this storage: 16 bytes. */
  digest(text: string): Uint8Array;
}

/** What can be inspected. */
export interface Inspectable {
  /** What is there now; nothing may be written while it is in use. */
  inspection(): Inspection;
}

/** Something that the storage finds wrong with itself. */
export interface StorageFault {
  readonly what: string;
  /** Whether only what speeds lookups up is wrong, which deriving it anew mends. */
  readonly isDerived: boolean;
}

export interface StreamRow {
  readonly number: number;
  /** Of its name; null once it was erased. */
  readonly digest: Uint8Array | null;
  /** The position of its newest change. */
  readonly head: number;
}

export interface AddressRow {
  readonly digest: Uint8Array;
  readonly stream: number;
}

export interface DirectoryRow {
  readonly kind: string;
  readonly id: number;
  readonly stream: number;
  /** The digest of the e-mail address. */
  readonly email: Uint8Array | null;
}

export interface DirectorySizeRow {
  readonly kind: string;
  /** How many entries there are. */
  readonly entries: number;
  /** Free ids are sought above it: a new entry raises it by one, or to its own id where that was sought here. */
  readonly ever: number;
}

export interface CodeRow {
  /** That of the stream. */
  readonly place: number;
  /** That of the change; null where no code is kept. */
  readonly position: number | null;
  /** Null where there is none, all zeros where no code is kept. */
  readonly name: Uint8Array | null;
  /** What the code says; null where none is kept. */
  readonly said: Uint8Array | null;
}

export interface TileRow {
  readonly level: number;
  readonly index: number;
}

/** The storage's own structure is damaged, so that something in it cannot be read. */
export class StorageDamaged extends Error {
  override readonly name = "StorageDamaged";
}
