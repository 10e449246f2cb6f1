import type { DatabaseSync } from "node:sqlite";
import type { Change } from "../domain/change.ts";
import type { Client, IssuedToken } from "../domain/client.ts";
import type { OrganisationEntry, UserEntry } from "../domain/directory.ts";
import type { Stream } from "../domain/stream.ts";
import type { ClientStore } from "../service/client-store.ts";
import {
  type Appended,
  type Listing,
  type NewestOf,
  type Page,
  type Refused,
  type Store,
  StoreUnavailable,
  type Write,
} from "../service/store.ts";
import { Addresses } from "./addresses.ts";
import { Changes } from "./changes.ts";
import { Checkpointer } from "./checkpointer.ts";
import { Clients } from "./clients.ts";
import { inMemory, openFile, realFile } from "./database-file.ts";
import { Directory } from "./directory.ts";
import { migrate } from "./migrate.ts";
import { takeServingLock } from "./serving-lock.ts";
import { failureOf } from "./sqlite-failure.ts";
import { inTransaction } from "./transaction.ts";
import { type Group, Writer } from "./writer.ts";

export interface SqliteStoreOptions {
  /** Path of the database file, made with its folder when missing; `:memory:` keeps nothing. */
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Called after each commit that appended something. */
  readonly onGroup?: (group: Group) => void;
  /** Called with each failure of the storage: `full`, `io`, `busy`, `readonly`, `corrupt` and the like. */
  readonly onError?: (kind: string) => void;
}

/** How long (ms) a successful commit is proof enough that the storage can be written. */
const provenMs = 1000;

/**
 * Opens the store on an SQLite file, brings its schema up to date, and makes this process the only one that serves it.
 *
 * @throws StoreInUse when another process serves the file
 * @throws SchemaMismatch when the file is not one that this version can use
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store & ClientStore> {
  const { clock = Date.now, onGroup = ignore, onError = ignore } = options;
  const file = realFile(options.file);
  using opened = new DisposableStack();
  const lock = file === inMemory ? undefined : opened.use(takeServingLock(file));
  const db = opened.use(openFile(file));
  configure(db);
  migrate(db, new Date(clock()).toISOString());
  const store = new SqliteStore({ db, lock, file, clock, onGroup, onError });
  opened.move();
  return store;
}

function ignore(): void {}

/**
 * `journal_mode`: readers and the checkpoints do not stand in the writer's way. `synchronous`: a commit returns when
 * it would survive a power loss. `wal_autocheckpoint`: the checkpointer's task. `journal_size_limit`: a WAL that a
 * long reader made grow is cut back to 64 MiB. `cache_size`: 64 MiB hold the upper pages of every index and the heads
 * of a million subjects. `mmap_size`: off, as a failing disk is then an error that callers get, not a dead process.
 */
function configure(db: DatabaseSync): void {
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -65536;
    PRAGMA mmap_size = 0;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
  `);
}

interface Parts extends Required<SqliteStoreOptions> {
  readonly db: DatabaseSync;
  /** Undefined in memory, where nobody else could serve. */
  readonly lock: DatabaseSync | undefined;
}

class SqliteStore implements Store, ClientStore {
  readonly #parts: Parts;
  readonly #changes: Changes;
  readonly #addresses: Addresses;
  readonly #directory: Directory;
  readonly #clients: Clients;
  readonly #writer: Writer;
  readonly #checkpointer: Checkpointer | undefined;
  /** When (ms, monotonic) a commit last succeeded, with no failure since. */
  #provenAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(parts: Parts) {
    const { db, file, clock } = parts;
    this.#parts = parts;
    this.#changes = new Changes(db);
    this.#addresses = new Addresses(db);
    this.#directory = new Directory(db);
    this.#clients = new Clients(db);
    this.#checkpointer = file === inMemory ? undefined : new Checkpointer(db, file, parts.onError);
    this.#writer = new Writer({
      db,
      clock,
      changes: this.#changes,
      addresses: this.#addresses,
      directory: this.#directory,
      onGroup: (group) => {
        this.#committed(group.changes);
        parts.onGroup(group);
      },
      onError: (kind) => this.#failed(kind),
    });
  }

  append<Refusal>(write: Write<Refusal>): Promise<Appended | Refused<Refusal>> {
    return this.#isClosed ? Promise.reject(closed()) : this.#writer.append(write);
  }

  async newest<const Streams extends readonly Stream[]>(streams: Streams): Promise<NewestOf<Streams>> {
    return this.#guarded(() => streams.map((stream) => this.#changes.head(stream)?.change) as NewestOf<Streams>);
  }

  async userWithEmail(email: string): Promise<number | undefined> {
    return this.#guarded(() => this.#directory.userWithEmail(email));
  }

  async users(page: Page): Promise<Listing<UserEntry>> {
    return this.#guarded(() => this.#directory.page<UserEntry>("user", page));
  }

  async organisations(page: Page): Promise<Listing<OrganisationEntry>> {
    return this.#guarded(() => this.#directory.page<OrganisationEntry>("organisation", page));
  }

  async streamsWithAddress(normal: string): Promise<Stream[]> {
    return this.#guarded(() => this.#addresses.streams(normal));
  }

  async *everyPreferences(): AsyncGenerator<Change> {
    if (this.#isClosed) throw closed();
    try {
      yield* this.#changes.everyPreferences();
    } catch (error) {
      throw this.#named(error);
    }
  }

  async check(): Promise<void> {
    this.#guarded(() => this.#changes.end());
    if (performance.now() - this.#provenAt < provenMs) return;
    const { db } = this.#parts;
    this.#written(() => inTransaction(db, () => db.exec("UPDATE readiness SET checks = checks + 1")));
  }

  async clients(): Promise<Client[]> {
    return this.#guarded(() => this.#clients.all());
  }

  async saveClient(client: Client): Promise<void> {
    this.#written(() => this.#clients.save(client));
  }

  async tokens(now: string): Promise<IssuedToken[]> {
    return this.#guarded(() => this.#clients.tokens(now));
  }

  async saveToken(token: IssuedToken, now: string): Promise<void> {
    this.#written(() => this.#clients.saveToken(token, now));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
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

  /** Runs what needs the database; its failures become StoreUnavailable. */
  #guarded<Value>(work: () => Value): Value {
    if (this.#isClosed) throw closed();
    try {
      return work();
    } catch (error) {
      throw this.#named(error);
    }
  }

  /** Runs a small transaction beside the log. */
  #written(work: () => void): void {
    this.#guarded(work);
    this.#committed(1);
  }

  #named(error: unknown): unknown {
    const failure = failureOf(error);
    if (failure === undefined) return this.#isClosed ? closed() : error;
    this.#failed(failure.kind);
    return failure.error;
  }
}

function closed(): StoreUnavailable {
  return new StoreUnavailable("the store is closed");
}
