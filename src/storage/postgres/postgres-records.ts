import type { Entry } from "../../audit/verify-receipt.ts";
import type { Change } from "../../domain/change.ts";
import type { OrganisationEntry, UserEntry } from "../../domain/directory.ts";
import type { Stream } from "../../domain/stream.ts";
import type { AddressSuppressions } from "../../domain/suppression.ts";
import type { Lineage, LogIdentity, LogRecords } from "../../service/log-store.ts";
import {
  type Listing,
  type NewestOf,
  type LastChange,
  type LoggedChange,
  type Opening,
  type Page,
  type NewestChange,
  type PlacedChange,
  type Records,
  type StoreUnavailable,
} from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import { Guard } from "../guard.ts";
import { Addresses } from "./addresses.ts";
import { Changes, sizeOf } from "./changes.ts";
import type { Statements } from "./database.ts";
import { Directory } from "./directory.ts";
import { failureOf } from "./failure.ts";
import { Heads } from "./heads.ts";
import { LogTables } from "./log-tables.ts";

/** What is recorded in a PostgreSQL database. */
export abstract class PostgresRecords extends Guard implements Records, LogRecords {
  protected readonly heads: Heads;
  protected readonly addresses: Addresses;
  protected readonly directory: Directory;
  protected readonly log: LogTables;
  readonly #statements: Statements;
  readonly #changes: Changes;

  /** @param statements where a schema is that is up to date */
  constructor(statements: Statements, digest: Digest) {
    super();
    this.#statements = statements;
    this.heads = new Heads(statements, digest);
    this.addresses = new Addresses(digest);
    this.directory = new Directory(digest);
    this.log = new LogTables(statements);
    this.#changes = new Changes(statements, digest);
  }

  newest<const Streams extends readonly Stream[]>(streams: Streams): Promise<NewestOf<Streams>> {
    return this.guarded(async () => {
      const heads = await this.heads.read(streams);
      return heads.map((head) => head?.change) as NewestOf<Streams>;
    });
  }

  newestAmong<const Streams extends readonly Stream[]>(count: number, streams: Streams): Promise<NewestOf<Streams>> {
    return this.guarded(async () => {
      const changes = await Promise.all(streams.map((stream) => this.#changes.headAmong(count, stream)));
      return changes as NewestOf<Streams>;
    });
  }

  countUntil(ms: number): Promise<number> {
    return this.guarded(() => this.#changes.countUntil(ms));
  }

  history<Document>(stream: Stream<Document>, limit: number, from?: number): Promise<Change<Document>[] | undefined> {
    return this.guarded(() => this.#changes.history(stream, limit, from) as Promise<Change<Document>[] | undefined>);
  }

  opening(position: number): Promise<Opening | "erased" | undefined> {
    return this.guarded(() => this.#changes.at(position));
  }

  userWithEmail(email: string): Promise<number | undefined> {
    return this.guarded(() => this.directory.ownerOf(this.#statements, email));
  }

  users(page: Page): Promise<Listing<UserEntry>> {
    return this.guarded(() => this.directory.page<UserEntry>(this.#statements, "user", page));
  }

  organisations(page: Page): Promise<Listing<OrganisationEntry>> {
    return this.guarded(() => this.directory.page<OrganisationEntry>(this.#statements, "organisation", page));
  }

  newestWithAddress(normal: string, limit: number, after = 0): Promise<PlacedChange[]> {
    return this.guarded(() => this.addresses.newest(this.#statements, normal, limit, after));
  }

  everyPreferences(): AsyncGenerator<Change> {
    return this.guardedEach(() => this.#changes.everyPreferences());
  }

  everySubjectStream(): AsyncGenerator<Stream> {
    return this.guardedEach(() => this.#changes.everySubjectStream());
  }

  everySuppressed(after?: Stream<AddressSuppressions>): AsyncGenerator<Change<AddressSuppressions>> {
    return this.guardedEach(() => this.#changes.everySuppressed(after));
  }

  everyNewest(): AsyncGenerator<readonly NewestChange[]> {
    return this.guardedEach(() => this.#changes.everyNewest());
  }

  changesFrom(position: number, limit: number): Promise<LoggedChange[]> {
    return this.guarded(() => this.#changes.from(position, limit));
  }

  placesOf(positions: readonly number[]): Promise<number[]> {
    return this.guarded(() => this.#changes.rowsOf(positions));
  }

  positions(stream: Stream): Promise<number[]> {
    return this.guarded(() => this.#changes.positions(stream));
  }

  size(): Promise<number> {
    return this.guarded(() => sizeOf(this.#statements));
  }

  last(): Promise<LastChange | undefined> {
    return this.guarded(() => this.log.last());
  }

  /** As LogTables has it. */
  holds(last: LastChange): Promise<boolean> {
    return this.guarded(() => this.log.holds(last));
  }

  entries(from: number, to: number): Promise<Entry[]> {
    return this.guarded(() => this.log.entries(from, to));
  }

  tile(level: number, index: number): Promise<Buffer | undefined> {
    return this.guarded(() => this.log.tile(level, index));
  }

  tiled(): Promise<number> {
    return this.guarded(() => this.log.tiled());
  }

  identities(): Promise<LogIdentity[]> {
    return this.guarded(() => this.log.identities());
  }

  lineage(): Promise<Lineage | undefined> {
    return this.guarded(() => this.log.lineage());
  }

  abstract close(): Promise<void>;

  /** Runs what needs the database; its failures become StoreUnavailable. */
  protected async guarded<Value>(work: () => Promise<Value>): Promise<Value> {
    this.refuseClosed();
    try {
      return await work();
    } catch (error) {
      throw this.named(error);
    }
  }

  protected override unavailable(error: unknown): StoreUnavailable | undefined {
    return failureOf(error)?.error;
  }
}
