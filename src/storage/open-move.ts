import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { LogIdentity } from "../service/log-store.ts";
import { isPostgres } from "./open-store.ts";
import { type Moved, moveLog } from "./move/move.ts";
import { MoveFailed } from "./move/move-failed.ts";
import type { MoveSource, MoveTarget } from "./move/ports.ts";
import { SchemaMismatch } from "./migrations.ts";
import { nameOfDatabase } from "./move-marks.ts";
import { failureOf as postgresFailure } from "./postgres/failure.ts";
import { DatabaseUnfit } from "./postgres/fitness.ts";
import { PostgresMoveSource } from "./postgres/move-source.ts";
import { openPostgresTarget } from "./postgres/move-target.ts";
import { SqliteMoveSource } from "./sqlite/move-source.ts";
import { openSqliteTarget } from "./sqlite/move-target.ts";
import { StoreInUse } from "./sqlite/serving-lock.ts";
import { failureOf as sqliteFailure } from "./sqlite/sqlite-failure.ts";

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
 * @throws DatabaseMissing, StoreUnavailable when the source is not there or fails; MoveFailed, which names it, when the
 *   target does, and when what one of them holds cannot be used
 */
export async function moveDatabase({ from, to, ...options }: MoveDatabaseOptions): Promise<MovedDatabase> {
  const names = { from: nameOf(from), to: nameOf(to) };
  if (names.from === names.to) throw new MoveFailed(`${names.from} cannot be moved to itself.`);
  const source = sourceOf(from, names.from);
  try {
    const snapshot = await source.snapshot().catch((error: unknown) => {
      throw error instanceof SchemaMismatch ? unusable(names.from, error) : error;
    });
    await snapshot.close();
    const target = await openTarget(to, names.to).catch((error: unknown) => {
      if (error instanceof StoreInUse) throw new MoveFailed(`${names.to} is served, or another move fills it.`);
      throw namedFailure(error, names.to);
    });
    try {
      return { ...names, ...(await moveLog({ source, target: named(target), ...options })) };
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

/** The target, whose failures say which of the two databases it is: those that do not are taken to be of the source. */
function named(target: MoveTarget): MoveTarget {
  return new Proxy(target, {
    get(of, key) {
      const member: unknown = Reflect.get(of, key, of);
      if (typeof member !== "function") return member;
      return async (...given: unknown[]): Promise<unknown> => {
        try {
          return await Reflect.apply(member, of, given);
        } catch (error) {
          throw namedFailure(error, of.name);
        }
      };
    },
  });
}

/** A failure of a database in a sentence with its name; what is none stays what it is. */
function namedFailure(error: unknown, name: string): unknown {
  const failure = postgresFailure(error)?.error ?? sqliteFailure(error)?.error ?? failureOfFile(error);
  if (error instanceof SchemaMismatch || error instanceof DatabaseUnfit) return unusable(name, error);
  // What begins with a capital letter is a sentence of its own.
  if (failure === undefined || !/^[a-z]/.test(failure.message)) return error;
  return new MoveFailed(`${name}, which --to names, cannot be used: ${failure.message}.`, { cause: failure.cause });
}

function unusable(name: string, { message, cause }: Error): MoveFailed {
  return new MoveFailed(`${name} cannot be used: ${message}`, { cause });
}

function failureOfFile(error: unknown): Error | undefined {
  if (!(error instanceof Error && "syscall" in error && "code" in error)) return undefined;
  return new Error("its file cannot be opened or written", { cause: error });
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
