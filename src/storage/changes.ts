import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Change, Draft } from "../domain/change.ts";
import type { Stream } from "../domain/stream.ts";
import { changeText } from "./change-text.ts";
import { Recent } from "./recent.ts";

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

/** A change as it stands in its row. */
interface ChangeRow {
  readonly stream: number;
  readonly position: number;
  readonly previous: number | null;
  readonly body: string;
}

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
  "SELECT stream.id AS stream, position, previous, body FROM stream JOIN change ON position = head WHERE name = ?";
const addChangeSql = "INSERT INTO change (position, at, stream, previous, kind, body) VALUES (?, ?, ?, ?, ?, ?)";
const addStreamSql = "INSERT INTO stream (name, head) VALUES (?, ?)";
const moveHeadSql = "UPDATE stream SET head = ? WHERE id = ?";
const preferencesPageSql =
  "SELECT stream.id AS stream, position, previous, body FROM stream JOIN change ON position = head " +
  "WHERE stream.id > ? AND kind = 'preferences' ORDER BY stream.id LIMIT ?";
const changeSql = "SELECT stream, position, previous, body FROM change WHERE position = ?";

/** The log of changes and its heads. Writes are to be made inside a transaction, and `settle` called after it. */
export class Changes {
  readonly #end: StatementSync;
  readonly #head: StatementSync;
  readonly #addChange: StatementSync;
  readonly #addStream: StatementSync;
  readonly #moveHead: StatementSync;
  readonly #preferencesPage: StatementSync;
  readonly #change: StatementSync;
  /** What is committed. */
  #remembered = new Recent<Stream, Head>(rememberedTextMax);
  /** Where the log ends by what this process has written; unknown at first. */
  #next: number | undefined;
  /** What the transaction that is under way has appended. */
  #appended = new Map<Stream, Head>();

  constructor(db: DatabaseSync) {
    this.#end = db.prepare(endSql);
    this.#head = db.prepare(headSql);
    this.#addChange = db.prepare(addChangeSql);
    this.#addStream = db.prepare(addStreamSql);
    this.#moveHead = db.prepare(moveHeadSql);
    this.#preferencesPage = db.prepare(preferencesPageSql);
    this.#change = db.prepare(changeSql);
  }

  end(): LogEnd {
    const end = (this.#end.get() as LogEnd | undefined) ?? { next: 0, at: 0 };
    // The lock keeps every other writer out. Should one have come in all the same, what is remembered may be stale.
    if (this.#next !== undefined && end.next !== this.#next) this.#remembered = new Recent(rememberedTextMax);
    this.#next = end.next;
    return end;
  }

  /** A stream's newest change, those of the transaction under way included; undefined when there is none. */
  head(stream: Stream): Head | undefined {
    const known = this.#appended.get(stream) ?? this.#remembered.get(stream);
    if (known !== undefined) return known;
    const stored = this.#head.get(stream) as ChangeRow | undefined;
    if (stored === undefined) return undefined;
    const head: Head = { row: stored.stream, change: changeOf(stored), size: stored.body.length };
    this.#remembered.set(stream, head);
    return head;
  }

  /**
   * Appends one change at the end of the log.
   *
   * @param time the change's time in milliseconds, and the same in RFC 3339
   * @returns the change, and its stream's row
   */
  append(draft: Draft, position: number, time: Time): { readonly change: Change; readonly row: number } {
    const body = changeText(draft, time.text);
    const before = this.head(draft.stream);
    const row = before?.row ?? Number(this.#addStream.run(draft.stream, position).lastInsertRowid);
    const previous = before?.change.position;
    this.#addChange.run(position, time.ms, row, previous ?? null, draft.kind, body);
    if (before !== undefined) this.#moveHead.run(position, row);
    // The draft's own document, not what parsing the text would give: that is the same, by the contract of Draft, and
    // made a write a third dearer.
    const change = appended(draft, position, time, previous);
    this.#appended.set(draft.stream, { row, change, size: body.length });
    return { change, row };
  }

  /** The transaction is over: what it appended is remembered when it was committed, and forgotten otherwise. */
  settle(committed: boolean): void {
    for (const [stream, head] of committed ? this.#appended : []) {
      this.#remembered.set(stream, head);
      this.#next = Math.max(this.#next ?? 0, head.change.position + 1);
    }
    this.#appended = new Map();
  }

  /**
   * The newest preferences of every subject as of the log's end at this moment. Nothing is held meanwhile: as nothing
   * is ever overwritten, a stream that has moved on since is followed back.
   */
  async *everyPreferences(): AsyncGenerator<Change> {
    const end = this.end().next;
    let after = 0;
    for (;;) {
      const rows = this.#preferencesPage.all(after, pageSize) as unknown as ChangeRow[];
      for (const row of rows) {
        const then = this.#before(end, row);
        if (then !== undefined) yield changeOf(then);
      }
      if (rows.length < pageSize) return;
      after = rows.at(-1)?.stream ?? after;
      await nextTurn();
    }
  }

  /** The newest change of a row's stream before a position. */
  #before(end: number, row: ChangeRow): ChangeRow | undefined {
    let then: ChangeRow | undefined = row;
    while (then !== undefined && then.position >= end) {
      then = then.previous === null ? undefined : (this.#change.get(then.previous) as ChangeRow | undefined);
    }
    return then;
  }
}

/** The change that a draft has become: what reading it back would show. */
function appended(draft: Draft, position: number, time: Time, previous: number | undefined): Change {
  const { actor, client, document, evidence, kind, stream, trackingId } = draft;
  return {
    actor,
    at: time.text,
    client,
    document,
    kind,
    position,
    stream,
    ...(evidence === undefined ? undefined : { evidence }),
    ...(previous === undefined ? undefined : { previous }),
    ...(trackingId === undefined ? undefined : { trackingId }),
  };
}

/** The change that a row holds. */
function changeOf({ body, position, previous }: ChangeRow): Change {
  const change = JSON.parse(body) as { -readonly [Name in keyof Change]: Change[Name] };
  change.position = position;
  if (previous !== null) change.previous = previous;
  return change;
}
