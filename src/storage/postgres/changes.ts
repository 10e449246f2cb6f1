import type { Change, ChangeKind } from "../../domain/change.ts";
import type { Stream } from "../../domain/stream.ts";
import type { AddressSuppressions } from "../../domain/suppression.ts";
import { type ChangeRow, isErased } from "../../service/change-row.ts";
import { type LoggedChange, type Opening, type NewestChange, RecordDamaged } from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import { type HeadRow, loggedIn, openingOf, placedIn } from "../stored-change.ts";
import { blankSql, changeColumns } from "./change-row.ts";
import type { Statements } from "./database.ts";

/** Subjects read at once when all are read. */
const pageSize = 200;

/** Streams read at once when what they say is taken over at once. */
const newestPageSize = 1000;

const sizeSql = "SELECT coalesce(max(position) + 1, 0) AS size FROM saywhen.change";
const changeSql = `SELECT ${changeColumns} FROM saywhen.change WHERE position = $1`;
const streamSql = "SELECT id, head FROM saywhen.stream WHERE digest = $1";
const countUntilSql = "SELECT saywhen.count_until($1) AS count";
const historySql =
  "WITH RECURSIVE chain AS (SELECT change.*, 1 AS place FROM saywhen.change WHERE position = $1 UNION ALL " +
  "SELECT change.*, place + 1 FROM chain JOIN saywhen.change ON change.position = chain.previous " +
  `WHERE place < $2 AND chain.previous < chain.position) SELECT ${changeColumns} FROM chain ORDER BY place`;
const chainSql =
  "WITH RECURSIVE chain AS (SELECT position, stream, previous FROM saywhen.change WHERE position = $1 UNION ALL " +
  "SELECT change.position, change.stream, change.previous FROM chain JOIN saywhen.change " +
  "ON change.position = chain.previous WHERE chain.previous < chain.position AND chain.position >= $2) " +
  "SELECT position, stream, previous FROM chain ORDER BY position DESC";
const positionsSql = "SELECT position FROM saywhen.change WHERE stream = $1 ORDER BY position";
const headPageSql =
  `SELECT id AS row, head, ${changeColumns} FROM (SELECT id, head FROM saywhen.stream WHERE id > $1 ` +
  "AND digest IS NOT NULL ORDER BY id LIMIT $2) AS line LEFT JOIN saywhen.change ON position = head ORDER BY id";
// By the first change of each stream of suppressions, of which there is an index. A page is found before anything is
// joined to it, as the planner might go through all streams otherwise.
const suppressedPageSql =
  `SELECT row, coalesce(head, begin) AS head, ${changeColumns} FROM (SELECT stream AS row, position AS begin ` +
  "FROM saywhen.change WHERE kind = 'suppression' AND previous IS NULL AND stream > $1 ORDER BY stream LIMIT $2) AS first " +
  "LEFT JOIN saywhen.stream ON id = row LEFT JOIN saywhen.change ON position = head ORDER BY row";
const changesSql = `SELECT ${changeColumns} FROM saywhen.change WHERE position >= $1 ORDER BY position LIMIT $2`;
const rowsSql = "SELECT DISTINCT stream FROM saywhen.change WHERE position = ANY($1)";
const dropStreamSql = "UPDATE saywhen.stream SET digest = NULL WHERE id = $1 AND digest = $2";

/** What a change's row says of its place, without what it says of its subject. */
type Link = Pick<ChangeRow, "position" | "previous" | "stream">;

/** A stream's row. */
export interface StreamRow {
  readonly id: number;
  /** The position of its newest change. */
  readonly head: number;
}

/** The log of changes, to be read, and erased from. */
export class Changes {
  readonly #statements: Statements;
  readonly #digest: Digest;

  constructor(statements: Statements, digest: Digest) {
    this.#statements = statements;
    this.#digest = digest;
  }

  /** The change at a position; undefined past the end of the log. */
  async at(position: number): Promise<Opening | "erased" | undefined> {
    const row = await this.#row(position);
    return row === undefined ? undefined : isErased(row) ? "erased" : openingOf(row);
  }

  /** A stream's newest change among the first `count` of the log. */
  headAmong(count: number, stream: Stream): Promise<Change | undefined> {
    return this.#ofStream(stream, undefined, (row) => this.#headBefore(count, stream, row));
  }

  /** A stream's changes, the newest first; undefined when `from` is not one of them. */
  history(stream: Stream, limit: number, from?: number): Promise<Change[] | undefined> {
    if (from !== undefined) return this.#historyFrom(from, stream, limit);
    return this.#ofStream(stream, [], async ({ head }) => {
      const changes = await this.#historyFrom(head, stream, limit);
      if (changes === undefined) throw new RecordDamaged(head, "it is missing, or not of the stream that leads to it");
      return changes;
    });
  }

  /** How many changes have a time up to `ms`. */
  async countUntil(ms: number): Promise<number> {
    const [row] = await this.#statements.rows<{ count: number }>(countUntilSql, [ms]);
    const count = row?.count ?? 0;
    if (count < 0) throw new RecordDamaged(-count - 1, "it is missing");
    return count;
  }

  /** The positions of a stream's changes, in their order: what the changes say is not looked at, damaged or not. */
  async positions(stream: Stream): Promise<number[]> {
    const row = await this.#streamRow(stream);
    return row === undefined ? [] : this.#positionsOf(row);
  }

  /**
   * Takes from a stream's changes all that they say, and from the stream its name: also where they are damaged.
   *
   * @returns the stream's row, and the tables whose rows were overwritten; undefined when it has no changes
   */
  async erase(stream: Stream): Promise<{ readonly id: number; readonly tables: string[] } | undefined> {
    const row = await this.#streamRow(stream);
    if (row === undefined) return undefined;
    const blanked = await this.#statements.rows<{ table: string }>(blankSql, [await this.#positionsOf(row)]);
    await this.#statements.rows(dropStreamSql, [row.id, this.#digest(stream)]);
    return { id: row.id, tables: [...new Set(blanked.map(({ table }) => table))] };
  }

  /** The newest preferences of every subject as of the log's end at this moment. One that is erased meanwhile is left out. */
  async *everyPreferences(): AsyncGenerator<Change> {
    const end = await sizeOf(this.#statements);
    for await (const head of this.#heads(headPageSql, ["preferences"])) {
      const { change } = openingOf(head);
      const row = { id: head.stream, head: head.position };
      const then =
        head.position < end
          ? change
          : await this.#standing(change.stream, row, () => this.#headBefore(end, change.stream, row));
      if (then !== undefined && then !== "gone") yield then;
    }
  }

  /** Every stream of every subject, in the order in which they first came. */
  async *everySubjectStream(): AsyncGenerator<Stream> {
    const kinds = ["preferences", "directory"] as const;
    for await (const head of this.#heads(headPageSql, kinds)) yield openingOf(head).change.stream;
  }

  /** The newest change of every stream of suppressions, in the order in which they first came. */
  async *everySuppressed(after?: Stream<AddressSuppressions>): AsyncGenerator<Change<AddressSuppressions>> {
    const start = after === undefined ? 0 : (await this.#streamRow(after))?.id;
    for await (const head of this.#heads(suppressedPageSql, ["suppression", "lift"], start))
      yield openingOf(head).change as Change<AddressSuppressions>;
  }

  /** The newest change of every stream with its place, in the order in which the streams first came. */
  async *everyNewest(): AsyncGenerator<readonly NewestChange[]> {
    for (let after = 0; ; ) {
      const page = await this.#statements.rows<HeadRow>(headPageSql, [after, newestPageSize]);
      yield page.map(placedIn);
      if (page.length < newestPageSize) return;
      after = page.at(-1)?.row ?? after;
    }
  }

  /** What the log has from a position on. */
  async from(position: number, limit: number): Promise<LoggedChange[]> {
    return (await this.#statements.rows<ChangeRow>(changesSql, [position, limit])).map(loggedIn);
  }

  /** The streams' rows to which these positions belong. */
  async rowsOf(positions: readonly number[]): Promise<number[]> {
    const rows = await this.#statements.rows<{ stream: number }>(rowsSql, [positions]);
    return rows.map(({ stream }) => stream);
  }

  /**
   * The newest changes of these kinds, without those erased meanwhile.
   *
   * @param pages selects the streams after a row
   * @param start the row after which it begins
   */
  async *#heads(pages: string, kinds: readonly ChangeKind[], start = 0): AsyncGenerator<ChangeRow> {
    let after = start;
    for (;;) {
      const page = await this.#statements.rows<HeadRow>(pages, [after, pageSize]);
      for (const row of page) {
        if (row.position === null) throw new RecordDamaged(row.head, "it is missing");
        if (row.stream !== row.row) throw new RecordDamaged(row.position, "another stream's row leads to it");
        if (kinds.some((kind) => kind === row.kind) && !isErased(row)) yield row;
      }
      if (page.length < pageSize) return;
      after = page.at(-1)?.row ?? after;
    }
  }

  /** What is read of a stream by its row; `none` where nothing is recorded of it. */
  async #ofStream<Value>(stream: Stream, none: Value, read: (row: StreamRow) => Promise<Value>): Promise<Value> {
    for (;;) {
      const row = await this.#streamRow(stream);
      if (row === undefined) return none;
      const value = await this.#standing(stream, row, () => read(row));
      if (value !== "gone") return value;
    }
  }

  /** What is read by a stream's row, unless the stream was erased meanwhile: what then looks damaged is not. */
  async #standing<Value>(stream: Stream, { id }: StreamRow, read: () => Promise<Value>): Promise<Value | "gone"> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof RecordDamaged && (await this.#streamRow(stream))?.id !== id) return "gone";
      throw error;
    }
  }

  /** A stream's newest change before `end`. */
  async #headBefore(end: number, stream: Stream, row: StreamRow): Promise<Change | undefined> {
    const then = await this.#before(end, row);
    return then === undefined ? undefined : this.#changeOf(stream, then);
  }

  /** A stream's changes, the newest first, from one of them on; undefined where that is not one of them. */
  async #historyFrom(first: number, stream: Stream, limit: number): Promise<Change[] | undefined> {
    const rows = await this.#statements.rows<ChangeRow>(historySql, [first, limit]);
    const changes: Change[] = [];
    for (const row of rows) {
      const opening = isErased(row) ? "erased" : openingOf(row);
      if (opening === "erased" || opening.change.stream !== stream) {
        if (changes.length === 0) return undefined;
        throw new RecordDamaged(row.position, "it is not of the stream of the change that follows it");
      }
      changes.push(opening.change);
    }
    if (rows.length === 0) return undefined;
    const next = changes.at(-1)?.previous;
    if (rows.length < limit && next !== undefined) throw new RecordDamaged(next, "it is missing");
    return changes;
  }

  /** The position of a stream's newest change before `end`. */
  async #before(end: number, { id, head }: StreamRow): Promise<number | undefined> {
    const chain = await this.#statements.rows<Link>(chainSql, [head, end]);
    return soundChain(chain, id, head, end).find((position) => position < end);
  }

  async #streamRow(stream: Stream): Promise<StreamRow | undefined> {
    const [row] = await this.#statements.rows<StreamRow>(streamSql, [this.#digest(stream)]);
    return row;
  }

  /** By the chain of its changes; where that is broken, by looking at every change there is. */
  async #positionsOf({ id, head }: StreamRow): Promise<number[]> {
    const chain = await this.#statements.rows<Link>(chainSql, [head, 0]);
    try {
      return soundChain(chain, id, head, 0).reverse();
    } catch (error) {
      if (!(error instanceof RecordDamaged)) throw error;
      const rows = await this.#statements.rows<{ position: number }>(positionsSql, [id]);
      return rows.map(({ position }) => position);
    }
  }

  async #row(position: number): Promise<ChangeRow | undefined> {
    const [row] = await this.#statements.rows<ChangeRow>(changeSql, [position]);
    return row;
  }

  /** The change at a position to which a stream's chain leads. */
  async #changeOf(stream: Stream, position: number): Promise<Change> {
    const row = await this.#row(position);
    if (row === undefined) throw new RecordDamaged(position, "it is missing");
    const { change } = openingOf(row);
    if (change.stream !== stream) throw new RecordDamaged(position, "it stands in another stream than its own");
    return change;
  }
}

/** How many changes there are. */
export async function sizeOf(statements: Statements): Promise<number> {
  const [row] = await statements.rows<{ size: number }>(sizeSql);
  return row?.size ?? 0;
}

/**
 * The positions of a chain, the newest first, down to the first that is before `end`, or to the stream's first.
 *
 * @throws RecordDamaged when a change is missing, or is not of the stream of the one that follows it
 */
function soundChain(chain: readonly Link[], stream: number, head: number, end: number): number[] {
  let follows = head;
  let expected: number | null = head;
  for (const link of chain) {
    if (link.position !== expected || link.stream !== stream) throw brokenAt(follows);
    follows = link.position;
    expected = link.previous;
    if (expected !== null && expected >= follows) throw brokenAt(follows);
  }
  if (chain.length === 0 || (expected !== null && follows >= end)) throw brokenAt(follows);
  return chain.map(({ position }) => position);
}

function brokenAt(position: number): RecordDamaged {
  return new RecordDamaged(position, "the one that it names as its stream's change before it is not that");
}
