import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ChangeRow } from "../../service/change-row.ts";
import type { LogIdentity } from "../../service/log-store.ts";
import { Derivation, NotDerivable } from "../derivation.ts";
import { type MoveMarks, noMarks } from "../move-marks.ts";
import { LogComparison, LogsDiffer } from "./compare-logs.ts";
import { MovedBefore, MoveFailed } from "./move-failed.ts";
import type { ClosedSource, Counts, MoveSource, MoveTarget, Snapshot } from "./ports.ts";

/** What is written while so few changes are copied is copied in a moment. */
const fewChanges = 1000;

/** Times that what was written meanwhile is copied, before the source is closed all the same. */
const passesMax = 20;

export interface MoveOptions {
  readonly source: MoveSource;
  readonly target: MoveTarget;
  /** Brings the copy of the log's key and of what stands beside it up to date. */
  readonly copyKey: (identity: LogIdentity | undefined) => void;
  /** Called now and then with how much of what is being done is done. */
  readonly onProgress: (done: number, total: number) => void;
}

/** What was moved. */
export interface Moved {
  readonly size: number;
  /** How many of its changes erase somebody. */
  readonly erasures: number;
  /** The root hash over all entries (RFC 6962), on each side from what is stored there. */
  readonly sourceRoot: Buffer;
  readonly targetRoot: Buffer;
}

/**
 * Moves a log, with everything that belongs to it, from one database to another. Most of it is copied while the source is
 * served; only when all was verified is the source closed, and the rest copied. Called again after it was cut off, it goes
 * on where it was: from then on a run that is still there, of the same command, writes nothing more.
 *
 * @throws MovedBefore when an earlier run has finished it
 * @throws MoveFailed, KeyUnusable, StoreUnavailable; then the source is open as it was before, unless another run goes on
 *   or it was the very last step that failed, after which the target may be served: the next run says, or sees to it
 */
export async function moveLog(options: MoveOptions): Promise<Moved> {
  try {
    return await new Move(options).run();
  } catch (error) {
    if (error instanceof LogsDiffer)
      throw new MoveFailed(`Nothing was moved: ${error.message}. Begin anew with an empty --to.`, { cause: error });
    if (error instanceof NotDerivable)
      throw new MoveFailed(
        `Nothing was moved, because ${options.source.name} is damaged: ${error.message} \`saywhen verify\` says more.`,
        { cause: error },
      );
    throw error;
  }
}

class Move {
  readonly #options: MoveOptions;
  readonly #comparison = new LogComparison();
  readonly #moveId = randomUUID();
  /** What the source said when this run began. */
  #seen = noMarks;

  constructor(options: MoveOptions) {
    this.#options = options;
  }

  async run(): Promise<Moved> {
    const { target } = this.#options;
    await this.#withSnapshot((snapshot) => this.#begin(snapshot));
    await this.#catchUp();
    await target.tidy();
    await this.#withSnapshot((snapshot) => this.#compared(snapshot));
    await this.#verify();
    await this.#catchUp();
    const closed = await this.#close();
    try {
      await this.#withSnapshot((snapshot) => this.#compared(snapshot));
    } catch (error) {
      await closed.reopen();
      throw error;
    }
    // From here on it may be served there, so that the source stays closed whatever happens.
    await target.finish();
    await closed.leave();
    const { source, target: targetRoot } = this.#comparison.roots();
    const { size, erasures } = this.#comparison;
    return { size, erasures, sourceRoot: source, targetRoot };
  }

  /** Refuses a target that holds anything but the beginning of this log. */
  async #begin(snapshot: Snapshot): Promise<void> {
    const { source, target } = this.#options;
    this.#seen = snapshot.marks;
    const { movedTo, movedFrom } = snapshot.marks;
    const marks = await target.marks();
    if (movedFrom !== null) throw new MoveFailed(`${source.name} is itself being filled, from ${movedFrom}.`);
    if (movedTo !== null && movedTo !== target.name) throw new MoveFailed(`${source.name} was moved to ${movedTo}.`);
    if (marks.movedFrom === null && !(await target.isEmpty())) {
      if (movedTo === target.name)
        throw new MovedBefore(`${source.name} was moved to ${target.name} before; there is nothing left to do.`);
      throw new MoveFailed(`${target.name} is not empty: give the name of one that is.`);
    }
    await this.#refuseOther(snapshot);
    await target.begin(this.#marks({ movedFrom: source.name }), marks);
  }

  /** Salts are random: no two logs have an entry alike. */
  async #refuseOther(snapshot: Snapshot): Promise<void> {
    const { target } = this.#options;
    const size = await target.size();
    if (size === 0) return;
    const [ours] = await snapshot.entries(size - 1, size);
    const [theirs] = await target.entries(size - 1, size);
    if (ours === undefined || !isDeepStrictEqual(ours, theirs))
      throw new MoveFailed(`${target.name} holds what a move of another log has left; give the name of an empty one.`);
  }

  /** Copies what there is, and what is written meanwhile, until hardly anything is left. */
  async #catchUp(): Promise<void> {
    for (let pass = 0; pass < passesMax; pass += 1) {
      const copied = await this.#withSnapshot((snapshot) => this.#copy(snapshot));
      if (copied <= fewChanges) return;
    }
  }

  /** Copies what there is, the key too, and sees to it that nothing differs. */
  async #compared(snapshot: Snapshot): Promise<void> {
    const { target, copyKey, onProgress } = this.#options;
    await this.#copy(snapshot);
    const identities = await snapshot.identities();
    copyKey(identities.at(-1));
    const to = await snapshot.size();
    await this.#comparison.advance([snapshot, target], to, (tiles) => target.saveTiles(tiles), onProgress);
    if (!isDeepStrictEqual(identities, await target.identities()))
      throw new MoveFailed("Nothing was moved: the log's identities differ.");
    refuseDifferent(await snapshot.counts(), await target.counts());
  }

  /** @returns how many changes were copied */
  async #copy(snapshot: Snapshot): Promise<number> {
    const { target, onProgress } = this.#options;
    const from = await target.size();
    const total = await snapshot.size();
    const derivation = new Derivation(from);
    for await (const page of snapshot.erasures(from))
      for (const erasure of page) await this.#foresee(derivation, erasure, from);
    let size = from;
    for await (const page of snapshot.changes(from)) {
      await target.batch(size, (tables) => derivation.take(tables, page));
      size += page.length;
      onProgress(size, total);
    }
    await target.settle(await snapshot.plainRows(), await snapshot.directorySizes());
    return size - from;
  }

  /** What was copied before it was erased goes at once. */
  async #foresee(derivation: Derivation, erasure: ChangeRow, from: number): Promise<void> {
    const copied = derivation.foresee(erasure).filter((position) => position < from);
    if (copied.length > 0) derivation.know(erasure.position, await this.#options.target.erase(copied));
  }

  async #verify(): Promise<void> {
    const { target, onProgress } = this.#options;
    const { findings } = await target.verify(onProgress);
    const [first] = findings;
    if (first === undefined) return;
    const place = first.position === undefined ? "" : `position ${first.position}: `;
    throw new MoveFailed(`Nothing was moved, because what was copied does not verify: ${place}${first.what}`);
  }

  async #close(): Promise<ClosedSource> {
    const { source, target } = this.#options;
    return source.close(this.#marks({ movedTo: target.name }), this.#seen);
  }

  #marks(marks: Partial<MoveMarks>): MoveMarks {
    return { ...noMarks, ...marks, moveId: this.#moveId };
  }

  async #withSnapshot<Value>(work: (snapshot: Snapshot) => Promise<Value>): Promise<Value> {
    const snapshot = await this.#options.source.snapshot();
    try {
      return await work(snapshot);
    } finally {
      await snapshot.close();
    }
  }
}

const countedAs = { streams: "streams", addresses: "addresses", entries: "entries of the directory" } as const;

function refuseDifferent(source: Counts, target: Counts): void {
  for (const kind of ["streams", "addresses", "entries"] as const) {
    if (source[kind] === target[kind]) continue;
    throw new MoveFailed(
      `Nothing was moved: the source has ${source[kind]} ${countedAs[kind]}, and its changes say ${target[kind]}. ` +
        "`saywhen log rebuild` mends the source.",
    );
  }
}
