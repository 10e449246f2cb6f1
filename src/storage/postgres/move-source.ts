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
import { sizeOf } from "./changes.ts";
import { Database, type Statements } from "./database.ts";
import { failureOf } from "./failure.ts";
import { LogTables } from "./log-tables.ts";
import { checkSchema } from "./migrate.ts";
import { lockMarks, readMarks, writeMarks } from "./move-marks.ts";
import { Snapshot as Moment } from "./snapshot.ts";

const changesSql = `SELECT ${changeColumns} FROM saywhen.change WHERE position >= $1 ORDER BY position LIMIT ${pageRows}`;
const erasuresSql = changesSql.replace("WHERE", "WHERE kind = 'erasure' AND");
const sizesSql = "SELECT kind, entries, ever FROM saywhen.directory_size";
const countsSql =
  "SELECT (SELECT count(*) FROM saywhen.stream) AS streams, (SELECT count(*) FROM saywhen.address) AS addresses, " +
  "(SELECT count(*) FROM saywhen.directory) AS entries";

/** A PostgreSQL database whose log is to be moved. */
export class PostgresMoveSource implements MoveSource {
  readonly name: string;
  readonly #database: Database;

  /** @param name to be shown, without a password */
  constructor(url: string, name: string) {
    this.name = name;
    this.#database = new Database(url);
  }

  async snapshot(): Promise<Snapshot> {
    try {
      const moment = await Moment.begin(await this.#database.session());
      await checkSchema(moment);
      return new PostgresMoment(moment, await readMarks(moment));
    } catch (error) {
      throw failureOf(error)?.error ?? error;
    }
  }

  async close(marks: MoveMarks, seen: MoveMarks): Promise<ClosedSource> {
    await this.#locked(async (now, transaction) => {
      refuseClosed(now, seen, this.name);
      await writeMarks(transaction, marks);
    });
    const reopen = () =>
      this.#locked(async (now, transaction) => {
        if (now.moveId === marks.moveId) await writeMarks(transaction, noMarks);
      });
    return { reopen, leave: async () => {} };
  }

  async end(): Promise<void> {
    await this.#database.close();
  }

  async #locked(work: (now: MoveMarks, transaction: Statements) => Promise<void>): Promise<void> {
    try {
      await this.#database.transaction(async (transaction) => work(await lockMarks(transaction), transaction));
    } catch (error) {
      throw failureOf(error)?.error ?? error;
    }
  }
}

class PostgresMoment implements Snapshot {
  readonly marks: MoveMarks;
  readonly #moment: Moment;
  readonly #log: LogTables;

  constructor(moment: Moment, marks: MoveMarks) {
    this.#moment = moment;
    this.#log = new LogTables(moment);
    this.marks = marks;
  }

  size(): Promise<number> {
    return sizeOf(this.#moment);
  }

  entries(from: number, to: number): Promise<Entry[]> {
    return this.#log.entries(from, to);
  }

  changes(from: number): AsyncIterable<readonly ChangeRow[]> {
    return pages(from, (position) => this.#moment.rows<ChangeRow>(changesSql, [position]));
  }

  erasures(from: number): AsyncIterable<readonly ChangeRow[]> {
    return pages(from, (position) => this.#moment.rows<ChangeRow>(erasuresSql, [position]));
  }

  identities(): Promise<LogIdentity[]> {
    return this.#log.identities();
  }

  directorySizes(): Promise<DirectorySizeRow[]> {
    return this.#moment.rows<DirectorySizeRow>(sizesSql);
  }

  async plainRows(): Promise<PlainRows> {
    return { client: await this.#plain("client"), token: await this.#plain("token"), log: await this.#plain("log") };
  }

  counts(): Promise<Counts> {
    return countsOf(this.#moment);
  }

  close(): Promise<void> {
    return this.#moment.end();
  }

  async #plain(table: keyof typeof plainTables): Promise<Cell[][]> {
    const columns = plainTables[table];
    const rows = await this.#moment.rows<Record<string, Cell>>(`SELECT ${columns.join(", ")} FROM saywhen.${table}`);
    return rows.map((row) => columns.map((column) => row[column] ?? null));
  }
}

/** How many rows a database has of what is derived. */
export async function countsOf(statements: Statements): Promise<Counts> {
  const [row] = await statements.rows<Counts>(countsSql);
  return row ?? { streams: 0, addresses: 0, entries: 0 };
}
