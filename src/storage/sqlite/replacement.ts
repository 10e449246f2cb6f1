import {
  copyFileSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { CopyFailed, copyDatabase, flush } from "./backup.ts";
import { openFile } from "./database-file.ts";
import { takeServingLock } from "./serving-lock.ts";
import { failureOf } from "./sqlite-failure.ts";

/** How long (ms) to wait for those who read the database that is to be replaced. */
const readersMs = 10_000;

/** What may stand beside a database file and belongs to it. */
const companions = ["-wal", "-shm", "-journal", ".lock"] as const;

/**
 * A database that is to take the place of another: first a copy of a backup beside it, which may be worked on, then, at
 * one stroke, the database itself. Until then nothing is replaced; a copy that an end left behind is written anew by the
 * next one. Keeps every other process from serving the database meanwhile.
 */
export class Replacement implements Disposable {
  /** The database that is to be replaced; it need not be there. */
  readonly database: string;
  /** The copy of the backup. */
  readonly copy: string;
  readonly #lock: DatabaseSync;

  /**
   * @param database made with its folder where it is missing
   * @param backup a database file; it is read only
   * @throws StoreInUse when a process serves the database
   * @throws DatabaseMissing, CopyFailed
   */
  constructor(database: string, backup: string) {
    this.database = realName(database);
    this.copy = `${this.database}.restoring`;
    const isItself = existsSync(backup) && realName(backup) === this.database;
    if (isItself) throw new CopyFailed(`${backup} is the database itself.`);
    this.#lock = takeServingLock(this.database);
    try {
      this.#dropCopy();
      copyDatabase(backup, this.copy);
    } catch (error) {
      this.#lock.close();
      throw error;
    }
  }

  /**
   * Puts the copy, which nothing may have open any more, in the database's place. Whenever the process or the machine
   * should end, there is a whole database there: the one before, or this one.
   *
   * @param atLast called when nothing is left that may well fail; where it throws, nothing is replaced
   * @returns the name that the database before now has; undefined when there was none
   * @throws CopyFailed when somebody reads the database before for too long; and what `atLast` throws
   */
  replace(atLast: () => void = () => undefined): string | undefined {
    const { database, copy } = this;
    if (existsSync(`${copy}-wal`)) throw new CopyFailed(`${copy} could not be written whole.`);
    flush(copy);
    const before = existsSync(database) ? this.#keepBefore() : undefined;
    try {
      atLast();
    } catch (error) {
      if (before !== undefined) dropBoth(before);
      throw error;
    }
    // What is left of the WAL would be applied to the new database.
    for (const companion of ["-wal", "-shm"] as const) rmSync(`${database}${companion}`, { force: true });
    renameSync(copy, database);
    flush(dirname(database));
    return before;
  }

  /** Removes the copy, where it was not put in place, and lets others serve. */
  [Symbol.dispose](): void {
    this.#dropCopy();
    this.#lock.close();
  }

  #dropCopy(): void {
    for (const companion of ["", ...companions]) rmSync(`${this.copy}${companion}`, { force: true });
  }

  /** Gives the database a second name, its WAL too where that could not be copied into it. */
  #keepBefore(): string {
    const { database } = this;
    settle(database);
    const before = freeName(`${database}.before-restore`);
    if (sizeOf(`${database}-wal`) > 0) secondName(`${database}-wal`, `${before}-wal`);
    secondName(database, before);
    flush(dirname(database));
    return before;
  }
}

/** Copies the WAL into its database. What is no database, or damaged, is left as it is. */
function settle(database: string): void {
  try {
    using db = openFile(database);
    db.exec(`PRAGMA busy_timeout = ${readersMs}`);
    if (db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] === 0) return;
  } catch (error) {
    if (failureOf(error)?.kind !== "busy") return;
  }
  throw new CopyFailed(`${database} is being read, by another command perhaps; try again once that is through.`);
}

/** The one name of a file that need not be there: a lock beside a symbolic link would not be seen by others. */
function realName(file: string): string {
  if (existsSync(file)) return realpathSync(file);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return join(realpathSync(dirname(file)), basename(file));
}

/** Takes the second name away again. */
function dropBoth(name: string): void {
  for (const companion of ["-wal", ""]) rmSync(`${name}${companion}`, { force: true });
}

function freeName(wanted: string): string {
  let name = wanted;
  for (let number = 2; existsSync(name) || existsSync(`${name}-wal`); number += 1) name = `${wanted}-${number}`;
  return name;
}

/** A link, so that the file has its first name all the while; a copy on a file system that knows no links. */
function secondName(file: string, name: string): void {
  try {
    linkSync(file, name);
  } catch {
    copyFileSync(file, name, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    flush(name);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
