import { limits } from "../../domain/limits.ts";
import type { Stream } from "../../domain/stream.ts";
import { type Appended, OutcomeUnknown, type Refused, StoreUnavailable, type Write } from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import type { Watchers } from "../watchers.ts";
import type { Addresses } from "./addresses.ts";
import { append } from "./append.ts";
import { Changes } from "./changes.ts";
import type { Database, Statements, Transactions } from "./database.ts";
import type { Directory, EntryKind, FreeIds } from "./directory.ts";
import { failureOf, sqlStateOf } from "./failure.ts";
import { Group, type Loaded, LockNeeded, type Waiting } from "./group.ts";
import type { Head, Heads } from "./heads.ts";
import { positionOf } from "./unknown-outcome.ts";
import type { Vacuum } from "./vacuum.ts";

/** Times that a group is tried before it locks the log's head for as long as its steps take. */
const triesWithoutLock = 2;

/** Positions for which there is always room: made long before they are needed, as that waits for nobody. */
const roomAhead = 20_000_000;

const takeHeadSql = "SELECT next, at FROM saywhen.take_head()";
const makeRoomSql = "SELECT saywhen.make_room($1)";

/** What PostgreSQL says where no partition of the changes takes a position. */
const noPartition = "23514";

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

/** A group that ran: its changes, and their time. */
interface Run {
  readonly group: Group;
  readonly ms: number;
  readonly at: string;
}

/**
 * Group commit: what comes while a group is under way is carried by the next one, in one transaction.
 *
 * A group's steps are run beforehand, on what was read without a lock; the append takes the log's head, and refuses when
 * a stream that they read has moved on. Then, and where a step asks what only the locked head can tell, the steps are run
 * again with the head locked.
 */
export class Writer {
  readonly #options: WriterOptions;
  #waiting: Waiting[] = [];
  readonly #underWay = new Set<Promise<void>>();
  /** The latest time (ms) that the log was seen to have: a clock behind it counts for nothing. */
  #notBefore = 0;
  /** Up to which position there is room. */
  #room = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
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
    // Requests that one poll of the sockets brings in are handed over before the turn's setImmediate comes up.
    const work = new Promise<void>((ready) => setImmediate(ready)).then(async () => {
      while (this.#waiting.length > 0) {
        const start = performance.now();
        await this.#commit(this.#nextGroup());
        if (performance.now() - start > limits.databaseQueueMs) this.#sendAway();
      }
      this.#underWay.delete(work);
    });
    this.#underWay.add(work);
  }

  /** Whoever waited for long behind a group that hung is told so while there is time: its own could hang as well. */
  #sendAway(): void {
    const before = performance.now() - limits.databaseQueueMs;
    const late = this.#waiting.filter(({ since }) => since < before);
    this.#waiting = this.#waiting.filter(({ since }) => since >= before);
    for (const { reject } of late) reject(new StoreUnavailable("the database takes too long with other writes"));
  }

  /** Those that come first, in their order; one that may erase goes alone, as the order of what it does matters. */
  #nextGroup(): Waiting[] {
    const isAlone = ({ write }: Waiting) => write.positions !== undefined;
    const alone = this.#waiting.slice(0, this.#options.groupWrites).findIndex(isAlone);
    return this.#waiting.splice(0, alone === -1 ? this.#options.groupWrites : Math.max(alone, 1));
  }

  /** Every write of the group is answered when this resolves; it never rejects. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const start = performance.now();
      const { members } = await this.#carryOut(group);
      if (members.length === 0) return;
      const seconds = (performance.now() - start) / 1000;
      this.#options.onGroup({ writes: group.length, changes: members.length, seconds });
    } catch (error) {
      await this.#undone(group, error);
    }
  }

  /** Nothing of the group was appended: because of one write, which then fails alone, or at all. */
  async #undone(group: readonly Waiting[], error: unknown): Promise<void> {
    const failure = failureOf(error);
    if (failure !== undefined) this.#options.onError(failure.kind);
    if (failure === undefined && group.length > 1) {
      for (const waiting of group) await this.#commit([waiting]);
      return;
    }
    for (const waiting of group) waiting.reject(failure?.error ?? error);
  }

  async #carryOut(group: readonly Waiting[]): Promise<Group> {
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
   * @returns the group, answered; undefined when it has to be run again
   * @throws LockNeeded when that takes the log's head locked
   */
  async #appendUnlocked(database: Transactions, waiting: readonly Waiting[]): Promise<Group | undefined> {
    const { digest, heads } = this.#options;
    const loaded = new Map<Stream, Head | undefined>();
    const { group, ms } = await this.#run(waiting, { ...noLookups, heads: loaded }, undefined, async (streams) => {
      const found = await heads.readIn(database, streams);
      for (const [index, head] of found.entries()) loaded.set(streams[index] as Stream, head);
    });
    if (group.members.length === 0) return this.#answered(group, 0);
    const outcome = await this.#withRoom(() => this.#settled(group, () => append(database, digest, group, ms, loaded)));
    if ("first" in outcome) return this.#answered(group, await this.#appended(outcome.first));
    if (outcome.refused === "late") this.#notBefore = outcome.at;
    return undefined;
  }

  /** With the log's head locked, so that nothing moves on meanwhile, and it is known where the changes will stand. */
  async #appendLocked(database: Transactions, waiting: readonly Waiting[]): Promise<Group> {
    let run: Run | undefined;
    let isCommitting = false;
    const transaction = () =>
      database.transaction(
        async (statements) => {
          isCommitting = false;
          const [end] = await statements.rows<{ next: number; at: number }>(takeHeadSql);
          if (end === undefined) throw new StoreUnavailable("the database has lost the log's head");
          this.#notBefore = end.at;
          run = await this.#runLocked(statements, waiting, end.next);
          await this.#write(statements, run, end.next);
          return end.next;
        },
        () => (isCommitting = true),
      );
    try {
      const first = await this.#withRoom(transaction);
      return this.#answered((run as Run).group, await this.#appended(first));
    } catch (error) {
      if (isCommitting && failureOf(error)?.isUnknown === true && run !== undefined && run.group.members.length > 0) {
        const { first } = await this.#lookFor(run.group, error);
        return this.#answered(run.group, first);
      }
      throw error;
    }
  }

  async #runLocked(statements: Statements, waiting: readonly Waiting[], first: number): Promise<Run> {
    const heads = new Map<Stream, Head | undefined>();
    const lookups = await this.#lookUp(statements, waiting);
    return this.#run(waiting, { ...lookups, heads }, first, async (streams) => {
      const found = await this.#options.heads.readIn(statements, streams);
      for (const [index, head] of found.entries()) heads.set(streams[index] as Stream, head);
    });
  }

  /** Runs the steps; again, where they append to streams that nobody has read. */
  async #run(
    waiting: readonly Waiting[],
    loaded: Loaded,
    first: number | undefined,
    load: (streams: readonly Stream[]) => Promise<void>,
  ): Promise<Run> {
    await load([...new Set(waiting.flatMap(({ write }) => write.reads))]);
    for (;;) {
      // A clock that was set back, or another node's that is ahead, must not make the log's times go back.
      const ms = Math.max(this.#options.clock(), this.#notBefore);
      const at = new Date(ms).toISOString();
      const group = new Group(loaded, at, first);
      for (const each of waiting) group.run(each);
      if (group.unread.length === 0) return { group, ms, at };
      await load(group.unread);
    }
  }

  async #lookUp(statements: Statements, waiting: readonly Waiting[]): Promise<Omit<Loaded, "heads">> {
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
    await append(statements, digest, group, ms, undefined);
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
    this.#options.vacuum.stained(row.tables);
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
    this.#options.onError(failureOf(error)?.kind ?? "connection");
    const first = member && (await positionOf(this.#options.database, this.#options.digest, member));
    if (first !== undefined) return { first };
    throw new OutcomeUnknown("the database broke off while it was being written, and it is not known what it kept", {
      cause: error,
    });
  }

  /** Positions that no partition takes are made room for, and the work is done again. */
  async #withRoom<Outcome>(work: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await work();
    } catch (error) {
      if (sqlStateOf(error) !== noPartition) throw error;
      const { database, digest } = this.#options;
      await this.#makeRoom((await new Changes(database, digest).size()) + roomAhead);
      return work();
    }
  }

  #answered(group: Group, first: number): Group {
    for (const head of group.answer(first)) this.#options.heads.remember(head);
    return group;
  }

  /** Takes note of how far the log has come. */
  async #appended(first: number): Promise<number> {
    // Nobody waits for it: should it fail, the append that needs the room makes it.
    if (first + roomAhead / 2 > this.#room) void this.#makeRoom(first + roomAhead).catch(() => undefined);
    return first;
  }

  async #makeRoom(last: number): Promise<void> {
    this.#room = last;
    await this.#options.database.rows(makeRoomSql, [last]);
  }
}

const noLookups: Omit<Loaded, "heads"> = { owners: new Map(), freeIds: new Map(), positions: new Map() };

/** Whether its step asks for nothing but streams. */
function isPlain({ write }: Waiting): boolean {
  return write.emails === undefined && write.ids === undefined && write.positions === undefined;
}
