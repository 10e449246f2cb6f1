import type { Client, IssuedToken } from "../../domain/client.ts";
import { limits } from "../../domain/limits.ts";
import type { ClientStore } from "../../service/client-store.ts";
import type { CodedPage, CodeStore, KeptCode } from "../../service/code-store.ts";
import type { LogIdentity, LogStore, SignedCheckpoint, Tile } from "../../service/log-store.ts";
import type { Appended, Refused, Store, Write } from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import { closed } from "../guard.ts";
import { type MoveMarks, refuseMoved } from "../move-marks.ts";
import { type Watchers, watchersOf } from "../watchers.ts";
import { Clients, refuseMovedSql } from "./clients.ts";
import { Codes } from "./codes.ts";
import { Database } from "./database.ts";
import { digestOf } from "./digests.ts";
import { failureOf } from "./failure.ts";
import { checkFitness } from "./fitness.ts";
import { migrate } from "./migrate.ts";
import { readMarks } from "./move-marks.ts";
import { Nodes } from "./nodes.ts";
import { PostgresRecords } from "./postgres-records.ts";
import { Vacuum } from "./vacuum.ts";
import { Writer } from "./writer.ts";

export interface PostgresStoreOptions extends Watchers {
  /** `postgres://user:password@host:port/database`; `?prepare=true` lets statements be kept by the server's sessions. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Writes that one transaction carries at most; `limits.groupWrites` unless told. */
  readonly groupWrites?: number;
  /** Groups that are under way at one time; one unless told. */
  readonly groupsUnderWay?: number;
  /** Whether a database whose log was moved elsewhere may be opened all the same. */
  readonly evenMoved?: boolean;
}

/** How long (ms) a successful commit is proof enough that the storage can be written. */
const provenMs = 1000;

/**
 * Opens the store on a PostgreSQL database, and brings its schema up to date. Any number of nodes may have it open.
 *
 * @throws DatabaseUnfit when the server is not set up for it, SchemaMismatch when this version cannot use the database,
 *   StoreUnavailable when it cannot be reached, DatabaseMoved when its log was moved elsewhere, or is still being moved here
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { url, clock = Date.now, groupWrites = limits.groupWrites, groupsUnderWay = 1 } = options;
  const database = new Database(url, { isPrimary: true });
  try {
    const warnings = await checkFitness(database);
    const migrated = await migrate(database, new Date(clock()).toISOString());
    const marks = await readMarks(database);
    refuseMoved(marks, options.evenMoved);
    const digest = await digestOf(database);
    const tuning = { groupWrites, groupsUnderWay };
    return new PostgresStore({ database, digest, clock, ...tuning, marks, migrated, warnings, ...watchersOf(options) });
  } catch (error) {
    await database.close();
    throw failureOf(error)?.error ?? error;
  }
}

interface Parts extends Required<Watchers> {
  readonly database: Database;
  readonly digest: Digest;
  readonly clock: () => number;
  readonly groupWrites: number;
  readonly groupsUnderWay: number;
  readonly marks: MoveMarks;
  readonly migrated: readonly string[];
  readonly warnings: readonly string[];
}

/** The store on a PostgreSQL database. */
export class PostgresStore extends PostgresRecords implements Store, ClientStore, CodeStore, LogStore {
  /** Whether its log was moved elsewhere. */
  readonly isMoved: boolean;
  /** The migrations that were applied when it was opened. */
  readonly migrated: readonly string[];
  /** Who serves the database. */
  readonly nodes: Nodes;
  /** How the server is set, where that is dangerous or will be in the way: sentences for the operator. */
  readonly warnings: readonly string[];
  readonly #parts: Parts;
  readonly #clients: Clients;
  readonly #codes: Codes;
  readonly #writer: Writer;
  readonly #vacuum: Vacuum;
  /** When (ms, monotonic) a commit last succeeded, with no failure since. */
  #provenAt = Number.NEGATIVE_INFINITY;

  constructor(parts: Parts) {
    const { database, digest } = parts;
    super(database, digest);
    this.#parts = parts;
    this.isMoved = parts.marks.movedTo !== null;
    this.migrated = parts.migrated;
    this.nodes = new Nodes({ rows: (...query) => this.guarded(() => database.rows(...query)) });
    this.warnings = parts.warnings;
    this.#clients = new Clients(database);
    this.#codes = new Codes(database);
    this.#vacuum = new Vacuum(database, parts.onError);
    this.#writer = new Writer({
      ...parts,
      heads: this.heads,
      addresses: this.addresses,
      directory: this.directory,
      vacuum: this.#vacuum,
      onGroup: (carried) => {
        this.#provenAt = performance.now();
        parts.onGroup(carried);
      },
      onError: (kind, because) => this.#failed(kind, because),
    });
  }

  append<Refusal>(write: Write<Refusal>): Promise<Appended | Refused<Refusal>> {
    return this.isClosed ? Promise.reject(closed()) : this.#writer.append(write);
  }

  scrubbed(): Promise<void> {
    return this.guarded(() => this.#vacuum.scrubbed());
  }

  check(): Promise<void> {
    return this.guarded(async () => {
      // Where the log was moved away, what is read is what was in force before.
      await this.#parts.database.rows(refuseMovedSql);
      await this.size();
      if (performance.now() - this.#provenAt < provenMs) return;
      await this.#parts.database.rows("UPDATE saywhen.readiness SET checks = checks + 1");
      this.#provenAt = performance.now();
    });
  }

  clients(): Promise<Client[]> {
    return this.guarded(() => this.#clients.all());
  }

  saveClient(client: Client, before: Client | undefined): Promise<boolean> {
    return this.guarded(() => this.#clients.save(client, before));
  }

  tokens(now: string): Promise<IssuedToken[]> {
    return this.guarded(() => this.#clients.tokens(now));
  }

  saveToken(token: IssuedToken, now: string): Promise<boolean> {
    return this.guarded(() => this.#clients.saveToken(token, now));
  }

  clientsVersion(): Promise<number> {
    return this.guarded(() => this.#clients.version());
  }

  everyCoded(): AsyncGenerator<CodedPage> {
    return this.guardedEach(() => this.#codes.every());
  }

  saveCodes(codes: readonly KeptCode[]): Promise<void> {
    return this.guarded(() => this.#codes.save(codes));
  }

  saveTiles(tiles: readonly Tile[]): Promise<void> {
    return this.guarded(() => this.log.saveTiles(tiles));
  }

  addIdentity(identity: LogIdentity, after: number): Promise<boolean> {
    return this.guarded(() => this.log.addIdentity(identity, after));
  }

  saveCheckpoint(checkpoint: SignedCheckpoint, origin: string): Promise<void> {
    return this.guarded(() => this.log.saveCheckpoint(checkpoint, origin));
  }

  saveLineage(present: string, origin: string): Promise<void> {
    return this.guarded(() => this.log.saveLineage(present, origin));
  }

  /** The figures of this node's connections to the database. */
  connections(): ReturnType<Database["connections"]> {
    return this.#parts.database.connections();
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#vacuum.close();
    await this.#writer.drain();
    await this.#parts.database.close();
  }

  #failed(kind: string, because?: string): void {
    this.#provenAt = Number.NEGATIVE_INFINITY;
    this.#parts.onError(kind, because);
  }

  protected override named(error: unknown): unknown {
    const failure = failureOf(error);
    if (failure !== undefined) this.#failed(failure.kind, failure.error.message);
    return super.named(error);
  }
}
