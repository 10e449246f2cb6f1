import type { ClientStore } from "../service/client-store.ts";
import type { CodeStore } from "../service/code-store.ts";
import type { LogStore } from "../service/log-store.ts";
import type { NodeStore } from "../service/node-store.ts";
import type { Store } from "../service/store.ts";
import { openPostgresStore } from "./postgres/postgres-store.ts";
import { ReplicaRecords, type ReplicaWatchers } from "./postgres/replica-records.ts";
import { openSqliteStore } from "./sqlite/sqlite-store.ts";
import type { Watchers } from "./watchers.ts";

/** All that a node keeps in its storage. */
export interface Storage extends Store, ClientStore, LogStore, CodeStore {
  /** Whether its log was moved elsewhere. */
  readonly isMoved: boolean;
  /** The migrations that were applied when it was opened. */
  readonly migrated: readonly string[];
  /** Where several nodes may share it: who they are. Of a file the lock tells. */
  readonly nodes?: NodeStore;
  /** How it is set, where that may cost what was acknowledged: sentences for the operator. */
  readonly warnings?: readonly string[];
  /** The figures of its connections, as they are now; where it has any. */
  readonly connections?: () => Connections;
}

/** How many connections there are, and how many callers wait for one. */
export interface Connections {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** What a storage may be opened with, besides whom it tells of what it does. */
export interface StorageOptions extends Watchers {
  /** Writes that one transaction carries at most; `limits.groupWrites` unless told. */
  readonly groupWrites?: number;
  /** Whether a database whose log was moved elsewhere may be opened all the same. */
  readonly evenMoved?: boolean;
  /** On PostgreSQL, the groups that are under way at one time; one unless told. */
  readonly groupsUnderWay?: number;
}

/** Whether a database is one of PostgreSQL, not a file. */
export function isPostgres(database: string): boolean {
  return /^postgres(ql)?:\/\//.test(database);
}

/**
 * Opens the storage to serve it.
 *
 * @param database the path of a file, or `postgres://…`
 * @throws as openSqliteStore and openPostgresStore do
 */
export async function openStore(database: string, options: StorageOptions): Promise<Storage> {
  return isPostgres(database)
    ? openPostgresStore({ url: database, ...options })
    : openSqliteStore({ file: database, ...options });
}

/**
 * Opens a replica of the storage, to read the past on it. It may be away, or behind: then the storage itself answers.
 *
 * @param url `postgres://…`, of a hot standby of the database that the storage is on
 * @returns undefined for a storage that has no replicas
 */
export function openReplica(url: string, storage: Storage, watchers: ReplicaWatchers): ReplicaRecords | undefined {
  if (storage.nodes === undefined) return undefined;
  return new ReplicaRecords(storage, () => storage.last(), url, watchers);
}
