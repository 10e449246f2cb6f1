import type { Entry } from "../../audit/verify-receipt.ts";
import type { ChangeRow } from "../../service/change-row.ts";
import type { DirectorySizeRow } from "../../service/inspection.ts";
import type { LogIdentity, Tile } from "../../service/log-store.ts";
import { type VerifiedLog, verifyLog } from "../../service/verify-log.ts";
import type { DerivedTables, ErasedLine } from "../derivation.ts";
import type { Digest } from "../digest.ts";
import { MoveFailed } from "../move/move-failed.ts";
import { type Counts, type MoveTarget, type PlainRows, plainTables } from "../move/ports.ts";
import type { MoveMarks } from "../move-marks.ts";
import { blankSql } from "./change-row.ts";
import { Database, type Statements } from "./database.ts";
import { PostgresDerivedTables } from "./derived-tables.ts";
import { digestOf } from "./digests.ts";
import { failureOf } from "./failure.ts";
import { checkFitness } from "./fitness.ts";
import { PostgresInspection } from "./inspection.ts";
import { LogTables } from "./log-tables.ts";
import { migrate } from "./migrate.ts";
import { readMarks, writeMarks } from "./move-marks.ts";
import { countsOf, sizeOf } from "./move-source.ts";
import { patiently } from "./patience.ts";
import { Snapshot } from "./snapshot.ts";

/** Positions that room is made for at once. */
const roomAhead = 20_000_000;

const isEmptySql =
  "SELECT NOT EXISTS (SELECT FROM saywhen.change) AND NOT EXISTS (SELECT FROM saywhen.client) " +
  "AND NOT EXISTS (SELECT FROM saywhen.log) AS is_empty";
// The bodies are one value: in a list, each of their quotation marks would be sent with a backslash, and read again.
const addChangesSql =
  "INSERT INTO saywhen.change (position, at, stream, previous, kind, salt, commitment, body) " +
  "SELECT position, at, stream, previous, kind, salt, commitment, " +
  "convert_from(substring($8::bytea FROM start FOR length), 'UTF8') " +
  "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bytea[], $7::bytea[], $9::int[], $10::int[]) " +
  "AS added (position, at, stream, previous, kind, salt, commitment, start, length)";
const erasedSql =
  "SELECT DISTINCT stream.id AS number, head AS newest, kind FROM saywhen.change JOIN saywhen.stream ON stream.id = change.stream " +
  "WHERE position = ANY($1)";
const dropSql = [
  "UPDATE saywhen.stream SET digest = NULL WHERE id = ANY($1)",
  "DELETE FROM saywhen.address WHERE stream = ANY($1)",
  "DELETE FROM saywhen.directory WHERE stream = ANY($1)",
] as const;
const tidySql =
  "VACUUM (ANALYZE) saywhen.change, saywhen.stream, saywhen.address, saywhen.directory, saywhen.directory_size, saywhen.tile";

/**
 * Opens a PostgreSQL database that a log is to be moved to, and makes its tables where they are missing.
 *
 * @param name to be shown, without a password
 * @throws DatabaseUnfit, SchemaMismatch, StoreUnavailable
 */
export async function openPostgresTarget(url: string, name: string): Promise<MoveTarget> {
  const database = new Database(url);
  try {
    await checkFitness(database);
    await migrate(database, new Date().toISOString());
    return new PostgresMoveTarget(name, database, await digestOf(database));
  } catch (error) {
    await database.close();
    throw failureOf(error)?.error ?? error;
  }
}

class PostgresMoveTarget implements MoveTarget {
  readonly name: string;
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #digest: Digest;
  readonly #log: LogTables;
  #room = 0;
  /** Whether the pages still hold what was erased. */
  #isStained = false;

  constructor(name: string, database: Database, digest: Digest) {
    this.name = name;
    this.#database = database;
    this.#statements = patiently(database);
    this.#digest = digest;
    this.#log = new LogTables(this.#statements);
  }

  size(): Promise<number> {
    return sizeOf(this.#statements);
  }

  entries(from: number, to: number): Promise<Entry[]> {
    return this.#log.entries(from, to);
  }

  marks(): Promise<MoveMarks> {
    return readMarks(this.#statements);
  }

  async isEmpty(): Promise<boolean> {
    const [row] = await this.#statements.rows<{ is_empty: boolean }>(isEmptySql);
    return row?.is_empty === true;
  }

  begin(movedFrom: string): Promise<void> {
    return this.#transaction((transaction) => writeMarks(transaction, { movedTo: null, movedFrom }));
  }

  async batch(size: number, work: (tables: DerivedTables) => Promise<void>): Promise<void> {
    if (size + roomAhead / 2 > this.#room) {
      this.#room = size + roomAhead;
      await this.#statements.rows("SELECT saywhen.make_room($1)", [this.#room]);
    }
    await this.#transaction(async (transaction) => {
      await transaction.rows("SELECT FROM saywhen.log_head FOR UPDATE");
      if ((await sizeOf(transaction)) !== size) throw new MoveFailed(`Somebody else writes to ${this.name}.`);
      const tables = new PostgresDerivedTables(transaction, this.#digest, (rows) => addChanges(transaction, rows));
      await tables.plan();
      // What is lost with the power is copied again; the commit that ends the move takes all of it along.
      await transaction.rows("SET LOCAL synchronous_commit = off");
      await work(tables);
    });
  }

  async erase(positions: readonly number[]): Promise<readonly ErasedLine[]> {
    this.#isStained = true;
    return this.#transaction(async (transaction) => {
      await transaction.rows(blankSql, [positions]);
      const lines = await transaction.rows<ErasedLine>(erasedSql, [positions]);
      for (const sql of dropSql) await transaction.rows(sql, [lines.map(({ number }) => number)]);
      return lines;
    });
  }

  async saveTiles(tiles: readonly Tile[]): Promise<void> {
    if (tiles.length > 0) await this.#log.saveTiles(tiles);
  }

  settle(rows: PlainRows, sizes: readonly DirectorySizeRow[]): Promise<void> {
    return this.#transaction(async (transaction) => {
      await transaction.rows("DELETE FROM saywhen.token; DELETE FROM saywhen.client; DELETE FROM saywhen.log");
      for (const table of ["client", "token", "log"] as const) {
        const columns = plainTables[table];
        const places = columns.map((_, index) => `$${index + 1}`).join(", ");
        const sql = `INSERT INTO saywhen.${table} (${columns.join(", ")}) VALUES (${places})`;
        for (const row of rows[table]) await transaction.rows(sql, row);
      }
      const tables = new PostgresDerivedTables(transaction, this.#digest, async () => {});
      await tables.settleSizes({ sizes, isSound: true });
    });
  }

  identities(): Promise<LogIdentity[]> {
    return this.#log.identities();
  }

  counts(): Promise<Counts> {
    return countsOf(this.#statements);
  }

  async verify(onProgress: (done: number, total: number) => void): Promise<VerifiedLog> {
    const moment = await Snapshot.begin(await this.#database.session());
    try {
      return await verifyLog(new PostgresInspection(moment, this.#digest), { onProgress });
    } finally {
      await moment.end();
    }
  }

  async tidy(): Promise<void> {
    this.#isStained = false;
    await this.#statements.rows(tidySql);
  }

  async finish(): Promise<void> {
    if (this.#isStained) await this.tidy();
    await this.#transaction((transaction) => writeMarks(transaction, { movedTo: null, movedFrom: null }));
  }

  async end(): Promise<void> {
    await this.#database.close();
  }

  async #transaction<Value>(work: (transaction: Statements) => Promise<Value>): Promise<Value> {
    try {
      return await this.#database.transaction((statements) => work(patiently(statements)));
    } catch (error) {
      throw failureOf(error)?.error ?? error;
    }
  }
}

async function addChanges(transaction: Statements, rows: readonly ChangeRow[]): Promise<void> {
  const bodies = rows.map(({ body }) => Buffer.from(body));
  let end = 1;
  const starts = bodies.map(({ length }) => (end += length) - length);
  await transaction.rows(addChangesSql, [
    rows.map(({ position }) => position),
    rows.map(({ at }) => at),
    rows.map(({ stream }) => stream),
    rows.map(({ previous }) => previous),
    rows.map(({ kind }) => kind),
    rows.map(({ salt }) => salt),
    rows.map(({ commitment }) => commitment),
    Buffer.concat(bodies),
    starts,
    bodies.map(({ length }) => length),
  ]);
}
