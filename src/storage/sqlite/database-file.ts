import { closeSync, mkdirSync, openSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The name under which SQLite keeps a database in memory only. */
export const inMemory = ":memory:";

/** How long a statement waits for another process's lock: it holds up the event loop, so it gives up soon. */
export const lockWaitMs = 500;

/**
 * The one name of a database file: a lock beside a symbolic link would not be seen beside what it leads to. The file is
 * made, for its owner only, and its folder, where they are missing.
 */
export function realFile(file: string): string {
  if (file === inMemory) return file;
  makeFile(file);
  return realpathSync(file);
}

/** Opens a database file for reading and writing; makes it where it is missing. */
export function openFile(file: string): DatabaseSync {
  if (file !== inMemory) makeFile(file);
  return new DatabaseSync(file, { timeout: lockWaitMs });
}

/** SQLite would make the file readable for everybody; its -wal and -shm files take over the mode that it has. */
function makeFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
