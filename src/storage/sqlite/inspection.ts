import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ChangeRow } from "../../service/change-row.ts";
import {
  type AddressRow,
  type CodeRow,
  type DirectoryRow,
  type DirectorySizeRow,
  type Inspection,
  StorageDamaged,
  type StorageFault,
  type StreamRow,
  type TileRow,
} from "../../service/inspection.ts";
import type { LogIdentity } from "../../service/log-store.ts";
import type { Digest } from "../digest.ts";
import { faultOf } from "../schema-difference.ts";
import { changeColumns } from "./change-row.ts";
import { digestOf } from "./digests.ts";
import { LogTables } from "./log-tables.ts";
import { differencesOf } from "./schema.ts";
import { failureOf } from "./sqlite-failure.ts";

/** Rows read at once, between two turns of the event loop. */
const pageRows = 512;

/** What the integrity check lists at most. */
const listedFaults = 100;

// Every column is given its type, as in changeColumns.
const sizeSql = "SELECT CAST(max(position) AS REAL) AS last FROM change";
const changesSql = `SELECT ${changeColumns} FROM change ORDER BY change.position`;
const keyChangesSql = `SELECT ${changeColumns} FROM change WHERE change.kind IN ('continuation', 'marking') ORDER BY change.position`;
const streamsSql =
  "SELECT CAST(id AS REAL) AS number, CAST(digest AS BLOB) AS digest, CAST(head AS REAL) AS head FROM stream ORDER BY id";
const addressesSql = "SELECT CAST(digest AS BLOB) AS digest, CAST(stream AS REAL) AS stream FROM address";
const directorySql =
  "SELECT CAST(kind AS TEXT) AS kind, CAST(id AS REAL) AS id, CAST(stream AS REAL) AS stream, CAST(email AS BLOB) AS email FROM directory";
const sizesSql =
  "SELECT CAST(kind AS TEXT) AS kind, CAST(entries AS REAL) AS entries, CAST(ever AS REAL) AS ever FROM directory_size";
// Every code has its name beside it, but where something is damaged.
const codesSql =
  "SELECT CAST(name.stream AS REAL) AS place, CAST(position AS REAL) AS position, CAST(name AS BLOB) AS name, CAST(said AS BLOB) AS said " +
  "FROM name LEFT JOIN code ON code.stream = name.stream UNION ALL " +
  "SELECT CAST(stream AS REAL), CAST(position AS REAL), NULL, CAST(said AS BLOB) FROM code " +
  "WHERE NOT EXISTS (SELECT 1 FROM name WHERE name.stream = code.stream)";
const tilesSql =
  'SELECT CAST(level AS REAL) AS level, CAST(number AS REAL) AS "index" FROM tile ORDER BY tile.level, tile.number';

/** What stands in an SQLite file, by a connection that sees one moment of it. */
export class SqliteInspection implements Inspection {
  readonly digest: Digest;
  readonly #db: DatabaseSync;
  readonly #log: LogTables;

  /** @param db inside a transaction for as long as the inspection lasts */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#log = new LogTables(db);
    this.digest = digestOf(db);
  }

  async faults(): Promise<StorageFault[]> {
    const rows = this.#read(() => this.#db.prepare(`PRAGMA integrity_check(${listedFaults})`).all());
    const found = rows.map((row) => String(row["integrity_check"])).filter((what) => what !== "ok");
    const faults = found.map((what) => ({ what, isDerived: /\bindex\b/.test(what) }));
    return [...faults, ...this.#read(() => differencesOf(this.#db)).map(faultOf)];
  }

  async size(): Promise<number> {
    const last = this.#read(() => this.#db.prepare(sizeSql).get()?.["last"] as number | null);
    return last === null ? 0 : last + 1;
  }

  async *changes(): AsyncGenerator<readonly ChangeRow[]> {
    // As arrays they come a quarter faster, and there are many.
    for await (const page of this.#pages<ChangeCells>(changesSql, true)) yield page.map(changeRowOf);
  }

  async keyChanges(): Promise<ChangeRow[]> {
    return this.#read(() => this.#db.prepare(keyChangesSql).all() as unknown as ChangeRow[]);
  }

  streams(): AsyncGenerator<readonly StreamRow[]> {
    return this.#pages<StreamRow>(streamsSql);
  }

  addresses(): AsyncGenerator<readonly AddressRow[]> {
    return this.#pages<AddressRow>(addressesSql);
  }

  directory(): AsyncGenerator<readonly DirectoryRow[]> {
    return this.#pages<DirectoryRow>(directorySql);
  }

  async directorySizes(): Promise<DirectorySizeRow[]> {
    return this.#read(() => this.#db.prepare(sizesSql).all() as unknown as DirectorySizeRow[]);
  }

  codes(): AsyncGenerator<readonly CodeRow[]> {
    return this.#pages<CodeRow>(codesSql);
  }

  tiles(): AsyncGenerator<readonly TileRow[]> {
    return this.#pages<TileRow>(tilesSql);
  }

  async tile(level: number, index: number): Promise<Buffer | undefined> {
    return this.#read(() => this.#log.tile(level, index));
  }

  async identities(): Promise<LogIdentity[]> {
    return this.#read(() => this.#log.identities());
  }

  async *#pages<Row>(sql: string, asArrays = false): AsyncGenerator<readonly Row[]> {
    const rows = this.#read(() => {
      const statement = this.#db.prepare(sql);
      statement.setReturnArrays(asArrays);
      return statement.iterate();
    });
    for (let page = this.#page<Row>(rows); page.length > 0; page = this.#page<Row>(rows)) {
      yield page;
      await nextTurn();
    }
  }

  #page<Row>(rows: Iterator<unknown>): Row[] {
    return this.#read(() => {
      const page: Row[] = [];
      while (page.length < pageRows) {
        const next: IteratorResult<unknown, unknown> = rows.next();
        if (next.done === true) break;
        page.push(next.value as Row);
      }
      return page;
    });
  }

  #read<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      const failure = failureOf(error);
      if (failure?.kind === "corrupt") throw new StorageDamaged((error as Error).message, { cause: error });
      throw failure?.error ?? error;
    }
  }
}

/** A change in the order of changeColumns. */
type ChangeCells = readonly [number, number, number, number | null, string, Uint8Array, Uint8Array, string];

function changeRowOf([position, at, stream, previous, kind, salt, commitment, body]: ChangeCells): ChangeRow {
  return { position, at, stream, previous, kind, salt, commitment, body };
}
