import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { readCatalogueFile } from "./config/catalogue-file.ts";
import { type Settings, standardKey } from "./config/settings.ts";
import { loadCatalogue } from "./service/catalogue.ts";
import { ClientRegistry } from "./service/clients.ts";
import { type Continued, continueLog, refuseNeedless } from "./service/continue-log.ts";
import { eraseAgain, type ErasedAgain, noteErasure } from "./service/erasure-book.ts";
import type { Inspectable } from "./service/inspection.ts";
import type { KeyFiles } from "./service/key-files.ts";
import { keyOf } from "./service/log-identity.ts";
import type { LogIdentity, LogRecords } from "./service/log-store.ts";
import { refuseServing } from "./service/presence.ts";
import { signNow } from "./service/sign-now.ts";
import { RecordDamaged, type Records } from "./service/store.ts";
import { copyKey } from "./storage/move/key-copy.ts";
import { type MovedDatabase, moveDatabase } from "./storage/open-move.ts";
import { isPostgres, openStore, type Storage } from "./storage/open-store.ts";
import { type BackedUp, CopyFailed, writeBackup } from "./storage/sqlite/backup.ts";
import type { Rebuilt } from "./storage/derive-anew.ts";
import { openKeyFiles } from "./storage/key-files.ts";
import { openPostgresRecords } from "./storage/postgres/open-records.ts";
import { rebuildPostgres } from "./storage/postgres/rebuild.ts";
import { openReplicaRecords } from "./storage/postgres/open-replica-records.ts";
import { DatabaseMissing, openSqliteRecords } from "./storage/sqlite/open-records.ts";
import { rebuild } from "./storage/sqlite/rebuild.ts";
import { type Restored, restoreBackup } from "./storage/sqlite/restore.ts";

/** The database alone, for commands that are called while nothing serves. */
export async function openDatabase(settings: Settings) {
  const keyFiles = openKeyFiles(settings.key);
  const store = await openStore(settings.database, { onErasure: (erased) => noteErasure(keyFiles, erased) });
  try {
    // An erasure is booked under the key: under another one a restored backup would not be erased again.
    const identity = (await store.identities()).at(-1);
    if (identity !== undefined) keyOf(identity, keyFiles);
    const catalogue = await loadCatalogue(store, () => readCatalogueFile(settings.catalogue));
    const clients = await ClientRegistry.open(store);
    const close = () => {
      clients.close();
      return store.close();
    };
    return { store, catalogue, clients, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * What is recorded, to be read only, as of this moment.
 *
 * @param tell is told how the replica is, where there is one; absent where the replica is not to be read
 */
export async function openRecords(
  { database, databaseRead }: Settings,
  tell?: (line: string) => void,
): Promise<Records & LogRecords & Inspectable> {
  if (!isPostgres(database)) return openSqliteRecords(database);
  if (databaseRead === undefined || tell === undefined) return openPostgresRecords(database);
  return openReplicaRecords(database, databaseRead, tell);
}

/** The log's key, and what stands beside it. */
export function openKeys(settings: Settings): KeyFiles {
  return openKeyFiles(settings.key);
}

/** How the log goes on, and what came of erasing again before that: a sentence where a damaged change forbade it. */
export interface ContinuedNow extends Continued {
  readonly again: ErasedAgain | string;
}

/**
 * Erases again what was erased since, gives the log a new identity, and signs under it. With its own key, only where it
 * cannot go on as it is.
 */
export async function continueNow(settings: Settings, options: { readonly newKey: boolean }): Promise<ContinuedNow> {
  refuseMissing(settings);
  const store = await openStore(settings.database, { evenMoved: true });
  try {
    if (store.nodes !== undefined) await refuseServing(store.nodes);
    const keyFiles = openKeyFiles(settings.key);
    if (!options.newKey && !store.isMoved) await refuseNeedless(store, keyFiles);
    // What was moved away takes a continuation before all else.
    const before = store.isMoved ? undefined : await erasedAgain(store, keyFiles);
    const continued = await continueLog(store, keyFiles, options);
    const again = before ?? (await erasedAgain(store, keyFiles));
    await signNow(store, keyFiles);
    return { ...continued, again };
  } finally {
    await store.close();
  }
}

/** A damaged database may be the last that there is: it goes on, and who is asked for can be erased by hand. */
async function erasedAgain(store: Storage, keyFiles: KeyFiles): Promise<ErasedAgain | string> {
  try {
    return await eraseAgain(store, keyFiles, { actor: "saywhen log continue", client: "saywhen" });
  } catch (error) {
    if (error instanceof RecordDamaged) return error.message;
    throw error;
  }
}

/** Derives anew what is derived from the changes, while nothing serves. */
export async function rebuildNow(settings: Settings): Promise<Rebuilt> {
  refuseMissing(settings);
  const { database } = settings;
  return isPostgres(database) ? rebuildPostgres(database, refuseServing) : rebuild(database);
}

/**
 * Brings the schema up to date, as each start does: a file's while nothing serves it, PostgreSQL's also beside nodes.
 *
 * @returns the migrations that were applied, and how the server is set, where that is dangerous
 */
export async function migrateNow(settings: Settings): Promise<Pick<Storage, "migrated" | "warnings">> {
  refuseMissing(settings);
  const store = await openStore(settings.database, { evenMoved: true });
  await store.close();
  const { migrated, warnings = [] } = store;
  return { migrated, warnings };
}

/** Opening a database that is not there, or an empty file, would make it. */
function refuseMissing({ database }: Settings): void {
  if (isPostgres(database)) return;
  const size = statSync(database, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new DatabaseMissing(`There is no database ${database}; set SAYWHEN_DATABASE.`);
  if (size === 0) throw new DatabaseMissing(`${database} is an empty file, and no database.`);
}

/** Between which databases the log is to be moved: each the path of a file, or `postgres://…`. */
export interface MoveRequest {
  readonly from: string;
  readonly to: string;
}

/** What was moved, and where its key is now; undefined when it has none. */
export interface MovedNow extends MovedDatabase {
  readonly key: string | undefined;
  /** How many lines the book of erasures beside that key lacks: those that nodes with folders of their own have written. */
  readonly unbooked: number;
}

/** Moves everything to another database, and the log's key to the place where it is looked for there. */
export async function moveNow(
  settings: Settings,
  { from, to }: MoveRequest,
  onProgress: (done: number, total: number) => void,
): Promise<MovedNow> {
  const isSet = settings.key !== standardKey(settings.database) || !existsSync(standardKey(from));
  const keys = { from: isSet ? settings.key : standardKey(from), to: standardKey(to) };
  const bringKey = (identity: LogIdentity | undefined) => {
    // A log without its key could not go on.
    if (identity !== undefined) keyOf(identity, openKeyFiles(keys.from));
    copyKey(keys.from, keys.to);
  };
  const moved = await moveDatabase({ from, to, copyKey: bringKey, onProgress });
  // An erasure that a restore took away keeps its line, and is not booked again: there may be more lines than erasures.
  const booked = new Set(openKeyFiles(keys.to).erasures()).size;
  const unbooked = Math.max(0, moved.erasures - booked);
  return { ...moved, unbooked, key: existsSync(keys.to) ? resolve(keys.to) : undefined };
}

/** Writes a backup, beside whoever serves the database. */
export async function backUp(settings: Settings, file: string, signal: AbortSignal): Promise<BackedUp> {
  if (isPostgres(settings.database))
    throw new CopyFailed("PostgreSQL is backed up by its own means, pg_basebackup for one: docs/operate.md says how.");
  return writeBackup({ database: settings.database, file, signal });
}

/** Puts a backup in the place of the database. */
export async function restore(
  settings: Settings,
  file: string,
  { newKey }: { readonly newKey: boolean },
): Promise<Restored> {
  const keyFiles = openKeyFiles(settings.key);
  const { database } = settings;
  if (isPostgres(database))
    throw new CopyFailed(
      "PostgreSQL is restored by its own means, from pg_basebackup for one: docs/operate.md says how. " +
        "The backup of a file goes into an empty database by `saywhen move --from <backup> --to <database>`.",
    );
  return restoreBackup({ database, backup: file, keyFiles, newKey });
}
