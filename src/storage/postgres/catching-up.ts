import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds between two looks at how far a replica is, while somebody waits for it. */
const lookMs = 2;

interface Waiting {
  readonly size: number;
  /** When (ms, monotonic) it is given up. */
  readonly end: number;
  resolve(hasCaughtUp: boolean): void;
  reject(reason: unknown): void;
}

/** Waits until a replica has as many changes as the primary had: one look for all who wait. */
export class CatchingUp {
  readonly #ask: () => Promise<number>;
  readonly #waiting = new Set<Waiting>();
  #isLooking = false;
  /** How many it had when it was last looked at. */
  #seen = 0;

  /** @param ask asks the replica how many changes it has */
  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  /**
   * Whether the replica has so many changes by `end` (ms, monotonic), as soon as that is known.
   *
   * Rejects when it cannot be asked.
   */
  async reached(size: number, end: number): Promise<boolean> {
    if (this.#seen >= size) return true;
    return new Promise((resolve, reject) => {
      this.#waiting.add({ size, end, resolve, reject });
      if (!this.#isLooking) void this.#look();
    });
  }

  /** What was seen holds no longer: it is another replica, or set back. */
  forget(): void {
    this.#seen = 0;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    for (;;) {
      await this.#lookOnce([...this.#waiting]);
      if (this.#waiting.size === 0) break;
      await delay(lookMs);
    }
    this.#isLooking = false;
  }

  async #lookOnce(all: readonly Waiting[]): Promise<void> {
    try {
      const size = (this.#seen = await this.#ask());
      for (const waiting of all) {
        const hasCaughtUp = size >= waiting.size;
        if (!hasCaughtUp && performance.now() < waiting.end) continue;
        this.#waiting.delete(waiting);
        waiting.resolve(hasCaughtUp);
      }
    } catch (error) {
      for (const waiting of all) {
        this.#waiting.delete(waiting);
        waiting.reject(error);
      }
    }
  }
}
