import type { DatabaseSync } from "node:sqlite";
import type { Change, Draft } from "../../domain/change.ts";
import { limits } from "../../domain/limits.ts";
import type { Stream } from "../../domain/stream.ts";
import { type Appended, type Refused, type Step, StoreUnavailable, type Write } from "../../service/store.ts";
import { addedAddresses } from "../added-addresses.ts";
import { DeclaredNewest, type NewestState } from "../declared-newest.ts";
import type { Watchers } from "../watchers.ts";
import type { Addresses } from "./addresses.ts";
import type { Changes, Time } from "./changes.ts";
import type { Codes } from "./codes.ts";
import type { Directory } from "./directory.ts";
import { failureOf } from "./sqlite-failure.ts";
import { inTransaction } from "./transaction.ts";

export interface WriterOptions extends Required<Watchers> {
  readonly db: DatabaseSync;
  readonly changes: Changes;
  readonly addresses: Addresses;
  readonly directory: Directory;
  readonly codes: Codes;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** A write that waits for its group, and where its answer goes. */
interface Waiting {
  readonly write: Write<unknown>;
  resolve(outcome: Appended | Refused<unknown>): void;
  reject(reason: unknown): void;
}

/** What a group has come to so far. */
interface Progress {
  position: number;
  readonly time: Time;
  /** Each write's answer, given once the group is durable. */
  readonly answers: (() => void)[];
  /** What is to be taken back if it is not. */
  readonly undo: (() => void)[];
}

/** A write that broke while it was carried out: the fault of what its step answered with, or of who is told of erasures. */
class Spoiled extends Error {
  override readonly name = "Spoiled";
  readonly waiting: Waiting;

  constructor(waiting: Waiting, cause: unknown) {
    super("a write's changes could not be written", { cause });
    this.waiting = waiting;
  }
}

/** Group commit: what is handed over before the next tick is carried by one transaction and one sync. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #newest: NewestState;
  #waiting: Waiting[] = [];

  constructor(options: WriterOptions) {
    const { changes, directory } = options;
    this.#options = options;
    this.#newest = {
      change: (stream) => changes.head(stream)?.change,
      positions: (stream) => changes.positions(stream),
      userWithEmail: (email) => directory.userWithEmail(email, changes),
      freeId: (kind) => directory.freeId(kind),
    };
  }

  append<Refusal>(write: Write<Refusal>): Promise<Appended | Refused<Refusal>> {
    return new Promise((resolve, reject) => {
      // Requests that came together go on together (service/turns.ts), and all hand over their writes before the next tick.
      const waiting: Waiting = { write, resolve: resolve as Waiting["resolve"], reject };
      if (this.#waiting.push(waiting) === 1) process.nextTick(() => this.#flush());
    });
  }

  /** Commits everything that was handed over. */
  drain(): void {
    while (this.#waiting.length > 0) this.#flush();
  }

  #flush(): void {
    const group = this.#waiting.splice(0, limits.groupWrites);
    if (this.#waiting.length > 0) setImmediate(() => this.#flush());
    this.#commit(group);
  }

  #commit(group: readonly Waiting[]): void {
    if (group.length === 0) return;
    const start = performance.now();
    const undo: (() => void)[] = [];
    let written: { readonly appended: number; readonly answers: readonly (() => void)[] };
    try {
      written = this.#write(group, undo);
    } catch (error) {
      this.#takeBack(undo);
      this.#undone(group, error);
      return;
    }
    this.#options.changes.settle(true);
    for (const answer of written.answers) answer();
    if (written.appended === 0) return;
    this.#options.onGroup({
      writes: group.length,
      changes: written.appended,
      seconds: (performance.now() - start) / 1000,
    });
  }

  /** Nothing of the group was appended: because of one write, without which the others are tried again, or at all. */
  #undone(group: readonly Waiting[], error: unknown): void {
    const { changes, directory, onError } = this.#options;
    changes.settle(false);
    directory.rolledBack();
    if (error instanceof Spoiled) {
      const kind = failureOf(error.cause)?.kind;
      if (kind !== undefined) onError(kind);
      error.waiting.reject(error.cause);
      this.#commit(group.filter((waiting) => waiting !== error.waiting));
      return;
    }
    const failure = failureOf(error);
    const reason = failure?.error ?? new StoreUnavailable("the database cannot be written", { cause: error });
    for (const waiting of group) waiting.reject(reason);
    onError(failure?.kind ?? "unknown");
  }

  /** The last first. What cannot be taken back does not keep the group's writes from their answers. */
  #takeBack(undo: readonly (() => void)[]): void {
    for (const each of undo.toReversed()) {
      try {
        each();
      } catch (error) {
        this.#options.onError(failureOf(error)?.kind ?? "unknown");
      }
    }
  }

  /** Runs the steps of a group, and writes what they answer with, in one transaction. */
  #write(
    group: readonly Waiting[],
    undo: Progress["undo"],
  ): { readonly appended: number; readonly answers: readonly (() => void)[] } {
    const { db, changes, clock } = this.#options;
    return inTransaction(db, () => {
      const end = changes.end();
      // A clock that was set back, or a machine that a backup was taken to, must not make the log's times go back.
      const ms = Math.max(clock(), end.at);
      const time = { ms, text: new Date(ms).toISOString() };
      const progress: Progress = { position: end.next, time, answers: [], undo };
      for (const waiting of group) this.#take(waiting, progress);
      return { appended: progress.position - end.next, answers: progress.answers };
    });
  }

  /** Runs one write's step on what the writes before it left, and writes its changes. */
  #take(waiting: Waiting, progress: Progress): void {
    let step: Step<unknown>;
    try {
      step = waiting.write.step(new DeclaredNewest(waiting.write, progress.time.text, this.#newest));
    } catch (error) {
      if (failureOf(error) !== undefined) throw error;
      progress.answers.push(() => waiting.reject(error));
      return;
    }
    if ("refuse" in step) {
      const refused = step.refuse;
      progress.answers.push(() => waiting.resolve({ refused }));
      return;
    }
    const { append, erase = [] } = step;
    let changes: Appended["changes"];
    try {
      changes = this.#carryOut(append, erase, progress);
    } catch (error) {
      throw failureOf(error) === undefined ? new Spoiled(waiting, error) : error;
    }
    if (erase.length > 0) progress.undo.push(this.#tell(waiting, erase, changes[0]));
    progress.answers.push(() => waiting.resolve({ changes }));
  }

  /** Whoever is told of an erasure may fail as the storage may: that refuses this write, not those beside it. */
  #tell(waiting: Waiting, streams: readonly Stream[], { position, at }: Change): () => void {
    try {
      return this.#options.onErasure({ streams, position, at });
    } catch (error) {
      throw new Spoiled(waiting, error);
    }
  }

  #carryOut([first, ...rest]: readonly [Draft, ...Draft[]], erase: readonly Stream[], progress: Progress) {
    for (const stream of erase) this.#erase(stream);
    return [this.#add(first, progress), ...rest.map((draft) => this.#add(draft, progress))] as const;
  }

  /** One change, with everything that is derived from it. */
  #add(draft: Draft, progress: Progress): Change {
    const { changes, addresses, directory } = this.#options;
    const before = changes.head(draft.stream)?.change;
    const { change, row } = changes.append(draft, progress.position, progress.time);
    for (const normal of addedAddresses(before, draft)) addresses.add(normal, row);
    if (draft.kind === "directory") directory.save(draft, row, before === undefined);
    progress.position += 1;
    return change;
  }

  #erase(stream: Stream): void {
    const { changes, addresses, directory, codes } = this.#options;
    const row = changes.erase(stream);
    if (row === undefined) return;
    addresses.drop(row);
    codes.drop(row);
    directory.erase(stream);
  }
}
