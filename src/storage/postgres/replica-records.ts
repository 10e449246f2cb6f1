import { setTimeout as delay } from "node:timers/promises";
import type { Entry } from "../../audit/verify-receipt.ts";
import { tileHashes } from "../../audit/tiles.ts";
import type { Change } from "../../domain/change.ts";
import { limits } from "../../domain/limits.ts";
import type { Stream } from "../../domain/stream.ts";
import type { TileRecords } from "../../service/log-store.ts";
import {
  type LastChange,
  type NewestOf,
  type Opening,
  type PastRecords,
  RecordDamaged,
  StoreUnavailable,
} from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import { SharedQuestion } from "../shared-question.ts";
import { CatchingUp } from "./catching-up.ts";
import { Database } from "./database.ts";
import { digestOf } from "./digests.ts";
import { failureOf } from "./failure.ts";
import { LogTables } from "./log-tables.ts";
import { PostgresRecords } from "./postgres-records.ts";
import { Snapshot } from "./snapshot.ts";

const fullTileBytes = tileHashes * 32;

/** Who is told of what becomes of reads. */
export interface ReplicaWatchers {
  /** Called with each read that was answered, and by which of the two. */
  readonly onRead?: (by: "primary" | "replica") => void;
  /** Called when the replica is given up for a while, with the reason: a clause for the operator. */
  readonly onGivenUp?: (because: string) => void;
}

/**
 * Reads what was, on a hot standby of the database, and never less than the primary has.
 *
 * Each read first asks the primary for the log's last change, and is answered by the replica only out of a snapshot that
 * holds that very change. Positions are given out in the order of the commits, and a standby shows commits in that order:
 * so everything that was acknowledged before the question is in the snapshot. An erasure appends a change in the
 * transaction that erases, and a standby shows a transaction as a whole: so nothing is answered that was erased before.
 * That the change is compared by its commitment, and that it is a standby, tells one that follows from one that went
 * another way at a failover; that it is looked for in the same snapshot, over one connection, allows for an address
 * behind which there are several standbys.
 *
 * What the replica shows may be ahead of the primary by a moment: changes that are on the disk, and not acknowledged yet.
 *
 * An answer that takes several reads asks anew for each: it is at no point older than the newest that was acknowledged
 * when that part of it was read, and what is erased in the middle of it is missing in the rest, as on the primary.
 *
 * Where the replica is behind for longer than `limits.replicaWaitMs`, or does not answer, the primary is asked, and the
 * replica no more until a look at it, now and then, finds that it has caught up.
 */
export class ReplicaRecords implements PastRecords, TileRecords {
  readonly #primary: PastRecords & TileRecords;
  readonly #replica: Database;
  readonly #watchers: Required<ReplicaWatchers>;
  readonly #last: SharedQuestion<LastChange | undefined>;
  readonly #catchingUp: CatchingUp;
  readonly #closing = new AbortController();
  /** The same as on the primary, and read with the first answer, so that a replica that is away keeps nobody from starting. */
  #digest: Digest | undefined;
  /** Whether the replica is not asked for now. */
  #isGivenUp = false;

  /**
   * @param primary where all that was acknowledged can be read
   * @param last asks it for the log's last change; undefined while there is none
   * @param url of the replica, as for openPostgresStore
   */
  constructor(
    primary: PastRecords & TileRecords,
    last: () => Promise<LastChange | undefined>,
    url: string,
    watchers: ReplicaWatchers = {},
  ) {
    const { onRead = () => {}, onGivenUp = () => {} } = watchers;
    this.#primary = primary;
    this.#replica = new Database(url);
    this.#watchers = { onRead, onGivenUp };
    this.#last = new SharedQuestion(last);
    this.#catchingUp = new CatchingUp(() => this.#size());
  }

  newest<const Streams extends readonly Stream[]>(streams: Streams): Promise<NewestOf<Streams>> {
    return this.#read((records) => records.newest(streams));
  }

  newestAmong<const Streams extends readonly Stream[]>(count: number, streams: Streams): Promise<NewestOf<Streams>> {
    return this.#read((records) => records.newestAmong(count, streams));
  }

  countUntil(ms: number): Promise<number> {
    return this.#read((records) => records.countUntil(ms));
  }

  history<Document>(stream: Stream<Document>, limit: number, from?: number): Promise<Change<Document>[] | undefined> {
    return this.#read((records) => records.history(stream, limit, from));
  }

  opening(position: number): Promise<Opening | "erased" | undefined> {
    return this.#read((records) => records.opening(position));
  }

  positions(stream: Stream): Promise<number[]> {
    return this.#read((records) => records.positions(stream));
  }

  entries(from: number, to: number): Promise<Entry[]> {
    return this.#read((records) => records.entries(from, to));
  }

  /** Tiles are stored after their entries: one that is not there, or not full, may be on its way to the replica. */
  async tile(level: number, index: number): Promise<Buffer | undefined> {
    const tile = await this.#read((records) => records.tile(level, index));
    return tile?.length === fullTileBytes ? tile : this.#primary.tile(level, index);
  }

  /** How many changes the replica is behind the primary; rejects when one of them cannot be asked. */
  async behind(): Promise<number> {
    const [last, size] = await Promise.all([this.#last.answer(), this.#size()]);
    return Math.max(0, sizeOf(last) - size);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#replica.close();
  }

  async #read<Value>(read: (records: PastRecords & TileRecords) => Promise<Value>): Promise<Value> {
    const found = this.#isGivenUp ? undefined : await this.#readReplica(read);
    this.#watchers.onRead(found === undefined ? "primary" : "replica");
    return found === undefined ? read(this.#primary) : found.value;
  }

  /** What the replica answers; undefined when it is of no use. A primary that cannot be asked is nobody's fault here. */
  async #readReplica<Value>(read: (records: PostgresRecords) => Promise<Value>): Promise<{ value: Value } | undefined> {
    const last = await this.#last.answer();
    if (last === undefined) return undefined;
    try {
      return { value: await this.#readAt(last, read) };
    } catch (error) {
      this.#giveUp(error);
      return undefined;
    }
  }

  /** Reads out of a snapshot that holds the primary's last change, as soon as there is one. */
  async #readAt<Value>(last: LastChange, read: (records: PostgresRecords) => Promise<Value>): Promise<Value> {
    const start = performance.now();
    const waitEnd = start + limits.replicaWaitMs;
    while (await this.#catchingUp.reached(sizeOf(last), waitEnd)) {
      const found = await this.#readOnce(last, read, start + limits.replicaAnswerMs);
      if (found !== undefined) return found.value;
      // Behind the address there are several, of which one had it and another has not.
      this.#catchingUp.forget();
      if (performance.now() > waitEnd) break;
    }
    throw new StoreUnavailable("it is too far behind");
  }

  async #readOnce<Value>(
    last: LastChange,
    read: (records: PostgresRecords) => Promise<Value>,
    end: number,
  ): Promise<{ value: Value } | undefined> {
    const session = await this.#replica.session(end);
    try {
      const snapshot = await Snapshot.begin(session);
      const isThere = await new LogTables(snapshot).holds(last);
      const found = isThere ? { value: await read(await this.#recordsOf(snapshot)) } : undefined;
      // Nobody has to wait for that.
      void snapshot.end();
      return found;
    } catch (error) {
      session.drop();
      throw error;
    }
  }

  async #recordsOf(snapshot: Snapshot): Promise<PostgresRecords> {
    this.#digest ??= await digestOf(snapshot);
    return new RecordsOfSnapshot(snapshot, this.#digest);
  }

  async #size(): Promise<number> {
    return sizeOf(await new LogTables(this.#replica.until(performance.now() + limits.replicaWaitMs)).last());
  }

  /** Whoever reads meanwhile is answered by the primary at once. */
  #giveUp(error: unknown): void {
    if (this.#isGivenUp || this.#closing.signal.aborted) return;
    this.#isGivenUp = true;
    this.#watchers.onGivenUp(reasonOf(error));
    void this.#takeUpAgain();
  }

  async #takeUpAgain(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#isGivenUp && !signal.aborted) {
      await delay(limits.replicaPauseMs, undefined, { ref: false, signal }).catch(() => undefined);
      this.#isGivenUp = !(await this.#isOfUse());
    }
  }

  async #isOfUse(): Promise<boolean> {
    try {
      const last = await this.#last.answer();
      return last === undefined || (await this.#readAt(last, async () => true));
    } catch {
      return false;
    }
  }
}

/** For one read; the snapshot is ended by whoever began it. */
class RecordsOfSnapshot extends PostgresRecords {
  async close(): Promise<void> {}
}

function sizeOf(last: LastChange | undefined): number {
  return last === undefined ? 0 : last.position + 1;
}

/** The server's own words may hold what was sent. */
function reasonOf(error: unknown): string {
  if (error instanceof RecordDamaged) return error.message;
  return failureOf(error)?.error.message ?? "its answer is one that nobody foresaw";
}
