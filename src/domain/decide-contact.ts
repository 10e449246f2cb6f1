import type { CatalogueWords } from "./catalogue.ts";
import type { Recorded } from "./change.ts";
import type { CustomerPreferences, Selection } from "./customer-preferences.ts";
import { expiryOf } from "./expiry.ts";
import type { ContactQuestion } from "./question.ts";
import { allowedFrom, zonesOf } from "./quiet-hours.ts";
import { firstToSpeak, type Rule, rankOf, type Verdict } from "./rule.ts";
import { type AddressSuppressions, isSuppressed } from "./suppression.ts";

export type ContactReason =
  | "category-closed"
  | "never-asked"
  | "suppressed"
  | "type-closed"
  | "essential"
  | "opted-out"
  | "unconfirmed"
  | "expired"
  | "quiet-hours"
  | "opted-in";

/** What the answer to a contact question rests on, all of it as of one moment. */
export interface ContactFacts {
  /** The catalogue that the question was held against. */
  readonly words: CatalogueWords;
  /** What the customer has chosen; undefined for one of whom nothing is recorded. */
  readonly preferences?: Recorded<CustomerPreferences> | undefined;
  /** What stops an address, by its normal form. It is asked only for addresses of the preferences. */
  readonly suppressionsOf: (normal: string) => AddressSuppressions | undefined;
  /** The instant for which it is asked, in milliseconds since 1970. */
  readonly at: number;
}

/** What a rule about the whole question looks at. */
export interface ContactCase {
  readonly question: ContactQuestion;
  readonly facts: ContactFacts;
  /** The customer's selections that the question concerns. */
  readonly selections: readonly Selection[];
}

/** What a rule about one selection looks at. */
export interface SelectionCase extends ContactCase {
  readonly selection: Selection;
}

/** Asked first, once: what they say holds for every address. */
export const contactRules: readonly Rule<ContactCase, ContactReason>[] = [
  {
    reason: "category-closed",
    verdict: "withhold",
    says: "The catalogue has disabled or retired the category, or retired the channel: whoever is asked about.",
    speaks: ({ question: { category, channel } }) => !category.enabled || category.retired || channel.retired,
  },
  {
    reason: "never-asked",
    verdict: "withhold",
    says: "The customer has no selection of this category on this channel; if it is essential, no address on the channel.",
    speaks: ({ selections }) => selections.length === 0,
  },
];

/** Asked of each selection by itself. */
export const selectionRules: readonly Rule<SelectionCase, ContactReason>[] = [
  {
    reason: "suppressed",
    verdict: "withhold",
    says: "The address is suppressed, on this channel or on all.",
    speaks: ({ question, facts, selection }) =>
      isSuppressed(facts.suppressionsOf(selection.normal), question.channel.name),
  },
  {
    reason: "type-closed",
    verdict: "withhold",
    says: "The catalogue has retired the type of the address, or it does not go with the channel any more.",
    speaks: ({ question, facts, selection }) => {
      const type = facts.words.types.get(selection.type);
      return type === undefined || type.retired || !type.channels.includes(question.channel.name);
    },
  },
  {
    reason: "essential",
    verdict: "send",
    says: "The catalogue marks the category as essential: it goes to every address on the channel, whatever was chosen.",
    speaks: ({ question }) => question.category.essential,
  },
  {
    reason: "opted-out",
    verdict: "withhold",
    says: "The choice is opted-out, here or in another selection of this category and channel with the same address.",
    speaks: ({ selections, selection }) =>
      selections.some(({ choice, normal }) => choice === "opted-out" && normal === selection.normal),
  },
  {
    reason: "unconfirmed",
    verdict: "withhold",
    says: "The choice is opted-in and still waits to be confirmed at the address.",
    speaks: ({ selection }) => selection.unconfirmed === true,
  },
  {
    reason: "expired",
    verdict: "withhold",
    says: "The consent is older than the category lets it count.",
    speaks: ({ question, facts, selection }) => {
      const { expiresAfter } = question.category;
      return expiresAfter !== undefined && !(facts.at < expiryOf(Date.parse(selection.modifiedAt), expiresAfter));
    },
  },
  {
    reason: "quiet-hours",
    verdict: "defer",
    says: "It is quiet hours in one of the time zones in which the address may be.",
    speaks: (asked) => allowedAt(asked) !== asked.facts.at,
  },
  {
    reason: "opted-in",
    verdict: "send",
    says: "The choice is opted-in.",
    speaks: ({ selection }) => selection.choice === "opted-in",
  },
];

/**
 * Every answer that there is, the best first: of what comes of a customer's selections the first here is the answer. Among
 * equal verdicts the order is that of the rules.
 */
export const contactAnswers: readonly { readonly verdict: Verdict; readonly reason: ContactReason }[] = [
  ...selectionRules,
  ...contactRules,
]
  .map(({ verdict, reason }) => ({ verdict, reason }))
  .sort((one, other) => rankOf(one.verdict) - rankOf(other.verdict));

/** How many answers are better. */
const places: ReadonlyMap<ContactReason, number> = new Map(contactAnswers.map(({ reason }, place) => [reason, place]));

/** The place of a reason in `contactAnswers`. */
export function placeOfAnswer(reason: ContactReason): number {
  return places.get(reason) ?? contactAnswers.length;
}

/** One selection's own verdict. It never tells the address. */
export interface ExplainedSelection {
  readonly category: string;
  readonly type: string;
  readonly verdict: Verdict;
  readonly reason: ContactReason;
  /** As in ContactDecision. */
  readonly notBefore?: number;
}

/** The answer to a contact question. */
export interface ContactDecision {
  readonly verdict: Verdict;
  readonly reason: ContactReason;
  /** The addresses that have this verdict, each once and as it was given, in the order of the selections; none when withheld. */
  readonly addresses: readonly Pick<Selection, "type" | "value">[];
  /** The position of the preferences that the answer rests on; absent when there are none. */
  readonly change?: number;
  /**
   * Only with `defer`: the first instant, in milliseconds since 1970, at which one of the addresses is out of quiet hours;
   * absent when there is none within a week.
   */
  readonly notBefore?: number;
  /** What came of each selection that was looked at, in the order of the preferences. */
  readonly selections: readonly ExplainedSelection[];
}

/**
 * Whether a message of a category may be sent to a customer over a channel, and to which addresses. The verdict is the best
 * of the selections', the reason the first in the order of the rules that gave it. Pure, and never throws.
 */
export function decideContact(question: ContactQuestion, facts: ContactFacts): ContactDecision {
  const selections = concerned(question, facts);
  const change = facts.preferences?.position;
  const about = { ...(change !== undefined && { change }) };
  const rule = firstToSpeak(contactRules, { question, facts, selections });
  if (rule !== undefined) {
    return { verdict: rule.verdict, reason: rule.reason, addresses: [], ...about, selections: [] };
  }
  const outcomes = selections.map((selection) => outcomeOf({ question, facts, selections, selection }));
  const { verdict, reason } = outcomes.reduce(better);
  const isWithheld = verdict === "withhold";
  const chosen = isWithheld ? [] : outcomes.filter((outcome) => outcome.verdict === verdict);
  const notBefore = earliest(chosen.flatMap((outcome) => outcome.notBefore ?? []));
  return {
    verdict,
    reason,
    addresses: distinct(chosen.map(({ selection }) => selection)).map(({ type, value }) => ({ type, value })),
    ...about,
    ...(notBefore !== undefined && { notBefore }),
    selections: outcomes.map(explained),
  };
}

/** What counts for an essential category is where the customer can be reached, not what was chosen for it. */
function concerned({ category, channel }: ContactQuestion, { preferences }: ContactFacts): readonly Selection[] {
  return (preferences?.document.selections ?? []).filter(
    (selection) => selection.channel === channel.name && (category.essential || selection.category === category.name),
  );
}

interface Outcome {
  readonly selection: Selection;
  readonly verdict: Verdict;
  readonly reason: ContactReason;
  readonly notBefore?: number;
}

function outcomeOf(asked: SelectionCase): Outcome {
  const { selection } = asked;
  const { verdict, reason } = firstToSpeak(selectionRules, asked) ?? unasked;
  const notBefore = verdict === "defer" ? allowedAt(asked) : undefined;
  return { selection, verdict, reason, ...(notBefore !== undefined && { notBefore }) };
}

/** What comes of a selection of which no rule speaks. */
const unasked = { verdict: "withhold", reason: "never-asked" } as const;

function better(one: Outcome, other: Outcome): Outcome {
  return placeOfAnswer(one.reason) <= placeOfAnswer(other.reason) ? one : other;
}

/** The first instant at which quiet hours let a message through to the address; undefined when there is none soon. */
function allowedAt({ question, facts, selection }: SelectionCase): number | undefined {
  const { category, channel } = question;
  const { quietHours = {} } = category;
  const hours = Object.hasOwn(quietHours, channel.name) ? quietHours[channel.name] : undefined;
  if (hours === undefined) return facts.at;
  const zones = zonesOf(selection.normal, { ...question, timeZones: facts.words.catalogue.timeZones });
  return allowedFrom(hours, zones, facts.at);
}

function earliest(instants: readonly number[]): number | undefined {
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** One number under two types is one address: nobody gets the same message twice. */
function distinct(selections: readonly Selection[]): readonly Selection[] {
  const first = new Map<string, Selection>();
  for (const selection of selections) if (!first.has(selection.normal)) first.set(selection.normal, selection);
  return [...first.values()];
}

function explained({ selection, verdict, reason, notBefore }: Outcome): ExplainedSelection {
  const { category, type } = selection;
  return { category, type, verdict, reason, ...(notBefore !== undefined && { notBefore }) };
}
