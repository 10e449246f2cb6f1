import type { DatabaseSync } from "node:sqlite";

/**
 * Runs statements as one transaction that takes the write lock at once: all of them are durable when this returns, or,
 * when anything throws, none of them happened. Nothing else runs meanwhile, as everything in here is synchronous.
 */
export function inTransaction<Value>(db: DatabaseSync, statements: () => Value): Value {
  db.exec("BEGIN IMMEDIATE");
  try {
    const value = statements();
    db.exec("COMMIT");
    return value;
  } catch (error) {
    // A full disk and the like make SQLite roll back by itself; anything else, a failed COMMIT too, leaves it to us.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/**
 * As inTransaction, for what is derived: it may be lost with the power, and the next sync that something else needs takes
 * it along.
 */
export function inLazyTransaction<Value>(db: DatabaseSync, statements: () => Value): Value {
  db.exec("PRAGMA synchronous = NORMAL");
  try {
    return inTransaction(db, statements);
  } finally {
    db.exec("PRAGMA synchronous = FULL");
  }
}
