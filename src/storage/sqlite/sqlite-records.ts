import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Entry } from "../../audit/verify-receipt.ts";
import type { Change } from "../../domain/change.ts";
import type { OrganisationEntry, UserEntry } from "../../domain/directory.ts";
import { entryNameOf, type Stream } from "../../domain/stream.ts";
import type { AddressSuppressions } from "../../domain/suppression.ts";
import type { Inspectable, Inspection } from "../../service/inspection.ts";
import type { LogIdentity, LogRecords } from "../../service/log-store.ts";
import {
  type Listing,
  type NewestOf,
  type LastChange,
  type LoggedChange,
  type Opening,
  type Page,
  type NewestChange,
  type PlacedChange,
  RecordDamaged,
  type Records,
  type StoreUnavailable,
} from "../../service/store.ts";
import { Guard } from "../guard.ts";
import { Addresses } from "./addresses.ts";
import { Changes } from "./changes.ts";
import { digestOf } from "./digests.ts";
import { Directory, type EntryKind, type EntryRow } from "./directory.ts";
import { SqliteInspection } from "./inspection.ts";
import { Followed } from "./followed.ts";
import { LogTables } from "./log-tables.ts";
import { failureOf } from "./sqlite-failure.ts";

/** What is recorded in an SQLite file, by one connection. */
export class SqliteRecords extends Guard implements Records, LogRecords, Inspectable {
  protected readonly db: DatabaseSync;
  protected readonly changes: Changes;
  protected readonly addresses: Addresses;
  protected readonly directory: Directory;
  protected readonly log: LogTables;
  readonly #followed: Followed;

  /** @param db a connection to a file whose schema is up to date; closed with this */
  constructor(db: DatabaseSync) {
    super();
    const digest = digestOf(db);
    this.db = db;
    this.changes = new Changes(db, digest);
    this.addresses = new Addresses(db, digest);
    this.directory = new Directory(db, digest);
    this.log = new LogTables(db);
    this.#followed = new Followed(db, this.changes.tail);
  }

  async newest<const Streams extends readonly Stream[]>(streams: Streams): Promise<NewestOf<Streams>> {
    return this.guarded(() => streams.map((stream) => this.changes.head(stream)?.change) as NewestOf<Streams>);
  }

  async newestAmong<const Streams extends readonly Stream[]>(
    count: number,
    streams: Streams,
  ): Promise<NewestOf<Streams>> {
    return this.guarded(() => streams.map((stream) => this.changes.headAmong(count, stream)) as NewestOf<Streams>);
  }

  async countUntil(ms: number): Promise<number> {
    return this.guarded(() => this.changes.countUntil(ms));
  }

  async history<Document>(
    stream: Stream<Document>,
    limit: number,
    from?: number,
  ): Promise<Change<Document>[] | undefined> {
    // Whoever reads page after page lets the requests between them be answered.
    if (from !== undefined) await nextTurn();
    return this.guarded(() => this.changes.history(stream, limit, from) as Change<Document>[] | undefined);
  }

  async opening(position: number): Promise<Opening | "erased" | undefined> {
    return this.guarded(() => this.changes.at(position));
  }

  async userWithEmail(email: string): Promise<number | undefined> {
    return this.guarded(() => this.directory.userWithEmail(email, this.changes));
  }

  async users(page: Page): Promise<Listing<UserEntry>> {
    return this.#entriesOn<UserEntry>("user", page);
  }

  async organisations(page: Page): Promise<Listing<OrganisationEntry>> {
    return this.#entriesOn<OrganisationEntry>("organisation", page);
  }

  async newestWithAddress(normal: string, limit: number, after = 0): Promise<PlacedChange[]> {
    return this.guarded(() =>
      this.addresses.heads(normal, limit, after).map((row) => ({ place: row.row, change: this.changes.headOf(row) })),
    );
  }

  everyPreferences(): AsyncGenerator<Change> {
    return this.guardedEach(() => this.changes.everyPreferences());
  }

  everySubjectStream(): AsyncGenerator<Stream> {
    return this.guardedEach(() => this.changes.everySubjectStream());
  }

  everySuppressed(after?: Stream<AddressSuppressions>): AsyncGenerator<Change<AddressSuppressions>> {
    return this.guardedEach(() => this.changes.everySuppressed(after));
  }

  everyNewest(): AsyncGenerator<readonly NewestChange[]> {
    return this.guardedEach(() => this.#followed.everyNewest());
  }

  async changesFrom(position: number, limit: number): Promise<LoggedChange[]> {
    return this.guarded(() => this.#followed.from(position, limit));
  }

  async last(): Promise<LastChange | undefined> {
    return this.guarded(() => this.#followed.last());
  }

  async placesOf(positions: readonly number[]): Promise<number[]> {
    return this.guarded(() => this.#followed.rowsOf(positions));
  }

  async positions(stream: Stream): Promise<number[]> {
    return this.guarded(() => this.changes.positions(stream));
  }

  async size(): Promise<number> {
    return this.guarded(() => this.changes.end().next);
  }

  async entries(from: number, to: number): Promise<Entry[]> {
    return this.guarded(() => this.log.entries(from, to));
  }

  async tile(level: number, index: number): Promise<Buffer | undefined> {
    return this.guarded(() => this.log.tile(level, index));
  }

  async tiled(): Promise<number> {
    return this.guarded(() => this.log.tiled());
  }

  async identities(): Promise<LogIdentity[]> {
    return this.guarded(() => this.log.identities());
  }

  /** A file and its copy are alike in everything. */
  async lineage(): Promise<undefined> {
    return this.guarded(() => undefined);
  }

  inspection(): Inspection {
    return this.guarded(() => new SqliteInspection(this.db));
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.db.close();
  }

  /** Runs what needs the database; its failures become StoreUnavailable. */
  protected guarded<Value>(work: () => Value): Value {
    this.refuseClosed();
    try {
      return work();
    } catch (error) {
      throw this.named(error);
    }
  }

  protected override unavailable(error: unknown): StoreUnavailable | undefined {
    return failureOf(error)?.error;
  }

  #entriesOn<Entry>(kind: EntryKind, page: Page): Listing<Entry> {
    return this.guarded(() => {
      const { entries, total } = this.directory.page(kind, page);
      return { entries: entries.map((entry) => this.#entryIn(kind, entry) as Entry), total };
    });
  }

  #entryIn(kind: EntryKind, { id, ...row }: EntryRow): unknown {
    const { document, position, stream } = this.changes.headOf(row);
    const name = entryNameOf(stream);
    if (name?.kind === kind && name.id === id) return document;
    throw new RecordDamaged(position, "the directory has it as another's entry");
  }
}
