import assert from "node:assert/strict";
import { limits } from "../../domain/limits.ts";
import type { Stream } from "../../domain/stream.ts";
import { type Appended, OutcomeUnknown, type Refused, StoreUnavailable, type Write } from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import type { Watchers } from "../watchers.ts";
import type { Addresses } from "./addresses.ts";
import { append } from "./append.ts";
import { Changes } from "./changes.ts";
import { Codes, codeTable, holdCodesSql } from "./codes.ts";
import type { Database, Statements, Transactions } from "./database.ts";
import type { Directory, EntryKind, FreeIds } from "./directory.ts";
import { failureOf } from "./failure.ts";
import { Group, type Loaded, LockNeeded, type Waiting } from "./group.ts";
import type { Head, Heads } from "./heads.ts";
import { withoutLate } from "./late.ts";
import { Room } from "./room.ts";
import { positionOf } from "./unknown-outcome.ts";
import type { Vacuum } from "./vacuum.ts";

/** Times that a group is tried before it locks the log's head for as long as its steps take. */
const triesWithoutLock = 2;

const takeHeadSql = "SELECT next, at FROM saywhen.take_head()";

export interface WriterOptions extends Required<Watchers> {
  readonly database: Database;
  readonly digest: Digest;
  readonly heads: Heads;
  readonly addresses: Addresses;
  readonly directory: Directory;
  readonly vacuum: Vacuum;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Writes that one transaction carries at most. */
  readonly groupWrites: number;
  /** Groups that are under way at one time: one, so that the next may gather; more where groups are kept small. */
  readonly groupsUnderWay: number;
}

/** A group that stands in the log, or that appended nothing, and is to be answered. */
interface Done {
  readonly group: Group;
  /** The position of its first change. */
  readonly first: number;
}

/** A group that ran: its changes, their time, and what the streams were that its steps have read. */
interface Run {
  readonly group: Group;
  readonly ms: number;
  readonly at: string;
  readonly heads: ReadonlyMap<Stream, Head | undefined>;
}

/** What only the locked head can tell of, besides the streams. */
type Lookups = Omit<Loaded, "heads">;

/**
 * Group commit: what comes while a group is under way is carried by the next one, in one transaction.
 *
 * A group's steps are run beforehand, on what was read without a lock; the append takes the log's head, and refuses when
 * a stream that they read has moved on. Then, and where a step asks what only the locked head can tell, the steps are run
 * again with the head locked.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #room: Room;
  #waiting: Waiting[] = [];
  readonly #underWay = new Set<Promise<void>>();
  /** The latest time (ms) that the log was seen to have: a clock behind it counts for nothing. */
  #notBefore = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#room = new Room(options.database);
  }

  append<Refusal>(write: Write<Refusal>): Promise<Appended | Refused<Refusal>> {
    return new Promise((resolve, reject) => {
      const since = performance.now();
      const waiting: Waiting = { write, since, resolve: resolve as Waiting["resolve"], reject };
      this.#waiting.push(waiting);
      if (this.#underWay.size < this.#options.groupsUnderWay) this.#begin();
    });
  }

  /** Commits everything that was handed over. */
  async drain(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #begin(): void {
    // What goes on together, as requests or because one answer of the database was for all, is handed over by the next turn.
    const work = new Promise<void>((ready) => setImmediate(ready)).then(async () => {
      while (this.#waiting.length > 0) {
        const start = performance.now();
        await this.#commit(this.#nextGroup());
        if (performance.now() - start > limits.databaseQueueMs) this.#waiting = withoutLate(this.#waiting, "writes");
      }
      this.#underWay.delete(work);
    });
    this.#underWay.add(work);
  }

  /** Those that come first, in their order; one that may erase goes alone, as the order of what it does matters. */
  #nextGroup(): Waiting[] {
    const alone = this.#waiting.slice(0, this.#options.groupWrites).findIndex(mayErase);
    return this.#waiting.splice(0, alone === -1 ? this.#options.groupWrites : Math.max(alone, 1));
  }

  /** Every write of the group is answered when this resolves; it never rejects. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    const start = performance.now();
    let done: Done;
    try {
      done = await this.#carryOut(group);
    } catch (error) {
      await this.#undone(group, error);
      return;
    }
    // From here on it stands in the log, whatever becomes of the rest, and must not be run again.
    for (const head of done.group.answer(done.first)) this.#options.heads.remember(head);
    const changes = done.group.members.length;
    if (changes === 0) return;
    this.#room.reached(done.first);
    const seconds = (performance.now() - start) / 1000;
    this.#tell(() => this.#options.onGroup({ writes: group.length, changes, seconds }));
  }

  /** Nothing of the group was appended: because of one write, which then fails alone, or at all. */
  async #undone(group: readonly Waiting[], error: unknown): Promise<void> {
    const failure = failureOf(error);
    if (failure !== undefined) this.#tell(() => this.#options.onError(failure.kind, failure.error.message));
    if (failure === undefined && group.length > 1) {
      for (const waiting of group) await this.#commit([waiting]);
      return;
    }
    for (const waiting of group) waiting.reject(failure?.error ?? error);
  }

  async #carryOut(group: readonly Waiting[]): Promise<Done> {
    const database = this.#options.database.until(performance.now() + limits.databaseAnswerMs);
    try {
      for (let tries = 0; tries < triesWithoutLock && group.every(isPlain); tries += 1) {
        const done = await this.#appendUnlocked(database, group);
        if (done !== undefined) return done;
      }
    } catch (error) {
      if (!(error instanceof LockNeeded)) throw error;
    }
    return this.#appendLocked(database, group);
  }

  /**
   * @returns undefined when it has to be run again
   * @throws LockNeeded when that takes the log's head locked
   */
  async #appendUnlocked(database: Transactions, waiting: readonly Waiting[]): Promise<Done | undefined> {
    const { digest } = this.#options;
    const { group, ms, heads } = await this.#run(database, waiting, noLookups, undefined);
    if (group.members.length === 0) return { group, first: 0 };
    const outcome = await this.#room.within(() =>
      this.#settled(group, () => append(database, digest, group, ms, heads)),
    );
    if ("first" in outcome) return { group, first: outcome.first };
    if (outcome.refused === "late") this.#notBefore = Math.max(this.#notBefore, outcome.at);
    return undefined;
  }

  /** With the log's head locked, so that nothing moves on meanwhile, and it is known where the changes will stand. */
  async #appendLocked(database: Transactions, waiting: readonly Waiting[]): Promise<Done> {
    let run: Run | undefined;
    let isCommitting = false;
    const transaction = () =>
      database.transaction(
        async (statements) => {
          isCommitting = false;
          // Ahead of the log's head, as savers may be slow: nobody else's append waits for them.
          if (waiting.some(mayErase)) await statements.rows(holdCodesSql);
          const [end] = await statements.rows<{ next: number; at: number }>(takeHeadSql);
          if (end === undefined) throw new StoreUnavailable("the database has lost the log's head");
          this.#notBefore = Math.max(this.#notBefore, end.at);
          run = await this.#run(statements, waiting, await this.#lookUp(statements, waiting), end.next);
          await this.#write(statements, run, end.next);
          return end.next;
        },
        () => (isCommitting = true),
      );
    try {
      const first = await this.#room.within(transaction);
      return { group: (run as Run).group, first };
    } catch (error) {
      if (isCommitting && failureOf(error)?.isUnknown === true && run !== undefined && run.group.members.length > 0) {
        return { group: run.group, ...(await this.#lookFor(run.group, error)) };
      }
      throw error;
    }
  }

  /** Runs the steps; again, where they append to streams that nobody has read. */
  async #run(
    statements: Statements,
    waiting: readonly Waiting[],
    lookups: Lookups,
    first: number | undefined,
  ): Promise<Run> {
    const heads = new Map<Stream, Head | undefined>();
    const load = async (streams: readonly Stream[]): Promise<void> => {
      const found = await this.#options.heads.readIn(statements, streams);
      for (const [index, head] of found.entries()) heads.set(streams[index] as Stream, head);
    };
    await load([...new Set(waiting.flatMap(({ write }) => write.reads))]);
    for (;;) {
      // A clock that was set back, or another node's that is ahead, must not make the log's times go back.
      const ms = Math.max(this.#options.clock(), this.#notBefore);
      const at = new Date(ms).toISOString();
      const group = new Group({ ...lookups, heads }, at, first);
      for (const each of waiting) group.run(each);
      if (group.unread.length === 0) return { group, ms, at, heads };
      await load(group.unread);
    }
  }

  async #lookUp(statements: Statements, waiting: readonly Waiting[]): Promise<Lookups> {
    const { digest, directory } = this.#options;
    const owners = new Map<string, number | undefined>();
    for (const email of new Set(waiting.flatMap(({ write }) => write.emails ?? [])))
      owners.set(email, await directory.ownerOf(statements, email));
    const freeIds = new Map<EntryKind, FreeIds>();
    // Each write takes one at most, and each new entry rules out one more.
    for (const kind of new Set(waiting.flatMap(({ write }) => write.ids ?? [])))
      freeIds.set(kind, await directory.freeIds(statements, kind, 2 * waiting.length));
    const positions = new Map<Stream, number[]>();
    const changes = new Changes(statements, digest);
    for (const stream of waiting.flatMap(({ write }) => write.positions ?? []))
      positions.set(stream, await changes.positions(stream));
    return { owners, freeIds, positions };
  }

  async #write(statements: Statements, { group, ms, at }: Run, first: number): Promise<void> {
    const { digest, directory, onErasure } = this.#options;
    for (const stream of group.erased) await this.#erase(statements, stream);
    if (group.members.length === 0) return;
    const outcome = await append(statements, digest, group, ms, undefined);
    assert(
      "first" in outcome && outcome.first === first,
      "with the log's head locked, an append is where it was to be",
    );
    for (const { name, email, isNew, wasGivenOut } of group.entries) {
      await directory.save(statements, name, email);
      if (isNew) await directory.added(statements, name, wasGivenOut);
    }
    // What is taken back is not: nodes may share the book, and what came after would go with it. An erasure that breaks
    // off after it was booked is finished by whoever restores the database.
    if (group.erased.length > 0) onErasure({ streams: group.erased, position: first, at });
  }

  async #erase(statements: Statements, stream: Stream): Promise<void> {
    const { digest, addresses, directory } = this.#options;
    const row = await new Changes(statements, digest).erase(stream);
    if (row === undefined) return;
    await new Codes(statements).drop(row.id);
    this.#options.vacuum.stained([...row.tables, codeTable]);
    await addresses.drop(statements, row.id);
    await directory.erase(statements, stream);
  }

  /** A statement that commits by itself: where its connection breaks, the log is asked whether it did. */
  async #settled<Outcome>(group: Group, work: () => Promise<Outcome>): Promise<Outcome | { readonly first: number }> {
    try {
      return await work();
    } catch (error) {
      if (failureOf(error)?.isUnknown !== true) throw error;
      return this.#lookFor(group, error);
    }
  }

  /** @throws OutcomeUnknown when the group is not there, as it may still come, or when nobody can tell in time */
  async #lookFor(group: Group, error: unknown): Promise<{ readonly first: number }> {
    const [member] = group.members;
    this.#tell(() => this.#options.onError(failureOf(error)?.kind ?? "connection"));
    const first = member && (await positionOf(this.#options.database, this.#options.digest, member));
    if (first !== undefined) return { first };
    throw new OutcomeUnknown("the database broke off while it was being written, and it is not known what it kept", {
      cause: error,
    });
  }

  /** A watcher that throws is no reason to do anything else about the writes. */
  #tell(work: () => void): void {
    try {
      work();
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }
}

const noLookups: Lookups = { owners: new Map(), freeIds: new Map(), positions: new Map() };

function mayErase({ write }: Waiting): boolean {
  return write.positions !== undefined;
}

/** Whether its step asks for nothing but streams. */
function isPlain(waiting: Waiting): boolean {
  return waiting.write.emails === undefined && waiting.write.ids === undefined && !mayErase(waiting);
}
