import type { Entry } from "../../audit/verify-receipt.ts";
import type { ChangeRow } from "../../service/change-row.ts";
import type { DirectorySizeRow } from "../../service/inspection.ts";
import type { LogIdentity, Tile } from "../../service/log-store.ts";
import { type VerifiedLog, verifyLog } from "../../service/verify-log.ts";
import type { DerivedTables, ErasedLine } from "../derivation.ts";
import type { Digest } from "../digest.ts";
import { MoveFailed } from "../move/move-failed.ts";
import { type Counts, type MoveTarget, type PlainRows, plainTables } from "../move/ports.ts";
import { refuseBegun, refuseTaken } from "../move/runs.ts";
import { type MoveMarks, noMarks } from "../move-marks.ts";
import { blankSql } from "./change-row.ts";
import { Database, type Statements } from "./database.ts";
import { PostgresDerivedTables } from "./derived-tables.ts";
import { digestOf } from "./digests.ts";
import { failureOf } from "./failure.ts";
import { checkFitness } from "./fitness.ts";
import { PostgresInspection } from "./inspection.ts";
import { LogTables } from "./log-tables.ts";
import { migrate } from "./migrate.ts";
import { lockMarks, readMarks, writeMarks } from "./move-marks.ts";
import { sizeOf } from "./changes.ts";
import { countsOf } from "./move-source.ts";
import { patienceSql, patiently } from "./patience.ts";
import { makeRoom, roomAhead } from "./room.ts";
import { Snapshot } from "./snapshot.ts";

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
  /** The run that fills it. */
  #moveId: string | null = null;
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

  isEmpty(): Promise<boolean> {
    return isEmpty(this.#statements);
  }

  async begin(marks: MoveMarks, seen: MoveMarks): Promise<void> {
    await this.#locked(async (transaction, now) => {
      refuseBegun(now, seen, await isEmpty(transaction), this.name);
      await writeMarks(transaction, marks);
    });
    this.#moveId = marks.moveId;
  }

  async batch(size: number, work: (tables: DerivedTables) => Promise<void>): Promise<void> {
    if (size + roomAhead / 2 > this.#room) {
      await makeRoom(this.#statements, size + roomAhead);
      this.#room = size + roomAhead;
    }
    await this.#transaction(async (transaction) => {
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
    if (tiles.length > 0) await this.#transaction((transaction) => new LogTables(transaction).saveTiles(tiles));
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
    await this.#transaction((transaction) => writeMarks(transaction, noMarks));
  }

  async end(): Promise<void> {
    await this.#database.close();
  }

  /** Nobody else writes to it meanwhile, and nobody has taken it over. */
  #transaction<Value>(work: (transaction: Statements) => Promise<Value>): Promise<Value> {
    return this.#locked((transaction, now) => {
      refuseTaken(now, this.#moveId, this.name);
      return work(transaction);
    });
  }

  async #locked<Value>(work: (transaction: Statements, now: MoveMarks) => Promise<Value>): Promise<Value> {
    try {
      return await this.#database.transaction(async (statements) => {
        const transaction = patiently(statements);
        await transaction.rows(patienceSql);
        return work(transaction, await lockMarks(transaction));
      });
    } catch (error) {
      throw failureOf(error)?.error ?? error;
    }
  }
}

async function isEmpty(statements: Statements): Promise<boolean> {
  const [row] = await statements.rows<{ is_empty: boolean }>(isEmptySql);
  return row?.is_empty === true;
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
