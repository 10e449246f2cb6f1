import type { Change, Draft } from "../domain/change.ts";
import type { OrganisationEntry, UserEntry } from "../domain/directory.ts";
import type { Stream } from "../domain/stream.ts";
import type { AddressSuppressions } from "../domain/suppression.ts";

/**
 * What is recorded, to be read: by the process that serves, and by commands beside it.
 *
 * The sentences of these doc comments are the titles of the contract suite (test/contract/store.ts), which runs on
 * every storage.
 *
 * A change is compared with its entry in the log whenever it is read from the storage; one that does not fit is never
 * answered: the call rejects with RecordDamaged.
 */
export interface Records {
  /**
   * The newest change of each stream, in the order asked; undefined for a stream without changes.
   * They are of one moment: no write lies between them.
   */
  newest<const Streams extends readonly Stream[]>(streams: Streams): Promise<NewestOf<Streams>>;

  /**
   * The newest change of each stream among the first `count` changes of the log, in the order asked: what was known when
   * the log had that many. What was erased since is not answered.
   */
  newestAmong<const Streams extends readonly Stream[]>(count: number, streams: Streams): Promise<NewestOf<Streams>>;

  /** How many changes had been recorded by an instant (in milliseconds since 1970), those of that instant included. */
  countUntil(ms: number): Promise<number>;

  /**
   * A stream's changes, the newest first: at most `limit`, beginning with its newest, or with the one at `from`.
   * Undefined when the change at `from` is not one of the stream's.
   */
  history<Document>(stream: Stream<Document>, limit: number, from?: number): Promise<Change<Document>[] | undefined>;

  /**
   * The change at a position, with what opens its entry's commitment; `erased` when it went with its subject.
   * Undefined when the log has no such position.
   */
  opening(position: number): Promise<Opening | "erased" | undefined>;

  /** The id of the user who has this e-mail address, compared in lower case. */
  userWithEmail(email: string): Promise<number | undefined>;

  /** Users' entries in the order of their ids, and how many there are in all. */
  users(page: Page): Promise<Listing<UserEntry>>;

  /** Organisations' entries in the order of their ids, and how many there are in all. */
  organisations(page: Page): Promise<Listing<OrganisationEntry>>;

  /**
   * The newest changes of the streams of all subjects whose document holds, or once held, this address (in its normal
   * form), in the order in which they first came: at most `limit`, with `after` those after this place.
   */
  newestWithAddress(normal: string, limit: number, after?: number): Promise<PlacedChange[]>;

  /**
   * The newest preferences change of every subject, in the order in which the subjects first came; a snapshot of one
   * moment, read in pieces so that memory stays bounded and writes go on meanwhile.
   */
  everyPreferences(): AsyncIterable<Change>;

  /** Every stream of every subject, in the order in which they first came; read in pieces, so that writes go on meanwhile. */
  everySubjectStream(): AsyncIterable<Stream>;

  /**
   * The newest change of every stream of suppressions, in the order in which they first came; read in pieces, so that
   * writes go on meanwhile. With `after`: of those that came after this one, which has changes.
   */
  everySuppressed(after?: Stream<AddressSuppressions>): AsyncIterable<Change<AddressSuppressions>>;

  /**
   * The newest change of every stream with its place, in the order of the places; read in pieces, each of one moment, so
   * that writes go on meanwhile. Streams that were erased before their piece was read are left out.
   */
  everyNewest(): AsyncIterable<readonly NewestChange[]>;

  /**
   * What the log has from a position on, in its order and without gaps: at most `limit` changes. When there are fewer,
   * they reach the log's end: everything that was acknowledged before the call is among them.
   */
  changesFrom(position: number, limit: number): Promise<LoggedChange[]>;

  /** The log's last change; undefined while there is none. */
  last(): Promise<LastChange | undefined>;

  /** The places of the streams to which the changes at these positions belong, erased or not; each once. */
  placesOf(positions: readonly number[]): Promise<number[]>;

  /** The positions of all changes of a stream, in their order; also of those that are damaged. */
  positions(stream: Stream): Promise<number[]>;

  /** Finishes the writes that were handed over, then lets go of the storage. */
  close(): Promise<void>;
}

/** A stream's change, with the stream's place: its number in the order in which streams first came, on every node. */
export interface PlacedChange {
  readonly place: number;
  readonly change: Change;
}

/** A stream's newest change, as whoever follows the log reads it. */
export interface NewestChange extends PlacedChange {
  /** As in LastChange. */
  readonly commitment: Buffer;
}

/** Where the log ends. */
export interface LastChange {
  readonly position: number;
  /** What stands in its entry: tells it from another that a database, set back, has in the same position. */
  readonly commitment: Buffer;
}

/** What the log has at a position. */
export interface LoggedChange {
  readonly position: number;
  /** That of its stream; one that was erased has it still. */
  readonly place: number;
  /** As in LastChange. */
  readonly commitment: Buffer;
  /** Undefined when it went with its subject. */
  readonly change: Change | undefined;
}

/** What tells of the past: what was recorded, and what counted then. It may be read elsewhere than where it is written. */
export type PastRecords = Pick<Records, "countUntil" | "history" | "newest" | "newestAmong" | "opening" | "positions">;

/** The log of changes and what is derived from it, to be read and written. */
export interface Store extends Records {
  /**
   * Runs a write's step on the newest state and appends the changes that it answers with.
   *
   * Order: writes run one after the other; each sees what every write before it appended, on any node.
   * Durability: when the promise resolves, the changes survive `kill -9` and power loss.
   * Whole: either every change of a write is appended, at positions that follow each other, or none is.
   * Refusals: a step that refuses, or throws, leaves no trace and does not disturb the writes beside it.
   * Time: a change's time is never before that of the entry ahead of it.
   * Erasure: once the promise resolves, nobody is answered what the erased streams held; `scrubbed` tells of the files.
   * Rejects with StoreUnavailable when the storage cannot take writes; then nothing was appended.
   * Rejects with OutcomeUnknown when the storage broke off and nobody can tell whether anything was appended.
   */
  append<Refusal>(write: Write<Refusal>): Promise<Appended | Refused<Refusal>>;

  /**
   * Resolves when nothing that was erased is left in the storage's files, whichever call or process erased it.
   * PostgreSQL overwrites nothing in place: there it resolves once the tables were vacuumed, or after a while.
   * Rejects with StoreUnavailable when those who read the files hold that up for too long; it is finished by itself.
   */
  scrubbed(): Promise<void>;

  /** Resolves when the storage can be read and written; rejects with StoreUnavailable, saying why, when it cannot. */
  check(): Promise<void>;
}

/** The newest changes of some streams, each with its stream's kind of document. */
export type NewestOf<Streams extends readonly Stream[]> = {
  -readonly [Index in keyof Streams]: Streams[Index] extends Stream<infer Document>
    ? Change<Document> | undefined
    : never;
};

/** A write is a step, not a value: it is run on the newest state, once its turn has come, possibly more than once. */
export interface Write<Refusal> {
  /** The streams that the step will ask for; it may ask for no others. */
  readonly reads: readonly Stream[];
  /** The e-mail addresses whose owner the step will ask for, in lower case. */
  readonly emails?: readonly string[];
  /** The streams of which the step will ask for all positions: those that it may erase. */
  readonly positions?: readonly Stream[];
  /** The kinds of directory entry for which the step will ask a free id. */
  readonly ids?: readonly ("organisation" | "user")[];
  /** Pure: the same newest state gives the same answer. */
  readonly step: (newest: Newest) => Step<Refusal>;
}

/** The newest state, as a step sees it. */
export interface Newest {
  /** The time that the step's changes will carry (RFC 3339, UTC, milliseconds). */
  readonly at: string;
  change<Document>(stream: Stream<Document>): Change<Document> | undefined;
  userWithEmail(email: string): number | undefined;
  /** As they are in Records. */
  positions(stream: Stream): number[];
  /**
   * An id under which nothing is recorded: the first such above the number of entries that there ever were of this kind.
   * One that was given out before is never given out again, nor is one up to 1,000,000,000 whose subject was erased.
   */
  freeId(kind: "organisation" | "user"): number;
}

/** What a write comes to: at least one change, or a refusal. */
export type Step<Refusal> =
  | {
      readonly append: readonly [Draft, ...Draft[]];
      /**
       * The streams to be erased with it: their changes keep their places in the log and lose all that they say; their
       * addresses and directory entries are gone; the next change of such a stream is its first.
       */
      readonly erase?: readonly Stream[];
    }
  | { readonly refuse: Refusal };

/** A change with all that is needed to show what its entry in the log commits to. */
export interface Opening {
  readonly change: Change;
  /** The canonical JSON (RFC 8785) of the change, without its position. */
  readonly text: string;
  /** 32 bytes; SHA-256 over salt and text is the entry's commitment. */
  readonly salt: Buffer;
}

/** The changes of a write, as they now stand in the log. */
export interface Appended {
  /** What was appended, in the order of the step's drafts. */
  readonly changes: readonly [Change, ...Change[]];
}

/** A write whose step refused; nothing was appended. */
export interface Refused<Refusal> {
  readonly refused: Refusal;
}

/** Which part of a list is asked for: at most `limit` entries, after the first `offset`. */
export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** One page of a list, and how many entries the list has in all. */
export interface Listing<Entry> {
  readonly entries: readonly Entry[];
  readonly total: number;
}

/** The storage cannot answer now. Nothing was changed; the same call may succeed later. */
export class StoreUnavailable extends Error {
  override readonly name: string = "StoreUnavailable";
}

/**
 * The storage broke off while it appended, and nobody can tell yet whether the changes stand in the log. To send the same
 * again does no harm.
 */
export class OutcomeUnknown extends StoreUnavailable {
  override readonly name = "OutcomeUnknown";
}

/** A change does not fit its entry in the log: it was altered, or the disk lost some of it. It is answered to nobody. */
export class RecordDamaged extends Error {
  override readonly name = "RecordDamaged";
  readonly position: number;

  constructor(position: number, what: string) {
    super(`The change at position ${position} is damaged: ${what}. \`saywhen verify\` says more.`);
    this.position = position;
  }
}
