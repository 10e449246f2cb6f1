import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Entry } from "../../audit/verify-receipt.ts";
import type { ChangeRow } from "../../service/change-row.ts";
import type { DirectorySizeRow } from "../../service/inspection.ts";
import type { LogIdentity } from "../../service/log-store.ts";
import { pageRows, pages } from "../move/pages.ts";
import {
  type Cell,
  type ClosedSource,
  type Counts,
  type MoveSource,
  type PlainRows,
  plainTables,
  type Snapshot,
} from "../move/ports.ts";
import { refuseClosed } from "../move/runs.ts";
import { type MoveMarks, noMarks } from "../move-marks.ts";
import { changeColumns } from "./change-row.ts";
import { lockWaitMs, openFile, realFile } from "./database-file.ts";
import { SqliteInspection } from "./inspection.ts";
import { LogTables } from "./log-tables.ts";
import { checkSchema } from "./migrate.ts";
import { readMarks, writeMarks } from "./move-marks.ts";
import { DatabaseMissing } from "./open-records.ts";
import { takeServingLock } from "./serving-lock.ts";

const changesSql = `SELECT ${changeColumns} FROM change WHERE change.position >= ? ORDER BY change.position LIMIT ${pageRows}`;
const erasuresSql = changesSql.replace("WHERE", "WHERE change.kind = 'erasure' AND");
const countsSql =
  "SELECT (SELECT count(*) FROM stream) AS streams, (SELECT count(*) FROM address) AS addresses, " +
  "(SELECT count(*) FROM directory) AS entries";

/** An SQLite file whose log is to be moved. */
export class SqliteMoveSource implements MoveSource {
  readonly name: string;

  /** @param file its whole path */
  constructor(file: string) {
    this.name = file;
  }

  async snapshot(): Promise<Snapshot> {
    if (!existsSync(this.name)) throw new DatabaseMissing(`There is no database ${this.name}.`);
    using opened = new DisposableStack();
    const db = opened.use(new DatabaseSync(this.name, { readOnly: true, timeout: lockWaitMs }));
    db.exec("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; BEGIN");
    checkSchema(db);
    const snapshot = new SqliteSnapshot(db);
    opened.move();
    return snapshot;
  }

  async close(marks: MoveMarks, seen: MoveMarks): Promise<ClosedSource> {
    const file = realFile(this.name);
    using opened = new DisposableStack();
    opened.use(takeServingLock(file));
    const db = opened.use(openFile(file));
    db.exec("PRAGMA synchronous = FULL");
    refuseClosed(readMarks(db), seen, this.name);
    writeMarks(db, marks);
    // Nobody else serves the file, or closes it, until it is let go of.
    const held = opened.move();
    return {
      reopen: async () => {
        using _held = held;
        writeMarks(db, noMarks);
      },
      leave: async () => held.dispose(),
    };
  }

  async end(): Promise<void> {}
}

class SqliteSnapshot implements Snapshot {
  readonly marks: MoveMarks;
  readonly #db: DatabaseSync;
  readonly #log: LogTables;
  readonly #inspection: SqliteInspection;

  /** @param db inside a transaction; closed with this */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#log = new LogTables(db);
    this.#inspection = new SqliteInspection(db);
    this.marks = readMarks(db);
  }

  size(): Promise<number> {
    return this.#inspection.size();
  }

  async entries(from: number, to: number): Promise<Entry[]> {
    return this.#log.entries(from, to);
  }

  changes(from: number): AsyncIterable<readonly ChangeRow[]> {
    return this.#pages(changesSql, from);
  }

  erasures(from: number): AsyncIterable<readonly ChangeRow[]> {
    return this.#pages(erasuresSql, from);
  }

  identities(): Promise<LogIdentity[]> {
    return this.#inspection.identities();
  }

  directorySizes(): Promise<readonly DirectorySizeRow[]> {
    return this.#inspection.directorySizes();
  }

  async plainRows(): Promise<PlainRows> {
    return { client: this.#plain("client"), token: this.#plain("token"), log: this.#plain("log") };
  }

  async counts(): Promise<Counts> {
    return countsOf(this.#db);
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #plain(table: keyof typeof plainTables): Cell[][] {
    const columns = plainTables[table];
    const rows = this.#db.prepare(`SELECT ${columns.join(", ")} FROM ${table}`).all();
    return rows.map((row) => columns.map((column) => row[column] as Cell));
  }

  #pages(sql: string, from: number): AsyncIterable<readonly ChangeRow[]> {
    const statement = this.#db.prepare(sql);
    return pages(from, async (position) => {
      await nextTurn();
      return statement.all(position) as unknown as ChangeRow[];
    });
  }
}

/** How many rows a file has of what is derived. */
export function countsOf(db: DatabaseSync): Counts {
  return db.prepare(countsSql).get() as unknown as Counts;
}
