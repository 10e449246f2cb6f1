import type { Statements } from "./database.ts";

/** Milliseconds that one statement of a command may take that goes through a whole log. */
const longMs = 24 * 3600 * 1000;

/**
 * Said first in a command's transaction, in which this process may work for long between two statements, and the
 * database on one. Where the command's machine is gone its locks are let go of all the same.
 */
export const patienceSql = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = '10min'";

/** The same statements, whose answers are waited for as long as they take. */
export function patiently(statements: Statements): Statements {
  return { rows: (sql, values) => statements.rows(sql, values, longMs) };
}
