import type { KeyFiles } from "../../service/key-files.ts";
import { signNow } from "../../service/sign-now.ts";
import { type ReplacedLog, replacedLog, type TakenUp, takeUpBackup } from "../../service/take-up-backup.ts";
import { makeKey } from "../key-files.ts";
import { DatabaseMissing, openSqliteRecords } from "./open-records.ts";
import { rebuild } from "./rebuild.ts";
import { Replacement } from "./replacement.ts";
import { soundLog } from "./sound-log.ts";
import { openSqliteStore, type SqliteStore } from "./sqlite-store.ts";

/** What to restore, and how. */
export interface RestoreOptions {
  /** The database that is to be replaced; it need not be there. */
  readonly database: string;
  /** A file; nothing in it is changed. */
  readonly backup: string;
  readonly keyFiles: KeyFiles;
  /** Whether to go on with a new key. */
  readonly newKey: boolean;
}

/** What a restore has come to. */
export interface Restored extends TakenUp {
  /** The name that the database before now has; absent when there was none. */
  readonly before?: string;
  /** Why the continued log could not be signed at once; the next start does it. */
  readonly unsigned?: string;
}

/**
 * Puts a backup in the place of the database: brings a copy of it up to date, checks all of it, erases again, continues
 * the log where it has to be, and only then puts a new key in its place, where there is one, and replaces the one
 * database by the other.
 *
 * @throws StoreInUse, DatabaseMissing, CopyFailed, SchemaMismatch, DatabaseDamaged, KeyUnusable, StoreUnavailable; then
 *   nothing was replaced
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const restored = await putInPlace(options);
  const unsigned = restored.continued && (await sign(options));
  return { ...restored, ...(unsigned === undefined ? undefined : { unsigned }) };
}

async function putInPlace(options: RestoreOptions): Promise<Restored> {
  const { database, backup, keyFiles } = options;
  using replacement = new Replacement(database, backup);
  const { copy } = replacement;
  await withStore(copy, (store) => refuseEmpty(store, backup));
  const { counts } = await soundLog(copy, backup);
  if (counts.derived > 0) await rebuild(copy);
  const replaced = await logIn(replacement.database);
  const newKey = options.newKey ? makeKey() : undefined;
  const taken = await withStore(copy, (store) => takeUpBackup(store, { keyFiles, newKey, replaced }));
  const before = replacement.replace(() => {
    if (newKey !== undefined) keyFiles.putKey(newKey);
  });
  return { ...taken, ...(before === undefined ? undefined : { before }) };
}

/** What holds nothing is no backup: an empty file, perhaps, that was to become one. */
async function refuseEmpty(store: SqliteStore, backup: string): Promise<void> {
  if ((await store.size()) > 0) return;
  throw new DatabaseMissing(`${backup} holds no change: it is empty, and nothing can be restored from it.`);
}

/** Replaces the checkpoint beside the key, which is still that of the log before. */
async function sign({ database, keyFiles }: RestoreOptions): Promise<string | undefined> {
  try {
    await withStore(database, (store) => signNow(store, keyFiles));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Opening brings the schema up to date; closing leaves no WAL behind. What is erased again is not booked: a line of now
 * would be newer than what the database before says of somebody who came back, should that one be restored.
 */
async function withStore<Value>(file: string, work: (store: SqliteStore) => Promise<Value>): Promise<Value> {
  const store = await openSqliteStore({ file });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Undefined for a database that is missing, damaged, or of another version: a restore is what mends that. */
async function logIn(database: string): Promise<ReplacedLog | undefined> {
  try {
    const records = await openSqliteRecords(database);
    try {
      return await replacedLog(records);
    } finally {
      await records.close();
    }
  } catch {
    return undefined;
  }
}
