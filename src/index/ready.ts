import type { AudienceCount, BriefDecision } from "../service/decision-index.ts";

/** A question made ready to be asked of many: what is told apart between contact and content. */
export interface Ready {
  /** Everything that may be answered. */
  readonly answers: readonly BriefDecision[];
  /** Of which kinds of subject it is asked. */
  readonly kinds: readonly ("customer" | "organisation" | "user")[];
  /** Which of the answers the subject at a place gets, now. */
  answerAt(place: number): number;
  /**
   * Which of them many get.
   *
   * @param places counted from 1, and 0 for whoever has none
   */
  answersAt(places: Int32Array, count: number, answers: Uint16Array): void;
  /** Which of the answers those get of whom nothing is known. */
  readonly answerToUnknown: number;
  /**
   * Does some of what has to be done before senders are looked for or counted: so little that nothing else waits for long.
   *
   * @returns whether all is done; if not, it is to be called again in a later turn of the event loop
   */
  prepare(): boolean;
  /**
   * For whom the verdict is `send` now, among the subjects of one page: a bit for each place, the lowest first. Undefined
   * when there is none. The array is overwritten by the next call.
   *
   * @param from the first place on the page that is asked about: bits before it mean nothing
   */
  sendersOn(page: number, from: number): Uint32Array | undefined;
  /** The number of pages. */
  readonly pages: number;
  /** Whether those for whom the verdict is `send` are counted by frequency, too. */
  readonly hasFrequencies: boolean;
  /**
   * How many there are for whom the verdict is `send` now, of one kind or of all; undefined when they must be looked for.
   */
  count(kind?: "customer" | "organisation" | "user"): AudienceCount | undefined;
}
