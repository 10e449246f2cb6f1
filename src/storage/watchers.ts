import type { Stream } from "../domain/stream.ts";

/** What one transaction carried, and the time it took with its sync to the disk. */
export interface Carried {
  readonly writes: number;
  readonly changes: number;
  readonly seconds: number;
}

/** What was erased, and by which change: for those who keep book of it, so that a restored backup is erased again. */
export interface Erased {
  readonly streams: readonly Stream[];
  readonly position: number;
  /** The change's time, RFC 3339. */
  readonly at: string;
}

/** Who is told of what a store does. */
export interface Watchers {
  /**
   * Called inside the transaction that erases a subject, before it is committed. What it throws refuses that write alone.
   *
   * @returns what takes it back: called when the transaction is rolled back, and never after a commit
   */
  readonly onErasure?: (erased: Erased) => () => void;
  /** Called after each commit that appended something. */
  readonly onGroup?: (carried: Carried) => void;
  /** Called with each failure of the storage, one of `failureKinds`, and with why, where a sentence is known. */
  readonly onError?: (kind: string, because?: string) => void;
}

/** Watchers of which those that are missing do nothing. */
export function watchersOf({
  onErasure = () => ignore,
  onGroup = ignore,
  onError = ignore,
}: Watchers): Required<Watchers> {
  return { onErasure, onGroup, onError };
}

function ignore(): void {}
