import { setTimeout as delay } from "node:timers/promises";
import type { Question } from "../domain/question.ts";
import { limits } from "../domain/limits.ts";
import { type Asking, type DecisionIndex, IndexUnavailable, type Known } from "../service/decision-index.ts";
import { StoreUnavailable } from "../service/store.ts";
import { Following, type FollowingOptions, Outdated } from "./following.ts";
import { watchSpareTime } from "./spare-time.ts";

export interface IndexOptions extends FollowingOptions {
  /** Told how far the building is, now and then, and when it is done. */
  readonly onProgress?: (progress: IndexProgress) => void;
  /** Told why the index could not be built or kept current; it is tried again. */
  readonly onError?: (error: unknown) => void;
}

/** How far the building of the index is. */
export interface IndexProgress {
  readonly subjects: number;
  /** Since it began. */
  readonly seconds: number;
  readonly isBuilt: boolean;
}

/** What operations look at. */
export interface IndexFigures {
  readonly isBuilt: boolean;
  readonly subjects: number;
  /** Of memory, roughly. */
  readonly bytes: number;
}

/**
 * The index of a node: built in the background from what is recorded, then kept current by the log. It never answers from
 * less than was acknowledged, on whatever node, before it was asked (law 11).
 *
 * A catalogue may come to need what was not kept, such as when each choice was made; then another image is built beside
 * the one that there is, which goes on answering all else.
 */
export class KeptIndex implements DecisionIndex {
  readonly #options: IndexOptions;
  readonly #closing = new AbortController();
  readonly #following: NodeJS.Timeout;
  readonly #hasTime = watchSpareTime();
  #current: Following | undefined;
  #building: Promise<void> | undefined;
  /** Why there is none, where that will not pass by itself: a damaged record, or a mistake of ours. */
  #broken: unknown;
  /** Whether following or building failed the last time. */
  #isFailing = false;
  #troubledAt = Number.NEGATIVE_INFINITY;
  /** The catching up that is under way, and the next one, which all share who come meanwhile. */
  #underWay: Promise<unknown> = Promise.resolve();
  #next: Promise<Following> | undefined;

  constructor(options: IndexOptions) {
    this.#options = options;
    this.#build();
    this.#following = setInterval(() => void this.#follow(), limits.indexFollowMs).unref();
  }

  /** Whether what the index is asked is answered, if only with the reason why it cannot be. */
  get isReady(): boolean {
    return this.#current !== undefined || this.#broken !== undefined;
  }

  get figures(): IndexFigures {
    const { subjects, bytes } = this.#current?.image.figures ?? { subjects: 0, bytes: 0 };
    return { isBuilt: this.#current !== undefined, subjects, bytes };
  }

  async current(): Promise<Known> {
    const following = await this.#caughtUp();
    return {
      size: following.size,
      words: following.words,
      placeAfter(subject) {
        const place = following.image.placeOf(subject);
        return place === undefined ? undefined : place + 1;
      },
      asking: (question, at) => askingOf(following, question, at),
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#following);
    this.#closing.abort();
    await this.#building;
    await this.#underWay;
    // What is not saved in time is read as changes by the next one. The last part may take as long again where storage is slow.
    const saved = this.#current?.close(AbortSignal.timeout(limits.lastCheckpointMs));
    await Promise.race([saved, delay(2 * limits.lastCheckpointMs, undefined, { ref: false })]);
  }

  /** Whoever asks while one catching up is under way waits for the next: that begins after the question came. */
  #caughtUp(): Promise<Following> {
    this.#next ??= this.#underWay.then(() => {
      this.#next = undefined;
      const caughtUp = this.#catchUp();
      this.#underWay = caughtUp.catch(() => undefined);
      return caughtUp;
    });
    return this.#next;
  }

  async #catchUp(): Promise<Following> {
    const following = this.#current;
    if (following === undefined) throw this.#unavailable();
    try {
      await following.catchUp();
    } catch (error) {
      if (!(error instanceof Outdated)) throw error;
      // Another may have been built meanwhile, for a catalogue that needs more.
      if (this.#current === following) this.#current = undefined;
      throw this.#unavailable();
    }
    if (!following.image.covers(following.words)) this.#build();
    return following;
  }

  #unavailable(): unknown {
    this.#build();
    return this.#broken ?? new IndexUnavailable("building");
  }

  async #follow(): Promise<void> {
    if (this.#hasTime()) this.#current?.saveSome();
    if (this.#current === undefined || this.#next !== undefined) return;
    try {
      await this.#caughtUp();
      this.#isFailing = false;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Told once for as long as it lasts: it is tried again several times a second. */
  #failed(error: unknown): void {
    if (!this.#isFailing && !this.#closing.signal.aborted) this.#options.onError?.(error);
    this.#isFailing = true;
  }

  /** Told once in a while: on a full disk there is trouble with every thousand codes. */
  #troubled(trouble: unknown): void {
    if (performance.now() - this.#troubledAt < limits.troubleAgainMs) return;
    this.#troubledAt = performance.now();
    this.#options.onTrouble?.(trouble);
  }

  #build(): void {
    if (this.#broken !== undefined || this.#closing.signal.aborted) return;
    this.#building ??= this.#built().finally(() => {
      this.#building = undefined;
    });
  }

  async #built(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const began = performance.now();
      try {
        const options = { ...this.#options, onTrouble: (trouble: unknown) => this.#troubled(trouble) };
        const built = await Following.build(options, this.#teller(began));
        this.#current = built;
        this.#isFailing = false;
        this.#tell(built.image.size, began, true);
        return;
      } catch (error) {
        this.#failed(error);
        // Of everything else, to build it again would end the same way.
        if (!(error instanceof StoreUnavailable || error instanceof Outdated)) {
          this.#broken = error;
          return;
        }
        await delay(limits.indexRetryMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  #teller(began: number): (subjects: number) => void {
    let told = began;
    return (subjects) => {
      this.#closing.signal.throwIfAborted();
      if (performance.now() - told < limits.indexProgressMs) return;
      told = performance.now();
      this.#tell(subjects, began, false);
    };
  }

  #tell(subjects: number, began: number, isBuilt: boolean): void {
    this.#options.onProgress?.({ subjects, seconds: (performance.now() - began) / 1000, isBuilt });
  }
}

function askingOf({ image, words }: Following, question: Question, at: number): Asking {
  const asking = image.asking(question, words, at);
  if (asking === undefined) throw new IndexUnavailable("building");
  return asking;
}
