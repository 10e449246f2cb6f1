import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Client, IssuedToken } from "../../domain/client.ts";
import type { CodedPage, CodeStore, KeptCode } from "../../service/code-store.ts";
import type { ClientStore } from "../../service/client-store.ts";
import type { LogIdentity, LogStore, SignedCheckpoint, Tile } from "../../service/log-store.ts";
import type { Appended, Refused, Store, Write } from "../../service/store.ts";
import { type MoveMarks, refuseMoved } from "../move-marks.ts";
import { closed } from "../guard.ts";
import { type Watchers, watchersOf } from "../watchers.ts";
import { Checkpointer } from "./checkpointer.ts";
import { Clients } from "./clients.ts";
import { Codes } from "./codes.ts";
import { inMemory, openFile, realFile } from "./database-file.ts";
import { migrate } from "./migrate.ts";
import { readMarks } from "./move-marks.ts";
import { takeServingLock } from "./serving-lock.ts";
import { failureOf } from "./sqlite-failure.ts";
import { SqliteRecords } from "./sqlite-records.ts";
import { inTransaction } from "./transaction.ts";
import { Writer } from "./writer.ts";

export interface SqliteStoreOptions extends Watchers {
  /** Path of the database file, made with its folder when missing; `:memory:` keeps nothing. */
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Whether a file whose log was moved elsewhere may be opened all the same. */
  readonly evenMoved?: boolean;
}

/** How long (ms) a successful commit is proof enough that the storage can be written. */
const provenMs = 1000;

/**
 * Opens the store on an SQLite file, brings its schema up to date, and makes this process the only one that serves it.
 *
 * @throws StoreInUse when another process serves the file
 * @throws SchemaMismatch when the file is not one that this version can use
 * @throws DatabaseMoved when its log was moved elsewhere, or is still being moved here
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { clock = Date.now } = options;
  const file = realFile(options.file);
  using opened = new DisposableStack();
  const lock = file === inMemory ? undefined : opened.use(takeServingLock(file));
  const db = opened.use(openFile(file));
  configure(db);
  const migrated = migrate(db, new Date(clock()).toISOString());
  const marks = readMarks(db);
  refuseMoved(marks, options.evenMoved);
  const store = new SqliteStore({ db, lock, file, clock, marks, migrated, ...watchersOf(options) });
  opened.move();
  return store;
}

/**
 * `journal_mode`: readers and the checkpoints do not stand in the writer's way. `synchronous`: a commit returns when
 * it would survive a power loss. `wal_autocheckpoint`: the checkpointer's task. `journal_size_limit`: a WAL that a
 * long reader made grow is cut back to 64 MiB. `secure_delete`: what is deleted is no longer in its page. `cache_size`:
 * 64 MiB hold the upper pages of every index and the heads of a million subjects. `mmap_size`: off, as a failing disk is
 * then an error that callers get, not a dead process.
 */
function configure(db: DatabaseSync): void {
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -65536;
    PRAGMA mmap_size = 0;
    PRAGMA secure_delete = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
  `);
}

interface Parts extends Required<Omit<SqliteStoreOptions, "evenMoved">> {
  readonly db: DatabaseSync;
  /** Undefined in memory, where nobody else could serve. */
  readonly lock: DatabaseSync | undefined;
  readonly marks: MoveMarks;
  readonly migrated: readonly string[];
}

/** The store on an SQLite file. */
export class SqliteStore extends SqliteRecords implements Store, ClientStore, LogStore, CodeStore {
  /** Whether its log was moved elsewhere. */
  readonly isMoved: boolean;
  /** The migrations that were applied when it was opened. */
  readonly migrated: readonly string[];
  readonly #parts: Parts;
  readonly #clients: Clients;
  readonly #codes: Codes;
  readonly #writer: Writer;
  readonly #checkpointer: Checkpointer | undefined;
  /** When (ms, monotonic) a commit last succeeded, with no failure since. */
  #provenAt = Number.NEGATIVE_INFINITY;

  constructor(parts: Parts) {
    const { db, file, clock } = parts;
    super(db);
    this.#parts = parts;
    this.isMoved = parts.marks.movedTo !== null;
    this.migrated = parts.migrated;
    this.#clients = new Clients(db);
    this.#codes = new Codes(db);
    this.#checkpointer = file === inMemory ? undefined : new Checkpointer(db, file, parts.onError);
    this.#writer = new Writer({
      db,
      clock,
      changes: this.changes,
      addresses: this.addresses,
      directory: this.directory,
      codes: this.#codes,
      onErasure: (erased) => {
        this.#checkpointer?.stained();
        return parts.onErasure(erased);
      },
      onGroup: (group) => {
        this.#committed(group.changes);
        parts.onGroup(group);
      },
      onError: (kind) => this.#failed(kind),
    });
  }

  append<Refusal>(write: Write<Refusal>): Promise<Appended | Refused<Refusal>> {
    return this.isClosed ? Promise.reject(closed()) : this.#writer.append(write);
  }

  async scrubbed(): Promise<void> {
    await this.#checkpointer?.scrubbed();
  }

  async check(): Promise<void> {
    this.guarded(() => this.changes.end());
    if (performance.now() - this.#provenAt < provenMs) return;
    const { db } = this.#parts;
    this.#written(() => inTransaction(db, () => db.exec("UPDATE readiness SET checks = checks + 1")));
  }

  async clients(): Promise<Client[]> {
    return this.guarded(() => this.#clients.all());
  }

  async saveClient(client: Client, before: Client | undefined): Promise<boolean> {
    return this.#written(() => this.#clients.save(client, before));
  }

  async clientsVersion(): Promise<number> {
    return this.guarded(() => this.#clients.version);
  }

  async tokens(now: string): Promise<IssuedToken[]> {
    return this.guarded(() => this.#clients.tokens(now));
  }

  async saveToken(token: IssuedToken, now: string): Promise<boolean> {
    return this.#written(() => this.#clients.saveToken(token, now));
  }

  async saveTiles(tiles: readonly Tile[]): Promise<void> {
    this.#written(() => this.log.saveTiles(tiles));
  }

  everyCoded(): AsyncGenerator<CodedPage> {
    return this.guardedEach(() => this.#codes.every());
  }

  async saveCodes(codes: readonly KeptCode[]): Promise<void> {
    const keeping = this.#codes.keeping(codes);
    while (this.#written(() => keeping.next()).done !== true) await nextTurn();
  }

  async addIdentity(identity: LogIdentity, after: number): Promise<boolean> {
    return this.#written(() => this.log.addIdentity(identity, after));
  }

  async saveCheckpoint(checkpoint: SignedCheckpoint, origin: string): Promise<void> {
    this.#written(() => this.log.saveCheckpoint(checkpoint, origin));
  }

  /** There is none to be recorded. */
  async saveLineage(): Promise<void> {
    this.guarded(() => undefined);
  }

  override async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#writer.drain();
    await this.#checkpointer?.close();
    this.#parts.db.close();
    this.#parts.lock?.close();
  }

  #committed(changes: number): void {
    this.#provenAt = performance.now();
    this.#checkpointer?.committed(changes);
  }

  #failed(kind: string): void {
    this.#provenAt = Number.NEGATIVE_INFINITY;
    this.#parts.onError(kind);
  }

  /** Runs a small transaction beside the log. */
  #written<Value>(work: () => Value): Value {
    const value = this.guarded(work);
    this.#committed(1);
    return value;
  }

  protected override named(error: unknown): unknown {
    const failure = failureOf(error);
    if (failure !== undefined) this.#failed(failure.kind);
    return super.named(error);
  }
}
