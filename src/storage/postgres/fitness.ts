import type { Statements } from "./database.ts";

/** The server or the database is not set up for us; the message says why and what to do. */
export class DatabaseUnfit extends Error {
  override readonly name = "DatabaseUnfit";
}

/** What of a server's settings matters to us: as they are for our user in our database. */
export interface ServerFacts {
  /** As the server counts: 150004 is 15.4. */
  readonly version: number;
  readonly encoding: string;
  readonly isolation: string;
  readonly synchronous: string;
  readonly read_only: string;
  readonly is_standby: boolean;
  /** The least of what the server tells of that it still sends. */
  readonly messages: string;
  readonly fsync: string;
  readonly full_page_writes: string;
}

const oldestVersion = 150_000;

const factsSql =
  "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding, " +
  "current_setting('default_transaction_isolation') AS isolation, " +
  "current_setting('synchronous_commit') AS synchronous, " +
  "current_setting('default_transaction_read_only') AS read_only, pg_is_in_recovery() AS is_standby, " +
  "current_setting('client_min_messages') AS messages, " +
  "current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes";

/**
 * Looks at how the server is set up.
 *
 * @returns sentences about what is dangerous, or will be in the way
 * @throws DatabaseUnfit when nothing that it acknowledges could be relied on
 */
export async function checkFitness(statements: Statements): Promise<string[]> {
  const [facts] = await statements.rows<ServerFacts>(factsSql);
  if (facts === undefined) throw new DatabaseUnfit("The database does not say how it is set up.");
  const [first] = refusalsOf(facts);
  if (first !== undefined) throw new DatabaseUnfit(first);
  return warningsOf(facts);
}

/** Why a server cannot be used: a sentence each. */
export function refusalsOf(facts: ServerFacts): string[] {
  const { version, encoding, isolation, synchronous, messages, is_standby, read_only } = facts;
  const refusals: string[] = [];
  if (version < oldestVersion)
    refusals.push(`PostgreSQL ${Math.floor(version / 10_000)} is too old; from version 15 on it will do.`);
  if (encoding !== "UTF8")
    refusals.push(
      `The database has the encoding ${encoding}, which cannot hold text of every language; ` +
        "make another with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`.",
    );
  if (synchronous === "off")
    refusals.push(
      "synchronous_commit is off, so that a crash of the database could lose what was acknowledged; " +
        "set it to on for this user and database.",
    );
  if (isolation !== "read committed")
    refusals.push(
      `default_transaction_isolation is ${isolation}, in which nodes would refuse each other's writes; ` +
        "set it to 'read committed' for this user and database.",
    );
  if (messages === "error")
    refusals.push(
      "client_min_messages is error, so that nobody would hear that the wait for a standby was called off; " +
        "set it to warning for this user and database.",
    );
  if (is_standby)
    refusals.push(
      "The database is a standby, in which nothing can be written: lead SAYWHEN_DATABASE to the primary, or promote it.",
    );
  else if (read_only === "on")
    refusals.push(
      "default_transaction_read_only is on, so that nothing can be written; set it to off for this user and database.",
    );
  return refusals;
}

/** What the operator should know of a server that can be used. */
export function warningsOf({ fsync, full_page_writes }: ServerFacts): string[] {
  const warnings: string[] = [];
  if (fsync !== "on") warnings.push("fsync is off in the database: a power loss can destroy it.");
  if (full_page_writes !== "on") warnings.push("full_page_writes is off in the database: a power loss can destroy it.");
  return warnings;
}
