import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ChangeRow } from "../../service/change-row.ts";
import { type LastChange, type LoggedChange, type NewestChange, RecordDamaged } from "../../service/store.ts";
import { type HeadRow, loggedIn, placedIn } from "../stored-change.ts";
import { changeColumns } from "./change-row.ts";
import type { LogTail } from "./log-tail.ts";

/** Streams read at once, between two turns of the event loop. */
const pageSize = 200;

const newestPageSql =
  `SELECT ${changeColumns}, CAST(stream.id AS REAL) AS row, CAST(head AS REAL) AS head FROM stream ` +
  "LEFT JOIN change ON position = head WHERE stream.id > ? AND digest IS NOT NULL ORDER BY stream.id LIMIT ?";
// `change.position`: `position` would be the column as it is cast, for which all of them would be sorted.
const lastSql =
  "SELECT CAST(position AS REAL) AS position, coalesce(CAST(commitment AS BLOB), x'') AS commitment FROM change " +
  "ORDER BY change.position DESC LIMIT 1";
const changesSql = `SELECT ${changeColumns} FROM change WHERE change.position >= ? ORDER BY change.position LIMIT ?`;
const rowSql = "SELECT CAST(stream AS REAL) AS row FROM change WHERE position = ?";

/** What whoever follows the log reads. */
export class Followed {
  readonly #tail: LogTail;
  readonly #newestPage: StatementSync;
  readonly #from: StatementSync;
  readonly #last: StatementSync;
  readonly #row: StatementSync;

  /** @param tail what this process has committed last */
  constructor(db: DatabaseSync, tail: LogTail) {
    this.#tail = tail;
    this.#newestPage = db.prepare(newestPageSql);
    this.#from = db.prepare(changesSql);
    this.#last = db.prepare(lastSql);
    this.#row = db.prepare(rowSql);
  }

  /** The newest change of every stream with its place, in the order in which the streams first came. */
  async *everyNewest(): AsyncGenerator<readonly NewestChange[]> {
    for (let after = 0; ; ) {
      const page = this.#newestPage.all(after, pageSize) as unknown as HeadRow[];
      yield page.map(placedIn);
      if (page.length < pageSize) return;
      after = page.at(-1)?.row ?? after;
      await nextTurn();
    }
  }

  /** What the log has from a position on. */
  from(position: number, limit: number): LoggedChange[] {
    return this.#tail.from(position, limit) ?? this.#stored(position, limit);
  }

  /** The log's last change: read once, for either nobody but this process writes, or all that is read is of one moment. */
  last(): LastChange | undefined {
    if (this.#tail.last === undefined) {
      const row = this.#last.get() as { position: number; commitment: Uint8Array } | undefined;
      if (row !== undefined) this.#tail.begin({ position: row.position, commitment: Buffer.from(row.commitment) });
    }
    return this.#tail.last;
  }

  /** The streams' rows to which these positions belong. */
  rowsOf(positions: readonly number[]): number[] {
    return [...new Set(positions.map((position) => this.#rowAt(position)))];
  }

  #stored(position: number, limit: number): LoggedChange[] {
    return (this.#from.all(position, limit) as unknown as ChangeRow[]).map(loggedIn);
  }

  #rowAt(position: number): number {
    const found = this.#row.get(position) as { row: number } | undefined;
    if (found === undefined) throw new RecordDamaged(position, "it is missing");
    return found.row;
  }
}
