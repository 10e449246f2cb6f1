import type { CatalogueWords } from "./catalogue.ts";
import type { Recorded } from "./change.ts";
import type { AlertServiceChoice, EmailPreferences, ModuleChoice, NodeChoice } from "./email-preferences.ts";
import type { AlertQuestion, ContentQuestion, ModuleQuestion } from "./question.ts";
import { firstToSpeak, type Rule, type Verdict } from "./rule.ts";
import type { Organisation } from "./subject.ts";
import { type AddressSuppressions, isSuppressed } from "./suppression.ts";

export type ContentReason =
  | "never-asked"
  | "module-off"
  | "alert-off"
  | "never"
  | "no-metadata-chosen"
  | "metadata-mismatch"
  | "suppressed"
  | "matched"
  | "alert-on";

/** An organisation's preferences, as a user of it has them. */
export interface Inherited extends Recorded<EmailPreferences> {
  readonly from: Organisation;
}

/** What the answer to a content question rests on, all of it as of one moment. */
export interface ContentFacts {
  /** The catalogue that the question was held against. */
  readonly words: CatalogueWords;
  /** What the organisation or user itself has chosen. */
  readonly own?: Recorded<EmailPreferences> | undefined;
  /** What a user's organisation has chosen; it counts, as a whole, while the user has chosen nothing. */
  readonly inherited?: Inherited | undefined;
  /** What stops the user's e-mail address. */
  readonly suppressions?: AddressSuppressions | undefined;
}

/** What a rule about a module looks at. */
export interface ModuleCase {
  readonly question: ModuleQuestion;
  readonly facts: ContentFacts;
  /** The document in force. */
  readonly document: EmailPreferences | undefined;
  /** What the document says about the module. */
  readonly choice: ModuleChoice | undefined;
}

/** What a rule about an alert service looks at. */
export interface AlertCase {
  readonly question: AlertQuestion;
  readonly facts: ContentFacts;
  /** What the document in force says about the alert service. */
  readonly choice: AlertServiceChoice | undefined;
}

const suppressed = {
  reason: "suppressed",
  verdict: "withhold",
  says: "The user's e-mail address is suppressed, on whichever channel. Organisations have none.",
  speaks: ({ facts }: { readonly facts: ContentFacts }) => isSuppressed(facts.suppressions),
} as const;

/** Asked about an item of a module. */
export const moduleRules: readonly Rule<ModuleCase, ContentReason>[] = [
  {
    reason: "never-asked",
    verdict: "withhold",
    says: "No preferences are in force, or they do not mention the module.",
    speaks: ({ choice }) => choice === undefined,
  },
  {
    reason: "module-off",
    verdict: "withhold",
    says: "The module is `Off`, or the catalogue has retired it.",
    speaks: ({ question, choice }) => question.module.retired || choice?.preference === "Off",
  },
  {
    reason: "never",
    verdict: "withhold",
    says: "The frequency in force is `Never` or retired: the module's own if it is `Custom`, else the whole's.",
    speaks: (asked) => isNever(asked, frequencyOf(asked)),
  },
  {
    reason: "no-metadata-chosen",
    verdict: "withhold",
    says: "No label is chosen: of the module's own if it is `Custom`, else of the whole's.",
    speaks: (asked) => chosenNodes(asked).length === 0,
  },
  {
    reason: "metadata-mismatch",
    verdict: "withhold",
    says: "In a node of which labels are chosen, the item has none of them. Retired nodes and labels match nothing.",
    speaks: (asked) => !chosenNodes(asked).every((node) => matches(node, asked.question)),
  },
  suppressed,
  {
    reason: "matched",
    verdict: "send",
    says: "The module is `Include` or `Custom`, and in each node of which labels are chosen the item has one of them.",
    speaks: ({ choice }) => choice?.preference === "Include" || choice?.preference === "Custom",
  },
];

/** Asked about an alert. It has no frequency and no labels. */
export const alertRules: readonly Rule<AlertCase, ContentReason>[] = [
  {
    reason: "never-asked",
    verdict: "withhold",
    says: "No preferences are in force, or they do not mention the alert service.",
    speaks: ({ choice }) => choice === undefined,
  },
  {
    reason: "alert-off",
    verdict: "withhold",
    says: "The alert service is `Off`, or the catalogue has retired it.",
    speaks: ({ question, choice }) => question.alertService.retired || choice?.preference === "Off",
  },
  suppressed,
  {
    reason: "alert-on",
    verdict: "send",
    says: "The alert service is `On`.",
    speaks: ({ choice }) => choice?.preference === "On",
  },
];

/** The answer to a content question. Nothing in it is ever deferred: when to send is what the frequency says. */
export interface ContentDecision {
  readonly verdict: Exclude<Verdict, "defer">;
  readonly reason: ContentReason;
  /** With `matched` only: how often such items are sent. */
  readonly frequency?: string;
  /** The organisation whose preferences these are; absent when they are the subject's own. */
  readonly from?: Organisation;
  /** The position of the preferences that the answer rests on; absent when there are none. */
  readonly change?: number;
}

/** Whether an item or an alert goes to an organisation or a user, and how often. Pure, and never throws. */
export function decideContent(question: ContentQuestion, facts: ContentFacts): ContentDecision {
  const document = (facts.own ?? facts.inherited)?.document;
  if (question.about === "alert") {
    const choice = document?.alertServices.find(({ name }) => name === question.alertService.name);
    return decision(facts, firstToSpeak(alertRules, { question, facts, choice }));
  }
  const choice = document?.modules.find(({ name }) => name === question.module.name);
  const asked: ModuleCase = { question, facts, document, choice };
  const rule = firstToSpeak(moduleRules, asked);
  return decision(facts, rule, rule?.verdict === "send" ? frequencyOf(asked) : undefined);
}

function decision<Facts>(
  { own, inherited }: ContentFacts,
  rule: Rule<Facts, ContentReason> | undefined,
  frequency?: string,
): ContentDecision {
  const from = own === undefined ? inherited?.from : undefined;
  const change = (own ?? inherited)?.position;
  return {
    verdict: rule?.verdict === "send" ? "send" : "withhold",
    reason: rule?.reason ?? "never-asked",
    ...(frequency !== undefined && { frequency }),
    ...(from !== undefined && { from }),
    ...(change !== undefined && { change }),
  };
}

function frequencyOf({ document, choice }: ModuleCase): string | undefined {
  return choice?.preference === "Custom" ? choice.frequency : document?.frequency;
}

/** A frequency that the catalogue does not know is none at which anything is sent. */
function isNever({ facts }: ModuleCase, frequency: string | undefined): boolean {
  const word = frequency === undefined ? undefined : facts.words.frequencies.find(frequency);
  return word === undefined || word.retired || word.name === "Never";
}

/** A node that was kept without labels asks for nothing. */
function chosenNodes({ document, choice }: ModuleCase): readonly NodeChoice[] {
  const nodes = choice?.preference === "Custom" ? choice.nodes : document?.nodes;
  return (nodes ?? []).filter(({ labels }) => labels.length > 0);
}

/** One label in common is enough within a node. */
function matches({ node, labels }: NodeChoice, question: ModuleQuestion): boolean {
  const ofItem = question.labels.get(node);
  return ofItem !== undefined && labels.some((label) => ofItem.has(label));
}
