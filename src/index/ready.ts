import type { AudienceCount, BriefDecision } from "../service/decision-index.ts";

/** How many places a page has: what is looked at between two turns of the event loop. */
export const pagePlaces = 65_536;

/** A question made ready to be asked of many: what is told apart between contact and content. */
export interface Ready {
  /** Everything that may be answered. */
  readonly answers: readonly BriefDecision[];
  /** Of which kinds of subject it is asked. */
  readonly kinds: readonly ("customer" | "organisation" | "user")[];
  /** Which of the answers the subject at a place gets, now. */
  answerAt(place: number): number;
  /** Which of the answers those get of whom nothing is known. */
  readonly answerToUnknown: number;
  /**
   * For whom the verdict is `send` now, among the subjects of one page: a bit for each place, the lowest first. Undefined
   * when there is none. The array is overwritten by the next call.
   */
  sendersOn(page: number): Uint32Array | undefined;
  /** The number of pages. */
  readonly pages: number;
  /** How many there are for whom the verdict is `send` now, of one kind or of all. */
  count(kind?: "customer" | "organisation" | "user"): AudienceCount;
}
