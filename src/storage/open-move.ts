import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { LogIdentity } from "../service/log-store.ts";
import { isPostgres } from "./open-store.ts";
import { type Moved, moveLog } from "./move/move.ts";
import { MoveFailed } from "./move/move-failed.ts";
import type { MoveSource, MoveTarget } from "./move/ports.ts";
import { nameOfDatabase } from "./move-marks.ts";
import { PostgresMoveSource } from "./postgres/move-source.ts";
import { openPostgresTarget } from "./postgres/move-target.ts";
import { SqliteMoveSource } from "./sqlite/move-source.ts";
import { openSqliteTarget } from "./sqlite/move-target.ts";
import { StoreInUse } from "./sqlite/serving-lock.ts";

export interface MoveDatabaseOptions {
  /** The path of a file, or `postgres://…`. */
  readonly from: string;
  /** The same; what it holds must be nothing, or what a move of the same log has left. */
  readonly to: string;
  readonly copyKey: (identity: LogIdentity | undefined) => void;
  readonly onProgress: (done: number, total: number) => void;
}

/** What was moved, and between which databases: names are without passwords. */
export interface MovedDatabase extends Moved {
  readonly from: string;
  readonly to: string;
}

/**
 * Moves all that a database holds to another one, of either kind.
 *
 * @throws as moveLog does; MoveFailed when a service still serves the source, which is a file: then all is copied so far
 * @throws DatabaseMissing, SchemaMismatch, DatabaseUnfit, StoreUnavailable when one of them cannot be opened
 */
export async function moveDatabase({ from, to, ...options }: MoveDatabaseOptions): Promise<MovedDatabase> {
  const names = { from: nameOf(from), to: nameOf(to) };
  if (names.from === names.to) throw new MoveFailed(`${names.from} cannot be moved to itself.`);
  const source = sourceOf(from, names.from);
  try {
    await (await source.snapshot()).close();
    const target = await openTarget(to, names.to).catch((error: unknown) => {
      throw error instanceof StoreInUse ? new MoveFailed(`${names.to} is served, or another move fills it.`) : error;
    });
    try {
      return { ...names, ...(await moveLog({ source, target, ...options })) };
    } catch (error) {
      throw error instanceof StoreInUse ? stillServed(names.from, await target.size(), error) : error;
    } finally {
      await target.end();
    }
  } finally {
    await source.end();
  }
}

function stillServed(name: string, size: number, cause: StoreInUse): MoveFailed {
  const copied = `${size} changes are copied so far, and verified.`;
  return new MoveFailed(
    `${copied} ${name} is still served: stop the service and run the same command again, which copies the rest.`,
    { cause },
  );
}

function sourceOf(database: string, name: string): MoveSource {
  return isPostgres(database) ? new PostgresMoveSource(database, name) : new SqliteMoveSource(name);
}

async function openTarget(database: string, name: string): Promise<MoveTarget> {
  return isPostgres(database) ? openPostgresTarget(database, name) : openSqliteTarget(name);
}

function nameOf(database: string): string {
  if (isPostgres(database)) {
    const url = URL.parse(database);
    if (url !== null) return nameOfDatabase(url);
    throw new MoveFailed("The database's address cannot be read.");
  }
  const file = resolve(database);
  if (existsSync(file)) return realpathSync(file);
  const folder = dirname(file);
  return existsSync(folder) ? join(realpathSync(folder), basename(file)) : file;
}
