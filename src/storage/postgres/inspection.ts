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
import { changeColumns } from "./change-row.ts";
import { sizeOf } from "./changes.ts";
import type { Statements } from "./database.ts";
import { failureOf, sqlStateOf } from "./failure.ts";
import { LogTables } from "./log-tables.ts";
import { schemaFaults } from "./schema-faults.ts";

/** Rows fetched at once: the next ones are on their way while these are looked at. */
const pageRows = 1000;

const changesSql = `SELECT ${changeColumns} FROM saywhen.change ORDER BY position`;
const keyChangesSql = `SELECT ${changeColumns} FROM saywhen.change WHERE kind IN ('continuation', 'marking') ORDER BY position`;
const streamsSql = "SELECT id AS number, digest, head FROM saywhen.stream ORDER BY id";
const addressesSql = "SELECT digest, stream FROM saywhen.address";
const directorySql = "SELECT kind, id, stream, email FROM saywhen.directory";
const sizesSql = "SELECT kind, entries, ever FROM saywhen.directory_size";
const codesSql = "SELECT stream AS place, position, name, said FROM saywhen.code";
const tilesSql = 'SELECT level, number AS "index" FROM saywhen.tile ORDER BY level, number';
const indexesSql =
  "SELECT index.oid::text AS oid, index.relname AS name, indisvalid AND indisready AS valid, " +
  "index.relkind = 'i' AND am.amname = 'btree' AS checkable FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid " +
  "JOIN pg_am AS am ON am.oid = index.relam JOIN pg_namespace AS room ON room.oid = index.relnamespace " +
  "WHERE room.nspname = 'saywhen' ORDER BY index.relname";
const checkSql =
  "SELECT format('%I.%I', room.nspname, proname) AS function FROM pg_extension JOIN pg_namespace AS room ON room.oid = extnamespace " +
  "JOIN pg_proc ON pronamespace = room.oid AND proname = 'bt_index_check' " +
  "WHERE extname = 'amcheck' AND has_function_privilege(pg_proc.oid, 'EXECUTE') LIMIT 1";

/** SQLSTATEs of what is damaged, or missing where it always is: pages, files, tables, columns, functions. */
const damaged = /^(XX...|58P01|42P01|42703|42883)$/;

interface IndexRow {
  readonly oid: string;
  readonly name: string;
  readonly valid: boolean;
  readonly checkable: boolean;
}

/** What stands in a PostgreSQL database. */
export class PostgresInspection implements Inspection {
  readonly digest: Digest;
  readonly #statements: Statements;
  readonly #log: LogTables;
  #cursors = 0;

  /** @param statements of one transaction, in which all of them see the same moment */
  constructor(statements: Statements, digest: Digest) {
    this.digest = digest;
    this.#statements = {
      rows: <Row>(sql: string, values?: readonly unknown[]) => named(statements.rows<Row>(sql, values)),
    };
    this.#log = new LogTables(this.#statements);
  }

  async faults(): Promise<StorageFault[]> {
    return [...(await schemaFaults(this.#statements)), ...(await this.#indexFaults())];
  }

  size(): Promise<number> {
    return sizeOf(this.#statements);
  }

  changes(): AsyncGenerator<readonly ChangeRow[]> {
    return this.#pages<ChangeRow>(changesSql);
  }

  keyChanges(): Promise<ChangeRow[]> {
    return this.#statements.rows<ChangeRow>(keyChangesSql);
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

  directorySizes(): Promise<readonly DirectorySizeRow[]> {
    return this.#statements.rows<DirectorySizeRow>(sizesSql);
  }

  codes(): AsyncGenerator<readonly CodeRow[]> {
    return this.#pages<CodeRow>(codesSql);
  }

  tiles(): AsyncGenerator<readonly TileRow[]> {
    return this.#pages<TileRow>(tilesSql);
  }

  tile(level: number, index: number): Promise<Buffer | undefined> {
    return this.#log.tile(level, index);
  }

  identities(): Promise<LogIdentity[]> {
    return this.#log.identities();
  }

  /** By a cursor: it ends with the transaction, so that a pooler may stand between. */
  async *#pages<Row>(sql: string): AsyncGenerator<readonly Row[]> {
    this.#cursors += 1;
    const cursor = `page_${this.#cursors}`;
    await this.#statements.rows(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql}`);
    try {
      for (let coming = this.#page<Row>(cursor); ; ) {
        const page = await coming;
        if (page.length === 0) return;
        coming = this.#page(cursor);
        yield page;
      }
    } finally {
      // After a failure it is not there any more.
      await this.#statements.rows(`CLOSE ${cursor}`).catch(() => undefined);
    }
  }

  #page<Row>(cursor: string): Promise<Row[]> {
    const page = this.#statements.rows<Row>(`FETCH ${pageRows} FROM ${cursor}`);
    // Whoever looks at the page before it may never come to this one.
    page.catch(() => undefined);
    return page;
  }

  /** Indexes that PostgreSQL left unfinished; and by `amcheck`, where an administrator has installed it, wrong ones. */
  async #indexFaults(): Promise<StorageFault[]> {
    const [check] = await this.#statements.rows<{ function: string }>(checkSql);
    const faults: StorageFault[] = [];
    for (const { oid, name, valid, checkable } of await this.#statements.rows<IndexRow>(indexesSql)) {
      if (!valid) faults.push({ what: `the index ${name} is not finished`, isDerived: true });
      const wrong = valid && checkable && check !== undefined && (await this.#wrongIn(check.function, oid));
      if (typeof wrong === "string") faults.push({ what: `the index ${name}: ${wrong}`, isDerived: true });
    }
    return faults;
  }

  async #wrongIn(check: string, index: string): Promise<string | undefined> {
    try {
      await this.#statements.rows(`SELECT ${check}($1::oid::regclass)`, [index]);
      return undefined;
    } catch (error) {
      if (error instanceof StorageDamaged) return error.message;
      throw error;
    }
  }
}

async function named<Rows>(rows: Promise<Rows>): Promise<Rows> {
  try {
    return await rows;
  } catch (error) {
    if (damaged.test(sqlStateOf(error) ?? "")) throw new StorageDamaged((error as Error).message, { cause: error });
    throw failureOf(error)?.error ?? error;
  }
}
