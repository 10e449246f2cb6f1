import { randomBytes } from "node:crypto";
import { after } from "node:test";
import { Client, escapeIdentifier } from "pg";
import { openPostgresStore } from "../../src/storage/postgres/postgres-store.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

/** A migrated database without data, on every server of the tests. */
const template = "saywhen_template";

/** The variable that says where the run's server is; unset when a test file runs alone. */
export const serverVariable = "TEST_POSTGRES_URL";

/** The server that the test files of a run share, with its template. */
export async function startShared(): Promise<PostgresServer> {
  const server = await startPostgres();
  try {
    await server.query(`CREATE DATABASE ${template}`);
    await (await openPostgresStore({ url: server.url(template) })).close();
    await server.query(`ALTER DATABASE ${template} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

let ownServer: Promise<PostgresServer> | undefined;
const made: string[] = [];

/** A database of one's own with Saywhen's tables and no data; it is gone after the file's tests. */
export function newDatabase(): Promise<string> {
  return create(template);
}

/** A database of one's own with nothing in it; it is gone after the file's tests. */
export function emptyDatabase(): Promise<string> {
  return create("template1");
}

/** A copy of one of those, to which nobody may be connected; it is gone after the file's tests. */
export function copyOf(url: string): Promise<string> {
  return create(new URL(url).pathname.slice(1));
}

/** Drops a database of those, whoever is connected. */
export async function dropDatabase(url: string): Promise<void> {
  await onServer([`DROP DATABASE IF EXISTS ${escapeIdentifier(new URL(url).pathname.slice(1))} WITH (FORCE)`]);
}

async function create(from: string): Promise<string> {
  const name = `t${randomBytes(8).toString("hex")}`;
  await onServer([`CREATE DATABASE ${name} TEMPLATE ${from}`]);
  made.push(name);
  return (await serverUrl()).replace(/[^/]*$/, name);
}

async function serverUrl(): Promise<string> {
  const shared = process.env[serverVariable];
  if (shared !== undefined) return shared;
  ownServer ??= startShared();
  return (await ownServer).url();
}

async function onServer(statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: await serverUrl() });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

after(async () => {
  if (ownServer !== undefined) await (await ownServer)[Symbol.asyncDispose]();
  else if (made.length > 0) await onServer(made.map((name) => `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
});
