import type { CatalogueWords } from "../../domain/catalogue.ts";
import type { Selection } from "../../domain/customer-preferences.ts";
import { type ContactDecision, decideContact, placeOfAnswer } from "../../domain/decide-contact.ts";
import type { ContactQuestion } from "../../domain/question.ts";
import type { AddressSuppressions } from "../../domain/suppression.ts";
import type { Pattern, PatternEntry } from "./pattern.ts";

/** What the clock may have done to a selection. */
export interface Clock {
  readonly isExpired: boolean;
  readonly isQuiet: boolean;
}

const noClock: Clock = { isExpired: false, isQuiet: false };

/** All that a clock may say; a clock's place is what `clockNumber` makes of it. */
const clocks: readonly Clock[] = [
  noClock,
  { isExpired: true, isQuiet: false },
  { isExpired: false, isQuiet: true },
  { isExpired: true, isQuiet: true },
];

export function clockNumber(isExpired: boolean, isQuiet: boolean): number {
  return (isExpired ? 1 : 0) + (isQuiet ? 2 : 0);
}

/** What the rules say about a pattern: one answer whatever the clock says, or for each entry one by what it says. */
export type Judgement = number | readonly (readonly number[])[];

/** It is always midnight where the rules are asked about patterns: what the clock says is made up for them. */
const midnight = { at: 0, timeZone: "UTC", hours: "00:00-00:01" } as const;
const chosenAtMidnight = new Date(midnight.at).toISOString();

/** A consent without a date counts no more. */
const chosenTooLongAgo = "";

/** How the addresses of patterns begin. */
const [stoppedNormal, openNormal] = ["stopped ", "open "] as const;
const stop: AddressSuppressions = { ever: 1, suppressions: [{ at: chosenAtMidnight, number: 1, reason: "manual" }] };

/** Asks the rules about patterns, as if one customer had each (law 4). Answers are places in `contactAnswers`. */
export class ContactJudge {
  readonly question: ContactQuestion;
  readonly words: CatalogueWords;
  /** Whether it is quiet hours for everybody, or for nobody; undefined where that depends on the number. */
  readonly quiet: boolean | undefined;
  readonly #types: readonly string[];

  /** @param types the names of types, by their numbers */
  constructor(question: ContactQuestion, words: CatalogueWords, quiet: boolean | undefined, types: readonly string[]) {
    this.question = question;
    this.words = words;
    this.quiet = quiet;
    this.#types = types;
  }

  judge(pattern: Pattern): Judgement {
    const asked = clocks.map((clock) => this.#possible(clock));
    const decided = new Map([...new Set(asked)].map((clock) => [clock, this.#decide(pattern, clock)]));
    const decisions = asked.flatMap((clock) => decided.get(clock) ?? []);
    const [whole = 0, ...others] = decisions.map(({ reason }) => placeOfAnswer(reason));
    const parts = pattern.entries.map((_, index) =>
      decisions.map(({ selections, reason }) => placeOfAnswer(selections[index]?.reason ?? reason)),
    );
    const isStill = parts.every(([first, ...rest]) => rest.every((answer) => answer === first));
    return isStill && others.every((answer) => answer === whole) ? whole : parts;
  }

  /** What the clock says instead where it cannot say this. */
  #possible({ isExpired, isQuiet }: Clock): Clock {
    const canExpire = this.question.category.expiresAfter !== undefined;
    return clocks[clockNumber(canExpire && isExpired, this.quiet ?? isQuiet)] ?? noClock;
  }

  #decide(pattern: Pattern, { isExpired, isQuiet }: Clock): ContactDecision {
    const { category, channel } = this.question;
    const { quietHours = {}, ...rest } = category;
    const hours = isQuiet && Object.hasOwn(quietHours, channel.name) ? { [channel.name]: midnight.hours } : {};
    const selections = pattern.entries.map((entry) => this.#selection(entry, isExpired));
    return decideContact(
      { about: "contact", category: { ...rest, quietHours: hours }, channel, timeZone: midnight.timeZone },
      {
        words: this.words,
        preferences: { document: { selections }, position: 0 },
        suppressionsOf: (normal) => (normal.startsWith(stoppedNormal) ? stop : undefined),
        at: midnight.at,
      },
    );
  }

  #selection({ type, choice, isUnconfirmed, isStopped, address }: PatternEntry, isExpired: boolean): Selection {
    const { category, channel } = this.question;
    const at = isExpired ? chosenTooLongAgo : chosenAtMidnight;
    return {
      category: category.name,
      channel: channel.name,
      choice,
      createdAt: at,
      createdBy: "",
      modifiedAt: at,
      modifiedBy: "",
      normal: `${isStopped ? stoppedNormal : openNormal}${address}`,
      type: this.#types[type] ?? "",
      ...(isUnconfirmed && { unconfirmed: true as const }),
      value: "",
    };
  }
}
