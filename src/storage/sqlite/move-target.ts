import type { DatabaseSync } from "node:sqlite";
import type { Entry } from "../../audit/verify-receipt.ts";
import type { ChangeRow } from "../../service/change-row.ts";
import type { DirectorySizeRow } from "../../service/inspection.ts";
import type { LogIdentity, Tile } from "../../service/log-store.ts";
import { type VerifiedLog, verifyLog } from "../../service/verify-log.ts";
import type { DerivedTables, ErasedLine } from "../derivation.ts";
import { MoveFailed } from "../move/move-failed.ts";
import { type Counts, type MoveTarget, type PlainRows, plainTables } from "../move/ports.ts";
import { type MoveMarks, noMarks } from "../move-marks.ts";
import { blankSql } from "./change-row.ts";
import { openFile, realFile } from "./database-file.ts";
import { SqliteDerivedTables } from "./derived-tables.ts";
import { digestOf } from "./digests.ts";
import { SqliteInspection } from "./inspection.ts";
import { LogTables } from "./log-tables.ts";
import { migrate } from "./migrate.ts";
import { readMarks, writeMarks } from "./move-marks.ts";
import { countsOf } from "./move-source.ts";
import { takeServingLock } from "./serving-lock.ts";
import { inTransaction } from "./transaction.ts";

const isEmptySql =
  "SELECT NOT EXISTS (SELECT 1 FROM change) AND NOT EXISTS (SELECT 1 FROM client) AND NOT EXISTS (SELECT 1 FROM log) AS is_empty";
const addChangeSql =
  "INSERT INTO change (position, at, stream, previous, kind, salt, commitment, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const erasedSql =
  "SELECT DISTINCT stream.id AS number, head AS newest, kind FROM change JOIN stream ON stream.id = change.stream " +
  "WHERE position IN (SELECT value FROM json_each(?))";
const dropStreamSql = "UPDATE stream SET digest = NULL WHERE id = ?";
const dropAddressesSql = "DELETE FROM address WHERE stream = ?";
const dropEntrySql = "DELETE FROM directory WHERE stream = ?";

/**
 * Opens a file that a log is to be moved to, made where it is missing; nobody else may serve it until it is let go of.
 *
 * @throws StoreInUse, SchemaMismatch
 */
export function openSqliteTarget(file: string): MoveTarget {
  const real = realFile(file);
  using opened = new DisposableStack();
  opened.use(takeServingLock(real));
  const db = opened.use(openFile(real));
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA mmap_size = 0; " +
      "PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF",
  );
  migrate(db, new Date().toISOString());
  return new SqliteMoveTarget(file, db, opened.move());
}

/** The lock is held for as long as it is filled, so that no other run can take it over. */
class SqliteMoveTarget implements MoveTarget {
  readonly name: string;
  readonly #db: DatabaseSync;
  readonly #held: Disposable;
  readonly #log: LogTables;
  readonly #tables: SqliteDerivedTables;

  constructor(name: string, db: DatabaseSync, held: Disposable) {
    this.name = name;
    this.#db = db;
    this.#held = held;
    this.#log = new LogTables(db);
    const add = db.prepare(addChangeSql);
    this.#tables = new SqliteDerivedTables(db, digestOf(db), (row: ChangeRow) => {
      const { position, at, stream, previous, kind, salt, commitment, body } = row;
      add.run(position, at, stream, previous, kind, salt, commitment, body);
    });
  }

  size(): Promise<number> {
    return new SqliteInspection(this.#db).size();
  }

  async entries(from: number, to: number): Promise<Entry[]> {
    return this.#log.entries(from, to);
  }

  async marks(): Promise<MoveMarks> {
    return readMarks(this.#db);
  }

  async isEmpty(): Promise<boolean> {
    return this.#db.prepare(isEmptySql).get()?.["is_empty"] === 1;
  }

  async begin(marks: MoveMarks): Promise<void> {
    writeMarks(this.#db, marks);
  }

  batch(size: number, work: (tables: DerivedTables) => Promise<void>): Promise<void> {
    return this.#transaction(async () => {
      if ((await this.size()) !== size) throw new MoveFailed(`Somebody else writes to ${this.name}.`);
      await work(this.#tables);
    });
  }

  async erase(positions: readonly number[]): Promise<readonly ErasedLine[]> {
    return inTransaction(this.#db, () => {
      const blank = this.#db.prepare(blankSql);
      for (const position of positions) blank.run(position);
      const lines = this.#db.prepare(erasedSql).all(JSON.stringify(positions)) as unknown as ErasedLine[];
      for (const { number, kind } of lines) {
        this.#db.prepare(dropStreamSql).run(number);
        this.#db.prepare(dropAddressesSql).run(number);
        if (kind === "directory") this.#db.prepare(dropEntrySql).run(number);
      }
      return lines;
    });
  }

  async saveTiles(tiles: readonly Tile[]): Promise<void> {
    this.#log.saveTiles(tiles);
  }

  settle(rows: PlainRows, sizes: readonly DirectorySizeRow[]): Promise<void> {
    return this.#transaction(async () => {
      this.#db.exec("DELETE FROM token; DELETE FROM client; DELETE FROM log");
      for (const table of ["client", "token", "log"] as const) {
        const columns = plainTables[table];
        const places = columns.map(() => "?").join(", ");
        const add = this.#db.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`);
        for (const row of rows[table]) add.run(...row);
      }
      await this.#tables.settleSizes({ sizes, isSound: true });
    });
  }

  identities(): Promise<LogIdentity[]> {
    return new SqliteInspection(this.#db).identities();
  }

  async counts(): Promise<Counts> {
    return countsOf(this.#db);
  }

  async verify(onProgress: (done: number, total: number) => void): Promise<VerifiedLog> {
    this.#db.exec("BEGIN");
    try {
      return await verifyLog(new SqliteInspection(this.#db), { onProgress });
    } finally {
      this.#db.exec("ROLLBACK");
    }
  }

  async tidy(): Promise<void> {
    this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  async finish(): Promise<void> {
    writeMarks(this.#db, noMarks);
    await this.tidy();
  }

  async end(): Promise<void> {
    this.#held[Symbol.dispose]();
  }

  /** Nobody else uses the connection, so that work may take its time. */
  async #transaction(work: () => Promise<void>): Promise<void> {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      await work();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}
