import type { DatabaseSync } from "node:sqlite";
import { openFile } from "./database-file.ts";

/** Another process serves the database; two would each answer from what they remember. */
export class StoreInUse extends Error {
  override readonly name = "StoreInUse";
}

/**
 * Makes this process the only one that serves a database file, for as long as it lives.
 *
 * The lock is SQLite's own write lock on an empty database beside the file (`<file>.lock`): an fcntl lock, which the
 * kernel drops with the process, however that ends. The lock file stays, and means nothing by itself. Readers of the
 * data file are not kept out. The holder's process id stands in the lock file's header, for the error's message.
 *
 * Nothing in this process may open `<file>.lock` by other means: closing it would drop the lock (POSIX).
 *
 * @returns what lets go of the lock
 * @throws StoreInUse
 */
export function takeServingLock(file: string): DatabaseSync {
  const lock = openFile(`${file}.lock`);
  try {
    lock.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${process.pid}; COMMIT; BEGIN IMMEDIATE`);
    return lock;
  } catch (error) {
    const holder = isBusy(error) ? holderOf(lock) : undefined;
    lock.close();
    if (holder === undefined) throw error;
    throw new StoreInUse(`The database is served by another process (pid ${holder}); stop that one first.`);
  }
}

function holderOf(lock: DatabaseSync): number {
  return lock.prepare("PRAGMA user_version").get()?.["user_version"] as number;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 5;
}
