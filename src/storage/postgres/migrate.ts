import { randomBytes } from "node:crypto";
import { type AppliedMigration, type Migration, pendingOf, readMigrations, SchemaMismatch } from "../migrations.ts";
import type { Database, Statements } from "./database.ts";

/** A number that no other program is likely to lock: of nodes that start together, one brings the schema up to date. */
const migrationLock = "7310575174815248998";

/** Milliseconds that one migration may take: of a large database, hours. */
const migrationMs = 24 * 3600 * 1000;

const tableSql =
  "CREATE TABLE saywhen.migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL, breaking BOOLEAN NOT NULL, " +
  "applied_at TEXT NOT NULL)";
const noteSql = "INSERT INTO saywhen.migration (number, name, breaking, applied_at) VALUES ($1, $2, $3, $4)";

/**
 * Brings the schema up to date, each migration in a transaction of its own, while nodes of the version before serve.
 *
 * @param now the time to note down, RFC 3339
 * @returns how many migrations were applied
 * @throws SchemaMismatch when a newer server has changed the schema in a way that this one does not understand
 */
export async function migrate(database: Database, now: string): Promise<number> {
  if (await isUpToDate(database)) return 0;
  await database.transaction(makeSchema);
  let applied = 0;
  while (await database.transaction((statements) => applyNext(statements, now))) applied += 1;
  return applied;
}

/**
 * Sees to it that the schema is the one that this program reads, and changes nothing.
 *
 * @throws SchemaMismatch when it is older or newer, or when there is none
 */
export async function checkSchema(statements: Statements): Promise<void> {
  const applied = await appliedTo(statements);
  if (applied === undefined) throw new SchemaMismatch("The database is empty: start the service once, which makes it.");
  if (pendingOf(known(), applied).length > 0)
    throw new SchemaMismatch("The database is of an older version: `saywhen migrate` brings it up to date.");
}

async function isUpToDate(statements: Statements): Promise<boolean> {
  const applied = await appliedTo(statements);
  return applied !== undefined && pendingOf(known(), applied).length === 0;
}

async function makeSchema(statements: Statements): Promise<void> {
  await lock(statements);
  if ((await appliedTo(statements)) !== undefined) return;
  await statements.rows("CREATE SCHEMA IF NOT EXISTS saywhen");
  await statements.rows(tableSql);
}

/** @returns whether there was one to apply */
async function applyNext(statements: Statements, now: string): Promise<boolean> {
  await lock(statements);
  const [next] = pendingOf(known(), (await appliedTo(statements)) ?? []);
  if (next === undefined) return false;
  const { number, name, sql, breaking } = next;
  await statements.rows(sql, [], migrationMs);
  // Drawn here, as PostgreSQL has no strong random bytes of its own without an extension.
  if (number === 1) await statements.rows("INSERT INTO saywhen.digest_key (key) VALUES ($1)", [randomBytes(32)]);
  await statements.rows(noteSql, [number, name, breaking, now]);
  return true;
}

async function lock(statements: Statements): Promise<void> {
  await statements.rows(`SELECT pg_advisory_xact_lock(${migrationLock})`, [], migrationMs);
}

/** The migrations that the database has noted down; undefined when it is empty. */
async function appliedTo(statements: Statements): Promise<AppliedMigration[] | undefined> {
  const [found] = await statements.rows<{ there: boolean }>(
    "SELECT to_regclass('saywhen.migration') IS NOT NULL AS there",
  );
  if (found?.there !== true) return undefined;
  return statements.rows<AppliedMigration>("SELECT number, name, breaking FROM saywhen.migration");
}

/** The migrations that this program knows, in order. */
function known(): Migration[] {
  return readMigrations(new URL("./migrations/", import.meta.url));
}
