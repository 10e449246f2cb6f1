import assert from "node:assert/strict";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { subjectKeyBytes } from "../../domain/subject-key.ts";
import type { CodedPage, KeptCode } from "../../service/code-store.ts";
import type { NewestChange } from "../../service/store.ts";
import { type HeadRow, placedIn } from "../stored-change.ts";
import { changeColumns } from "./change-row.ts";
import { inLazyTransaction } from "./transaction.ts";

/** Streams read at once, between two turns of the event loop, and how many of them may come as changes, which are dear. */
const pageSize = 500;
const changesMost = 100;

/** Codes kept at once, and rows made for names, between two turns of the event loop: less than a millisecond of work. */
const keptAtOnce = 100;
const namesAtOnce = 500;

const isCoded = `code.position = head AND length(name) = ${subjectKeyBytes}`;

// All of a page as one value: rows by themselves cost three times as much. As text nothing of the bytes changes, zeros
// neither. A part with a LIMIT is read by itself, so its rows come in its order; an ORDER BY in group_concat sorts them once
// more, which costs half as much again.
const pageSql =
  "SELECT CAST(max(id) AS REAL) AS last, count(*) AS streams, count(said) AS coded, CAST(group_concat(" +
  "id || ' ' || head || ' ' || length(said) || ' ' || CAST(name AS TEXT) || CAST(said AS TEXT), '') AS BLOB) AS codes " +
  `FROM (SELECT id, head, name, CASE WHEN ${isCoded} THEN said END AS said FROM stream ` +
  "LEFT JOIN code ON code.stream = id LEFT JOIN name ON name.stream = id WHERE id > ? AND digest IS NOT NULL ORDER BY id LIMIT ?)";
const uncodedSql =
  `SELECT ${changeColumns}, CAST(stream.id AS REAL) AS row, CAST(head AS REAL) AS head FROM stream ` +
  "LEFT JOIN change ON position = head WHERE stream.id > ? AND stream.id <= ? AND digest IS NOT NULL AND NOT EXISTS " +
  `(SELECT 1 FROM code JOIN name ON name.stream = code.stream WHERE code.stream = id AND ${isCoded}) ORDER BY stream.id`;

const addNamesSql =
  `INSERT INTO name (stream, name) SELECT id, zeroblob(${subjectKeyBytes}) FROM stream ` +
  "WHERE id > (SELECT coalesce(max(stream), 0) FROM name) AND id <= ? ORDER BY id LIMIT ?";
const isNamedSql =
  "SELECT name = ? AS is_named FROM stream JOIN name ON name.stream = id JOIN change ON position = head " +
  `WHERE id = ? AND head = ? AND commitment = ? AND digest IS NOT NULL AND length(name) = ${subjectKeyBytes}`;
const nameSql = "UPDATE name SET name = ? WHERE stream = ?";
const keepSql =
  "INSERT INTO code (stream, position, said) VALUES (?, ?, ?) " +
  "ON CONFLICT (stream) DO UPDATE SET position = excluded.position, said = excluded.said " +
  "WHERE (code.position, code.said) IS NOT (excluded.position, excluded.said)";
const dropSql = "DELETE FROM code WHERE stream = ?";
const dropNameSql = "UPDATE name SET name = zeroblob(length(name)) WHERE stream = ?";

interface PageRow {
  /** The last stream's row; null when there is none. */
  readonly last: number | null;
  readonly streams: number;
  readonly coded: number;
  readonly codes: Uint8Array | null;
}

/**
 * The codes of streams' newest changes, and apart from them the names, which erasing has to leave no copy of. A name is
 * only ever written where a row of its length stands already, and such rows are only added behind the last one, for every
 * stream up to there: otherwise a code that comes late, behind those of later streams, would have a page of names split.
 */
export class Codes {
  readonly #db: DatabaseSync;
  readonly #page: StatementSync;
  readonly #uncoded: StatementSync;
  readonly #drop: StatementSync;
  readonly #dropName: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#page = db.prepare(pageSql);
    this.#uncoded = db.prepare(uncodedSql);
    this.#drop = db.prepare(dropSql);
    this.#dropName = db.prepare(dropNameSql);
  }

  /** Every stream, in the order of the rows. */
  async *every(): AsyncGenerator<CodedPage> {
    let size = pageSize;
    for (let after = 0; ; ) {
      const { last, streams, coded, codes } = this.#page.get(after, size) as unknown as PageRow;
      if (last === null) return;
      const isDear = streams - coded > changesMost;
      if (isDear && size > changesMost) {
        size = changesMost;
        continue;
      }
      yield { codes: codes ?? new Uint8Array(0), changes: coded === streams ? [] : this.#changes(after, last) };
      if (streams < size) return;
      after = last;
      // Where none had a code, the next have none either, mostly.
      if (coded > 0) size = pageSize;
      await nextTurn();
    }
  }

  /** Keeps codes, some of them with each step. */
  *keeping(codes: readonly KeptCode[]): Generator<undefined> {
    const sorted = codes.toSorted((one, other) => one.place - other.place);
    const add = this.#db.prepare(addNamesSql);
    const addNames = () => add.run(sorted.at(-1)?.place ?? 0, namesAtOnce).changes;
    while (inLazyTransaction(this.#db, addNames) === namesAtOnce) yield;
    const keep = this.#keeper();
    for (let start = 0; start < sorted.length; start += keptAtOnce) {
      yield;
      inLazyTransaction(this.#db, () => sorted.slice(start, start + keptAtOnce).forEach(keep));
    }
  }

  /** Leaves nothing of a stream that is erased. */
  drop(row: number): void {
    this.#drop.run(row);
    this.#dropName.run(row);
  }

  #keeper(): (code: KeptCode) => void {
    const isNamed = this.#db.prepare(isNamedSql);
    const setName = this.#db.prepare(nameSql);
    const keep = this.#db.prepare(keepSql);
    return ({ place, position, commitment, name, said }) => {
      assert.equal(name.length, subjectKeyBytes, "names are equally long");
      const stream = isNamed.get(name, place, position, commitment);
      if (stream === undefined) return;
      if (stream["is_named"] === 0) setName.run(name, place);
      keep.run(place, position, said);
    };
  }

  /** The newest changes of the streams after one row, up to another, of which no code is kept. */
  #changes(after: number, last: number): NewestChange[] {
    return (this.#uncoded.all(after, last) as unknown as HeadRow[]).map(placedIn);
  }
}
