/** What a decision comes to, from best to worst: send now, ask again later, do not send. */
const verdicts = ["send", "defer", "withhold"] as const;

export type Verdict = (typeof verdicts)[number];

/**
 * One rule of a decision. Rules stand in lists and are asked in order; the first that speaks decides.
 */
export interface Rule<Facts, Reason extends string = string> {
  /** Its name, which is the reason in the answer. */
  readonly reason: Reason;
  readonly verdict: Verdict;
  /** When it speaks, in one sentence for people: docs/decisions.md prints it. */
  readonly says: string;
  /** Pure, and never throws, whatever the documents hold. */
  readonly speaks: (facts: Facts) => boolean;
}

/** The first rule of the list that speaks; undefined when none does. */
export function firstToSpeak<Facts, Reason extends string>(
  rules: readonly Rule<Facts, Reason>[],
  facts: Facts,
): Rule<Facts, Reason> | undefined {
  return rules.find((rule) => rule.speaks(facts));
}

/** How good a verdict is, counted from 0 for the best. */
export function rankOf(verdict: Verdict): number {
  return verdicts.indexOf(verdict);
}
