import { randomBytes } from "node:crypto";
import { StoreUnavailable } from "../../service/store.ts";
import { type AppliedMigration, type Migration, pendingOf, readMigrations, SchemaMismatch } from "../migrations.ts";
import type { Database, Statements } from "./database.ts";
import { failureOf, sqlStateOf } from "./failure.ts";
import { DatabaseUnfit } from "./fitness.ts";

/** A number that no other program is likely to lock: of nodes that start together, one brings the schema up to date. */
const migrationLock = "7310575174815248998";

/** Milliseconds that one migration may take: of a large database, hours. */
const migrationMs = 24 * 3600 * 1000;

/** How long (ms) a node waits for another one that brings the schema up to date. */
const othersMs = 60_000;

/**
 * How long (ms) a migration waits for a table: while it waits for somebody's long transaction, everybody else who wants
 * that table waits behind it.
 */
const tableLockMs = 3000;

const ownMigrations = new URL("./migrations/", import.meta.url);

const tableSql =
  "CREATE TABLE saywhen.migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL, breaking BOOLEAN NOT NULL, " +
  "applied_at TEXT NOT NULL)";
const noteSql = "INSERT INTO saywhen.migration (number, name, breaking, applied_at) VALUES ($1, $2, $3, $4)";
const thereSql =
  "SELECT to_regclass('saywhen.migration') IS NOT NULL AS \"isOurs\", EXISTS (SELECT FROM pg_namespace WHERE nspname = 'saywhen') " +
  'AS "hasSchema", EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(\'saywhen\')) AS "hasTables"';

/** What of Saywhen is in the database. */
interface There {
  readonly isOurs: boolean;
  readonly hasSchema: boolean;
  readonly hasTables: boolean;
}

/**
 * Brings the schema up to date, each migration in a transaction of its own, while nodes of the version before serve.
 * One that fails leaves nothing, and those before it stay: it can be run again.
 *
 * @param now the time to note down, RFC 3339
 * @param folder the migrations that this program knows
 * @returns the names of those that were applied
 * @throws SchemaMismatch when a newer server has changed the schema in a way that this one does not understand,
 *   DatabaseUnfit when the schema may not be made, StoreUnavailable when a migration failed
 */
export async function migrate(database: Database, now: string, folder: URL = ownMigrations): Promise<string[]> {
  const known = readMigrations(folder);
  if (await isUpToDate(database, known)) return [];
  await database.transaction(makeSchema);
  const applied: string[] = [];
  for (;;) {
    const name = await database.transaction((statements) => applyNext(statements, known, now));
    if (name === undefined) return applied;
    applied.push(name);
  }
}

/**
 * Sees to it that the schema is the one that this program reads, and changes nothing.
 *
 * @throws SchemaMismatch when it is older or newer, or when there is none
 */
export async function checkSchema(statements: Statements): Promise<void> {
  const applied = await appliedTo(statements);
  if (applied === undefined) throw new SchemaMismatch("The database is empty: start the service once, which makes it.");
  if (pendingOf(readMigrations(ownMigrations), applied).length > 0)
    throw new SchemaMismatch("The database is of an older version: `saywhen migrate` brings it up to date.");
}

async function isUpToDate(statements: Statements, known: readonly Migration[]): Promise<boolean> {
  const applied = await appliedTo(statements);
  return applied !== undefined && pendingOf(known, applied).length === 0;
}

async function makeSchema(statements: Statements): Promise<void> {
  await lock(statements);
  const { isOurs, hasSchema, hasTables } = await whatIsThere(statements);
  if (isOurs) return;
  if (hasTables)
    throw new SchemaMismatch("The schema `saywhen` holds tables of another program; choose another database.");
  try {
    if (!hasSchema) await statements.rows("CREATE SCHEMA saywhen");
    await statements.rows(tableSql);
  } catch (error) {
    if (sqlStateOf(error) !== notAllowed) throw error;
    throw new DatabaseUnfit(
      "The database does not let this user make the schema `saywhen`; " +
        "let an administrator do it: `CREATE SCHEMA saywhen AUTHORIZATION` and the user's name.",
      { cause: error },
    );
  }
}

const notAllowed = "42501";

/** @returns the name of the one that was applied; undefined when there was none to apply */
async function applyNext(
  statements: Statements,
  known: readonly Migration[],
  now: string,
): Promise<string | undefined> {
  await lock(statements);
  const [next] = pendingOf(known, (await appliedTo(statements)) ?? []);
  if (next === undefined) return undefined;
  const { number, name, sql, breaking } = next;
  try {
    await statements.rows(sql, [], migrationMs);
  } catch (error) {
    const reason = failureOf(error)?.error.message ?? (error instanceof Error ? error.message : "");
    throw new StoreUnavailable(
      `The database could not be brought up to date (${name}: ${reason}). Nothing of that was kept; it can be tried again.`,
      { cause: error },
    );
  }
  // Drawn here, as PostgreSQL has no strong random bytes of its own without an extension.
  if (number === 1) await statements.rows("INSERT INTO saywhen.digest_key (key) VALUES ($1)", [randomBytes(32)]);
  await statements.rows(noteSql, [number, name, breaking, now]);
  return name;
}

/** Until the end of the transaction, nobody else brings the schema up to date. */
async function lock(statements: Statements): Promise<void> {
  await statements.rows(`SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${othersMs}`);
  try {
    await statements.rows(`SELECT pg_advisory_xact_lock(${migrationLock})`, [], othersMs * 2);
  } catch (error) {
    if (sqlStateOf(error) !== lockTimeout) throw error;
    throw new StoreUnavailable(
      "Another node has been bringing the database up to date for a minute; start again later.",
      {
        cause: error,
      },
    );
  }
  await statements.rows(`SET LOCAL lock_timeout = ${tableLockMs}`);
}

const lockTimeout = "55P03";

/** The migrations that the database has noted down; undefined when it is empty. */
async function appliedTo(statements: Statements): Promise<AppliedMigration[] | undefined> {
  const { isOurs } = await whatIsThere(statements);
  if (!isOurs) return undefined;
  return statements.rows<AppliedMigration>("SELECT number, name, breaking FROM saywhen.migration");
}

async function whatIsThere(statements: Statements): Promise<There> {
  const [there] = await statements.rows<There>(thereSql);
  return there ?? { isOurs: false, hasSchema: false, hasTables: false };
}
