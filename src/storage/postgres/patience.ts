import type { Statements } from "./database.ts";

/** Milliseconds that one statement of a command may take that goes through a whole log. */
const longMs = 24 * 3600 * 1000;

/** The same statements, whose answers are waited for as long as they take. */
export function patiently(statements: Statements): Statements {
  return { rows: (sql, values) => statements.rows(sql, values, longMs) };
}
