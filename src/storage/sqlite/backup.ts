import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { verifierKeyOf } from "../../audit/checkpoint.ts";
import { lockWaitMs } from "./database-file.ts";
import { DatabaseMissing, openSqliteRecords } from "./open-records.ts";
import { soundLog } from "./sound-log.ts";
import { failureOf } from "./sqlite-failure.ts";

/** A copy of the database could not be written; nothing of it is left behind. The message says why. */
export class CopyFailed extends Error {
  override readonly name = "CopyFailed";
}

/**
 * Writes what a database holds at this moment, what is still in its WAL included, to a file that must not be there
 * yet: compact, for its owner only, on the disk when this returns. Neither readers nor writers of the database are
 * held up, so it may be served meanwhile; it is not changed.
 *
 * @throws DatabaseMissing, CopyFailed
 */
export function copyDatabase(from: string, to: string): void {
  if (!existsSync(from)) throw new DatabaseMissing(`There is no file ${from}.`);
  makeNew(to);
  try {
    // SQLite fills an empty file that is there, and leaves its mode alone.
    using db = new DatabaseSync(from, { readOnly: true, timeout: lockWaitMs });
    db.exec("PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0");
    db.prepare("VACUUM INTO ?").run(to);
    flush(to);
  } catch (error) {
    rmSync(to, { force: true });
    throw copyFailure(error, from, to);
  }
}

/** A backup that was written. */
export interface BackedUp {
  readonly bytes: number;
  readonly changes: number;
  /** When the last change was recorded; absent when there is none. */
  readonly at?: string;
  /** Of the log; absent when it was never signed. */
  readonly verifierKey?: string;
  /** How many things that are derived are wrong in it, as they are in the database. */
  readonly derived: number;
}

/** What to back up, and how. */
export interface BackupOptions {
  readonly database: string;
  /** It must not be there yet; its folder must. */
  readonly file: string;
  /** Calls it off. */
  readonly signal: AbortSignal;
}

/**
 * Writes a backup, beside whoever serves the database: a copy under another name, which gets its own only when it was
 * found sound. Otherwise nothing is left behind.
 *
 * @throws DatabaseMissing, SchemaMismatch, DatabaseDamaged, CopyFailed
 */
export async function writeBackup({ database, file, signal }: BackupOptions): Promise<BackedUp> {
  if (existsSync(file)) throw new CopyFailed(`${file} is there already; give the backup a name of its own.`);
  const copy = `${file}.partial`;
  copyDatabase(database, copy);
  try {
    const { counts } = await Promise.race([soundLog(copy, database), aborted(signal)]);
    const written = { ...(await summaryOf(copy)), derived: counts.derived };
    renameSync(copy, file);
    flush(dirname(realpathSync(file)));
    return written;
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new CopyFailed("Called off; nothing was written.")), { once: true });
  });
}

async function summaryOf(file: string): Promise<Omit<BackedUp, "derived">> {
  const records = await openSqliteRecords(file);
  try {
    const changes = await records.size();
    const [last] = await records.entries(changes - 1, changes);
    const identity = (await records.identities()).at(-1);
    return {
      bytes: statSync(file).size,
      changes,
      ...(last === undefined ? undefined : { at: last.at }),
      ...(identity === undefined ? undefined : { verifierKey: verifierKeyOf(identity.origin, identity.publicKey) }),
    };
  } finally {
    await records.close();
  }
}

/** Sees to it that a file, or the names in a folder, are on the disk. */
export function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes an empty file, for its owner only; whoever made it first goes on alone. */
function makeNew(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") throw new CopyFailed(`${file} cannot be written: ${message}.`);
    throw new CopyFailed(
      `${file} is there: another copy is being written just now, or one was cut short. Remove it if nothing writes it.`,
    );
  }
}

function copyFailure(error: unknown, from: string, to: string): unknown {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code === "ENOSPC" || code === "EDQUOT" || errcode === sqliteFull) {
    return new CopyFailed(`The disk that ${to} would be on is full; nothing was written.`);
  }
  const failure = failureOf(error);
  if (failure === undefined) return error;
  return new CopyFailed(`${from} cannot be copied to ${to}: ${failure.error.message}.`, { cause: error });
}

/** The result code of SQLite that says that the disk is full. */
const sqliteFull = 13;
