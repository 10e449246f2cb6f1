import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { commitmentOf } from "../../audit/verify-receipt.ts";
import type { Change, ChangeKind, Draft } from "../../domain/change.ts";
import type { Stream } from "../../domain/stream.ts";
import type { AddressSuppressions } from "../../domain/suppression.ts";
import { type ChangeRow, isErased } from "../../service/change-row.ts";
import { type Opening, RecordDamaged } from "../../service/store.ts";
import { changeText } from "../change-text.ts";
import type { Digest } from "../digest.ts";
import { appended, type HeadRow, openingOf, type StreamRow } from "../stored-change.ts";
import { blankSql, changeColumns } from "./change-row.ts";
import { Recent } from "../recent.ts";
import { newSalt } from "../salts.ts";
import { type Committed, LogTail } from "./log-tail.ts";

/** Characters of stored text in one generation of remembered heads; two generations of parsed ones take some 192 MiB. */
const rememberedTextMax = 24 * 1024 * 1024;

/** Subjects read at once, between two turns of the event loop, when all are read: about a millisecond of work. */
const pageSize = 200;

/** A stream's newest change. */
interface Head {
  /** The stream's row. */
  readonly row: number;
  readonly change: Change;
  /** Of the stored text, in characters: the measure of what the change takes in memory. */
  readonly size: number;
}

/** What is remembered of a stream that has no changes, or none that are left: nobody's address was ever stopped, mostly. */
interface Absence {
  readonly change?: undefined;
  /** As if it had so many characters: it takes in memory what its stream's name takes. */
  readonly size: number;
}

const absence: Absence = { size: 64 };

/** Where the log ends: the next change's position, and the time (ms) of the last. */
export interface LogEnd {
  readonly next: number;
  readonly at: number;
}

/** One moment: in milliseconds since 1970, and in RFC 3339. */
export interface Time {
  readonly ms: number;
  readonly text: string;
}

const endSql = "SELECT position + 1 AS next, at FROM change ORDER BY position DESC LIMIT 1";
const headSql =
  `SELECT ${changeColumns}, CAST(stream.id AS REAL) AS row, CAST(head AS REAL) AS head ` +
  "FROM stream LEFT JOIN change ON position = head WHERE digest = ?";
const changeSql = `SELECT ${changeColumns} FROM change WHERE position = ?`;
const linkSql =
  "SELECT CAST(position AS REAL) AS position, CAST(at AS REAL) AS at, CAST(stream AS REAL) AS stream, " +
  "CAST(previous AS REAL) AS previous FROM change WHERE position = ?";
const streamSql = "SELECT CAST(id AS REAL) AS row, CAST(head AS REAL) AS head FROM stream WHERE digest = ?";
const positionsSql = "SELECT position FROM change WHERE stream = ? ORDER BY position";
const addChangeSql =
  "INSERT INTO change (position, at, stream, previous, kind, salt, commitment, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const addStreamSql = "INSERT INTO stream (digest, head) VALUES (?, ?)";
const moveHeadSql = "UPDATE stream SET head = ? WHERE id = ?";
const dropStreamSql = "UPDATE stream SET digest = NULL WHERE id = ?";
const headPageSql =
  "SELECT CAST(stream.id AS REAL) AS row, CAST(head AS REAL) AS head FROM stream LEFT JOIN change ON position = head " +
  "WHERE stream.id > ? AND (kind IN (?, ?) OR kind IS NULL) AND digest IS NOT NULL ORDER BY stream.id LIMIT ?";

// By the first change of each stream of suppressions, of which there is an index.
const suppressedPageSql =
  "SELECT CAST(stream.id AS REAL) AS row, CAST(head AS REAL) AS head FROM change AS first JOIN stream ON id = first.stream " +
  "WHERE first.kind = 'suppression' AND first.previous IS NULL AND first.stream > ? ORDER BY first.stream LIMIT ?";

/** One kind of change, or two. */
type Kinds = readonly [ChangeKind, ChangeKind?];

/** What a change's row says of its place, without what it says of its subject. */
type Link = Pick<ChangeRow, "at" | "position" | "previous" | "stream">;

/** The log of changes and its heads. Writes are to be made inside a transaction, and `settle` called after it. */
export class Changes {
  readonly #digest: Digest;
  readonly #end: StatementSync;
  readonly #head: StatementSync;
  readonly #change: StatementSync;
  readonly #link: StatementSync;
  readonly #stream: StatementSync;
  readonly #positions: StatementSync;
  readonly #addChange: StatementSync;
  readonly #addStream: StatementSync;
  readonly #moveHead: StatementSync;
  readonly #dropStream: StatementSync;
  readonly #blank: StatementSync;
  readonly #headPage: StatementSync;
  readonly #suppressedPage: StatementSync;
  /** What is committed. */
  #remembered = new Recent<Stream, Head | Absence>(rememberedTextMax);
  /** Where the log ends by what this process has written; unknown at first. */
  #next: number | undefined;
  /** What the transaction that is under way has appended to each stream; undefined for one that it has erased. */
  #changed = new Map<Stream, Head | undefined>();
  /** What it has appended, in the order of the log, and the rows of the streams that it has erased. */
  #appended: Committed[] = [];
  #erased = new Set<number>();
  /** The last of what is committed. */
  readonly tail = new LogTail();

  constructor(db: DatabaseSync, digest: Digest) {
    this.#digest = digest;
    this.#end = db.prepare(endSql);
    this.#head = db.prepare(headSql);
    this.#change = db.prepare(changeSql);
    this.#link = db.prepare(linkSql);
    this.#stream = db.prepare(streamSql);
    this.#positions = db.prepare(positionsSql);
    this.#addChange = db.prepare(addChangeSql);
    this.#addStream = db.prepare(addStreamSql);
    this.#moveHead = db.prepare(moveHeadSql);
    this.#dropStream = db.prepare(dropStreamSql);
    this.#blank = db.prepare(blankSql);
    this.#headPage = db.prepare(headPageSql);
    this.#suppressedPage = db.prepare(suppressedPageSql);
  }

  end(): LogEnd {
    const end = (this.#end.get() as LogEnd | undefined) ?? { next: 0, at: 0 };
    // The lock keeps every other writer out. Should one have come in all the same, what is remembered may be stale.
    if (this.#next !== undefined && end.next !== this.#next) {
      this.#remembered = new Recent(rememberedTextMax);
      this.tail.clear();
    }
    this.#next = end.next;
    return end;
  }

  /** A stream's newest change, those of the transaction under way included; undefined when there is none. */
  head(stream: Stream): Head | undefined {
    if (this.#changed.has(stream)) return this.#changed.get(stream);
    const known = this.#remembered.get(stream);
    if (known !== undefined) return known.change && known;
    const stored = this.#head.get(this.#digest(stream)) as HeadRow | undefined;
    if (stored === undefined) {
      this.#remembered.set(stream, absence);
      return undefined;
    }
    if (stored.position === null) throw new RecordDamaged(stored.head, "it is missing");
    const { change } = openingOf(stored);
    if (change.stream !== stream || stored.stream !== stored.row)
      throw new RecordDamaged(change.position, "its stream's row leads to another's change");
    const head: Head = { row: stored.row, change, size: stored.body.length };
    this.#remembered.set(stream, head);
    return head;
  }

  /** The change at a position; undefined past the end of the log. */
  at(position: number): Opening | "erased" | undefined {
    const row = this.#row(position);
    return row === undefined ? undefined : isErased(row) ? "erased" : openingOf(row);
  }

  /** The newest change of a stream that is not erased. */
  headOf(stream: StreamRow): Change {
    return openingOf(this.#headRow(stream)).change;
  }

  /** A stream's newest change among the first `count` of the log. */
  headAmong(count: number, stream: Stream): Change | undefined {
    const newest = this.head(stream)?.change;
    if (newest === undefined || newest.position < count) return newest;
    const then = this.#before(count, this.#linkAt(newest.position));
    return then === undefined ? undefined : this.#changeOf(stream, then);
  }

  /** A stream's changes, the newest first; undefined when `from` is not one of them. */
  history(stream: Stream, limit: number, from?: number): Change[] | undefined {
    const found: Change[] = [];
    let position = from ?? this.head(stream)?.change.position;
    while (position !== undefined && found.length < limit) {
      const opening = this.at(position);
      if (opening === undefined || opening === "erased" || opening.change.stream !== stream) {
        if (found.length === 0 && from !== undefined) return undefined;
        throw new RecordDamaged(position, `it is not of the stream of the change that follows it`);
      }
      found.push(opening.change);
      position = opening.change.previous;
    }
    return found;
  }

  /** How many changes have a time up to `ms`, found by halving: times never go back. */
  countUntil(ms: number): number {
    let low = 0;
    let high = this.end().next;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#linkAt(middle).at <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The positions of a stream's changes, in their order: what the changes say is not looked at, damaged or not. */
  positions(stream: Stream): number[] {
    const found = this.#streamRow(stream);
    return found === undefined ? [] : this.#positionsOf(found);
  }

  /**
   * Appends one change at the end of the log.
   *
   * @returns the change, and its stream's row
   */
  append(draft: Draft, position: number, time: Time): { readonly change: Change; readonly row: number } {
    const body = changeText(draft, time.text);
    const before = this.head(draft.stream);
    const row = before?.row ?? Number(this.#addStream.run(this.#digest(draft.stream), position).lastInsertRowid);
    const previous = before?.change.position;
    const salt = newSalt();
    const commitment = commitmentOf(salt, body);
    this.#addChange.run(position, time.ms, row, previous ?? null, draft.kind, salt, commitment, body);
    if (before !== undefined) this.#moveHead.run(position, row);
    // The draft's own document, not what parsing the text would give: that is the same, by the contract of Draft, and
    // made a write a third dearer.
    const change = appended(draft, position, time.text, previous);
    this.#changed.set(draft.stream, { row, change, size: body.length });
    this.#appended.push({ logged: { position, place: row, commitment, change }, size: body.length });
    return { change, row };
  }

  /**
   * Takes from a stream's changes all that they say, and from the stream its name: also where they are damaged.
   *
   * @returns the stream's row; undefined when it has no changes
   */
  erase(stream: Stream): number | undefined {
    const found = this.#streamRow(stream);
    if (found === undefined) return undefined;
    for (const position of this.#positionsOf(found)) this.#blank.run(position);
    this.#dropStream.run(found.row);
    this.#erased.add(found.row);
    this.#changed.set(stream, undefined);
    return found.row;
  }

  /** The transaction is over: what it changed is remembered when it was committed, and forgotten otherwise. */
  settle(committed: boolean): void {
    for (const [stream, head] of this.#changed) {
      if (committed && head !== undefined) this.#remember(stream, head);
      else this.#remembered.delete(stream);
    }
    if (committed) {
      for (const appended of this.#appended) this.tail.add(appended);
      this.tail.erase(this.#erased);
    }
    this.#changed = new Map();
    this.#appended = [];
    this.#erased = new Set();
  }

  /**
   * The newest preferences of every subject as of the log's end at this moment. Nothing is held meanwhile: as nothing
   * is ever overwritten, a stream that has moved on since is followed back. One that is erased meanwhile is left out.
   */
  async *everyPreferences(): AsyncGenerator<Change> {
    const end = this.end().next;
    for await (const head of this.#headsOf(["preferences"])) {
      const then = this.#before(end, head);
      if (then === undefined) continue;
      const { change } = openingOf(head);
      yield then === change.position ? change : this.#changeOf(change.stream, then);
    }
  }

  /** Every stream of every subject, in the order in which they first came. */
  async *everySubjectStream(): AsyncGenerator<Stream> {
    for await (const head of this.#headsOf(["preferences", "directory"])) yield openingOf(head).change.stream;
  }

  /** The newest change of every stream of suppressions, in the order in which they first came. */
  async *everySuppressed(after?: Stream<AddressSuppressions>): AsyncGenerator<Change<AddressSuppressions>> {
    const start = after === undefined ? 0 : this.#streamRow(after)?.row;
    for await (const head of this.#heads(this.#suppressedPage, [], start))
      yield openingOf(head).change as Change<AddressSuppressions>;
  }

  #headsOf([kind, other = kind]: Kinds): AsyncGenerator<ChangeRow> {
    return this.#heads(this.#headPage, [kind, other]);
  }

  /**
   * The newest changes of streams, without those erased meanwhile.
   *
   * @param pages selects the streams after a row
   * @param start the row after which it begins
   */
  async *#heads(pages: StatementSync, kinds: readonly ChangeKind[], start = 0): AsyncGenerator<ChangeRow> {
    let after = start;
    for (;;) {
      const page = pages.all(after, ...kinds, pageSize) as unknown as StreamRow[];
      for (const stream of page) {
        const row = this.#headRow(stream);
        if (!isErased(row)) yield row;
      }
      if (page.length < pageSize) return;
      after = page.at(-1)?.row ?? after;
      await nextTurn();
    }
  }

  #remember(stream: Stream, head: Head): void {
    this.#remembered.set(stream, head);
    this.#next = Math.max(this.#next ?? 0, head.change.position + 1);
  }

  /** The position of the stream's newest change before `end`, by the chain that one of its changes begins. */
  #before(end: number, newest: Link): number | undefined {
    let link: Link | undefined = newest;
    while (link !== undefined && link.position >= end) link = this.#linkBefore(link);
    return link?.position;
  }

  #linkBefore({ position, previous, stream }: Link): Link | undefined {
    if (previous === null) return undefined;
    const link = previous < position ? (this.#link.get(previous) as Link | undefined) : undefined;
    if (link?.stream !== stream)
      throw new RecordDamaged(position, "the one that it names as its stream's change before it is not that");
    return link;
  }

  #streamRow(stream: Stream): StreamRow | undefined {
    return this.#stream.get(this.#digest(stream)) as StreamRow | undefined;
  }

  /** By the chain of its changes; where that is broken, by looking at every change there is. */
  #positionsOf(stream: StreamRow): number[] {
    return this.#chain(stream) ?? this.#positions.all(stream.row).map(({ position }) => position as number);
  }

  /** Undefined when a change is missing, or is not of the stream of the one that follows it. */
  #chain({ row, head }: StreamRow): number[] | undefined {
    const positions: number[] = [];
    let next: number | null = head;
    while (next !== null) {
      const link = this.#link.get(next) as Link | undefined;
      if (link?.stream !== row || (link.previous ?? -1) >= next) return undefined;
      positions.push(next);
      next = link.previous;
    }
    return positions.reverse();
  }

  #row(position: number): ChangeRow | undefined {
    return this.#change.get(position) as ChangeRow | undefined;
  }

  #headRow({ row: stream, head }: StreamRow): ChangeRow {
    const row = this.#row(head);
    if (row === undefined) throw new RecordDamaged(head, "it is missing");
    if (row.stream !== stream) throw new RecordDamaged(head, "another stream's row leads to it");
    return row;
  }

  /** The change at a position to which a stream's chain leads. */
  #changeOf(stream: Stream, position: number): Change {
    const row = this.#row(position);
    if (row === undefined) throw new RecordDamaged(position, "it is missing");
    const { change } = openingOf(row);
    if (change.stream !== stream) throw new RecordDamaged(position, "it stands in another stream than its own");
    return change;
  }

  #linkAt(position: number): Link {
    const link = this.#link.get(position) as Link | undefined;
    if (link === undefined) throw new RecordDamaged(position, "it is missing");
    return link;
  }
}
