import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { lockWaitMs } from "./database-file.ts";
import { checkSchema } from "./migrate.ts";
import { SqliteRecords } from "./sqlite-records.ts";

/** There is no database to be read. */
export class DatabaseMissing extends Error {
  override readonly name = "DatabaseMissing";
}

/**
 * Opens what is recorded in an SQLite file, to be read only: beside a running server as well. Everything that is read
 * is of one moment, that of the opening, however long it takes.
 *
 * @throws DatabaseMissing when there is no such file
 * @throws SchemaMismatch when the file is not one that this version can read
 */
export async function openSqliteRecords(file: string): Promise<SqliteRecords> {
  if (!existsSync(file)) throw new DatabaseMissing(`There is no database ${file}; set SAYWHEN_DATABASE.`);
  using opened = new DisposableStack();
  const db = opened.use(new DatabaseSync(file, { readOnly: true, timeout: lockWaitMs }));
  db.exec("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; BEGIN");
  checkSchema(db);
  const records = new SqliteRecords(db);
  opened.move();
  return records;
}
