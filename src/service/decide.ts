import assert from "node:assert/strict";
import type { CatalogueWords } from "../domain/catalogue.ts";
import { type ContactDecision, decideContact } from "../domain/decide-contact.ts";
import { type ContentDecision, decideContent } from "../domain/decide-content.ts";
import type { Fault } from "../domain/fault.ts";
import { readInstant } from "../domain/instant.ts";
import {
  type AskedQuestion,
  aboutOf,
  checkQuestion,
  type Question,
  readContactSubject,
  readContentSubject,
} from "../domain/question.ts";
import { catalogueStream } from "../domain/stream.ts";
import { isCustomer, type Subject } from "../domain/subject.ts";
import type { CatalogueInForce } from "./catalogue.ts";
import { contactFacts, contentFacts, readFacts } from "./decision-facts.ts";
import { type Moment, type ReadNewest, readingNow, readingThen, readMoment } from "./moment.ts";
import { type Outcome, rejected } from "./outcome.ts";
import type { PastRecords, Records } from "./store.ts";

/** What decisions rest on. */
export interface Deciding {
  readonly records: Pick<Records, "newest">;
  /** Where what was known at an instant is read. */
  readonly past: PastRecords;
  readonly catalogue: CatalogueInForce;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** A question as it was sent, with of whom and for when it is asked. */
export interface AskedDecision extends AskedQuestion {
  readonly subject: string;
  /** RFC 3339; absent: now. */
  readonly at?: string;
}

/** The answer to a contact question, or to a content question, with of whom it was asked. */
export type Decision = { readonly subject: Subject } & (ContactDecision | ContentDecision);

/** For which instant it is asked, and how what counts for it is read. */
export interface AskedTime {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly read: ReadNewest;
  readonly faults: readonly Fault[];
}

/**
 * Reads for which instant a question is asked: for one that has passed, what was known then counts, the catalogue
 * included; for one to come, what is known now.
 *
 * @param sentAt RFC 3339; absent: now
 */
export function readAskedTime(deps: Deciding, sentAt: string | undefined): AskedTime {
  const now = deps.now();
  const time = sentAt === undefined ? { ms: now } : readInstant(sentAt);
  const faults = "fault" in time ? [timeFault(time.fault)] : [];
  const at = "fault" in time ? now : time.ms;
  const read = sentAt === undefined || at > now ? readingNow(deps.records) : readingThen(deps.past, at);
  return { at, read, faults };
}

/**
 * Answers one question, from facts of one moment. Whoever nothing is known of is answered as well.
 *
 * @returns the decision; `invalid` with every fault of what was asked
 */
export function decide(deps: Deciding, asked: AskedDecision): Promise<Outcome<Decision>> {
  return decideAt(deps, readAskedTime(deps, asked.at), asked);
}

/** The same, for an instant that was read before. */
export async function decideAt(
  deps: Pick<Deciding, "catalogue">,
  time: AskedTime,
  asked: Omit<AskedDecision, "at">,
): Promise<Outcome<Decision>> {
  const named = readNamed(asked.subject, asked);
  if ("fault" in named) return rejected("invalid", [named.fault, ...(await questionFaults(deps, time, asked))]);
  const { at, read, faults } = time;
  const facts = await readFacts(read, named.subject, asked.channel);
  const words = deps.catalogue.at(facts.change(catalogueStream));
  const checked = checkQuestion(asked, words);
  if ("faults" in checked) return rejected("invalid", [...checked.faults, ...faults]);
  if (faults.length > 0) return rejected("invalid", faults);
  return { value: answerTo(checked.question, named.subject, { facts, words, at }) };
}

/** Every fault of a question that is to be asked of many, apart from of whom. */
export async function questionFaults(
  deps: Pick<Deciding, "catalogue">,
  { read, faults }: AskedTime,
  sent: AskedQuestion,
): Promise<readonly Fault[]> {
  const moment = await readMoment(read, [catalogueStream], () => []);
  const checked = checkQuestion(sent, deps.catalogue.at(moment.change(catalogueStream)));
  return "faults" in checked ? [...checked.faults, ...faults] : faults;
}

/** What is wrong with the wish to have an answer's addresses with it, which a question about content has none of. */
export function addressFaults({
  addresses = false,
  ...asked
}: AskedQuestion & { readonly addresses?: boolean }): readonly Fault[] {
  if (!addresses || (aboutOf(asked) ?? "contact") === "contact") return [];
  return [{ problem: "value-invalid", path: ["addresses"], message: "goes with category and channel only" }];
}

interface Basis {
  readonly facts: Moment;
  readonly words: CatalogueWords;
  readonly at: number;
}

function answerTo(question: Question, subject: Subject, { facts, words, at }: Basis): Decision {
  if (question.about === "contact" && isCustomer(subject))
    return { subject, ...decideContact(question, contactFacts(facts, subject, words, at)) };
  assert(question.about !== "contact" && !isCustomer(subject), "a question is asked of the kind of subject it is for");
  return { subject, ...decideContent(question, contentFacts(facts, subject, words)) };
}

/** Of whom it is asked. Where nothing is, the text tells by itself of what kind that would be. */
export function readNamed(
  text: string,
  asked: AskedQuestion,
): { readonly subject: Subject } | { readonly fault: Fault } {
  const about = aboutOf(asked) ?? (text.startsWith("customer:") ? "contact" : "module");
  return about === "contact" ? readContactSubject(text) : readContentSubject(text);
}

function timeFault(message: string): Fault {
  return { problem: "value-invalid", path: ["at"], message };
}
