import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { commitmentOf } from "../../audit/verify-receipt.ts";
import type { Digest } from "../digest.ts";
import { type AppliedMigration, type Migration, pendingOf, readMigrations, SchemaMismatch } from "../migrations.ts";
import { digestOf } from "./digests.ts";
import { inTransaction } from "./transaction.ts";

const tableSql =
  "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, breaking INTEGER NOT NULL, " +
  "applied_at TEXT NOT NULL) STRICT";

/**
 * Brings the schema up to date, each migration in a transaction of its own.
 *
 * @param now the time to note down, RFC 3339
 * @returns the names of those that were applied
 * @throws SchemaMismatch when a newer server has changed the schema in a way that this one does not understand, or when
 *   the file is another program's database
 */
export function migrate(db: DatabaseSync, now: string): string[] {
  const pending = pendingMigrations(db);
  if (pending.length > 0) defineFunctions(db);
  if (!hasTable(db, "migration")) db.exec(tableSql);
  const note = db.prepare("INSERT INTO migration (number, name, breaking, applied_at) VALUES (?, ?, ?, ?)");
  for (const migration of pending) {
    inTransaction(db, () => {
      db.exec(migration.sql);
      note.run(migration.number, migration.name, Number(migration.breaking), now);
    });
  }
  return pending.map(({ name }) => name);
}

/**
 * Sees to it that the schema is the one that this program reads, and changes nothing.
 *
 * @throws SchemaMismatch when it is older or newer, or when there is none
 */
export function checkSchema(db: DatabaseSync): void {
  if (pendingMigrations(db).length === 0) return;
  if (!hasTable(db, "migration")) throw new SchemaMismatch("The file is empty: it is no database yet.");
  throw new SchemaMismatch("The database is of an older version; start the service once, which brings it up to date.");
}

/** What a migration needs that SQL has not: the functions that it calls. */
function defineFunctions(db: DatabaseSync): void {
  let digest: Digest | undefined;
  db.function("random_bytes", (count) => randomBytes(Number(count)));
  db.function("commitment", (salt, body) => commitmentOf(salt as Uint8Array, body as string));
  db.function("digest", (text) => {
    digest ??= digestOf(db);
    return digest(text as string);
  });
}

/** What the database lacks. Throws SchemaMismatch when it has what this program cannot understand. */
function pendingMigrations(db: DatabaseSync): Migration[] {
  if (hasTable(db, "migration")) return pendingOf(known(), appliedTo(db));
  const other = db.prepare("SELECT name FROM sqlite_schema LIMIT 1").get();
  if (other === undefined) return known();
  throw new SchemaMismatch("The file is a database of another program; choose another file.");
}

function appliedTo(db: DatabaseSync): AppliedMigration[] {
  const rows = db.prepare("SELECT number, name, breaking FROM migration").all();
  return rows.map(({ number, name, breaking }) => ({
    number: Number(number),
    name: String(name),
    breaking: breaking !== 0,
  }));
}

/** The migrations that this program knows, in order. */
function known(): Migration[] {
  return readMigrations(new URL("./migrations/", import.meta.url));
}

function hasTable(db: DatabaseSync, name: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}
