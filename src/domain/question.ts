import type { CatalogueWords, Category, Channel, Placed, Word } from "./catalogue.ts";
import type { Fault, Path } from "./fault.ts";
import type { ProblemName } from "./problem.ts";
import { listed, notOneOf, quoted } from "./sentence.ts";
import { type Customer, isCustomer, type Organisation, readSubject, type User } from "./subject.ts";
import { isTimeZone } from "./time-zone.ts";

/** "May this be sent to a customer?": a category and a channel of the catalogue. */
export interface ContactQuestion {
  readonly about: "contact";
  readonly category: Placed<Category>;
  readonly channel: Placed<Channel>;
  /** The IANA zone in which the customer is, where the sender knows it. */
  readonly timeZone?: string;
}

/** "Does this item go to an organisation or a user?": a module and what the item is labelled with. */
export interface ModuleQuestion {
  readonly about: "module";
  readonly module: Word;
  /** By node, the labels of the item that are not retired. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

/** "Does this alert go to an organisation or a user?" */
export interface AlertQuestion {
  readonly about: "alert";
  readonly alertService: Word;
}

export type ContentQuestion = ModuleQuestion | AlertQuestion;
/** What is asked, apart from of whom and for when: audiences and batches ask the same of many. */
export type Question = ContactQuestion | ContentQuestion;

/** A question as it was sent, names not yet looked up. What it is about shows in which members it has. */
export interface AskedQuestion {
  readonly category?: string;
  readonly channel?: string;
  readonly timeZone?: string;
  readonly module?: string;
  /** By node, the labels of an item. */
  readonly metadata?: Readonly<Record<string, readonly string[]>>;
  readonly alertService?: string;
}

type Member = keyof AskedQuestion;

/** What each question is made of: the members that show that it is asked, all of them mandatory, and the others. */
const parts: Readonly<
  Record<Question["about"], { readonly must: readonly Member[]; readonly may: readonly Member[] }>
> = {
  contact: { must: ["category", "channel"], may: ["timeZone"] },
  module: { must: ["module", "metadata"], may: [] },
  alert: { must: ["alertService"], may: [] },
};

const kinds = ["contact", "module", "alert"] as const;
const members = kinds.flatMap((about) => [...parts[about].must, ...parts[about].may]);

/** What a question is about, however wrong it may be otherwise; undefined when it asks nothing. */
export function aboutOf(asked: AskedQuestion): Question["about"] | undefined {
  return kinds.find((about) => parts[about].must.some((member) => asked[member] !== undefined));
}

/**
 * Holds a question against a catalogue: the one of the instant for which it is asked. A retired name is known, and is
 * answered. Customers' names count letter for letter, the others in any letter case.
 *
 * @returns the question with the catalogue's entries, or every fault of it
 */
export function checkQuestion(
  asked: AskedQuestion,
  words: CatalogueWords,
): { readonly question: Question } | { readonly faults: readonly Fault[] } {
  const check: Checking = { words, faults: [] };
  const about = aboutOf(asked);
  if (about === undefined) {
    const message = 'must ask about "category" and "channel", about "module" and "metadata", or about "alertService"';
    report(check, "member-missing", [], message);
    return { faults: check.faults };
  }
  checkMembers(check, asked, about);
  const question = readers[about](check, asked);
  return question === undefined || check.faults.length > 0 ? { faults: check.faults } : { question };
}

/** The customer of whom a contact question is asked, or why the text names none. */
export function readContactSubject(text: string): { readonly subject: Customer } | { readonly fault: Fault } {
  const subject = readSubject(text);
  if (subject !== undefined && isCustomer(subject)) return { subject };
  const whose = "categories and channels are customers'";
  return wrongSubject(`must be a customer with 1 to 20 digits, such as customer:123456789; ${whose}`);
}

/** The organisation or user of whom a content question is asked, or why the text names none. */
export function readContentSubject(
  text: string,
): { readonly subject: Organisation | User } | { readonly fault: Fault } {
  const subject = readSubject(text);
  if (subject !== undefined && !isCustomer(subject)) return { subject };
  const whose = "modules and alert services are theirs";
  return wrongSubject(
    `must be an organisation or a user with 1 to 15 digits, such as organisation:3 or user:5; ${whose}`,
  );
}

function wrongSubject(message: string): { readonly fault: Fault } {
  return { fault: { problem: "value-invalid", path: ["subject"], message } };
}

interface Checking {
  readonly words: CatalogueWords;
  readonly faults: Fault[];
}

const readers = { contact: readContact, module: readModule, alert: readAlert } as const;

function checkMembers(check: Checking, asked: AskedQuestion, about: Question["about"]): void {
  const { must, may } = parts[about];
  const known = [...must, ...may];
  for (const member of members) {
    const isThere = asked[member] !== undefined;
    if (isThere && !known.includes(member)) {
      report(check, "member-unknown", [member], `does not go with ${listed(must)}; ask one question at a time`);
    } else if (!isThere && must.includes(member)) {
      report(check, "member-missing", [member], `is missing; the question is about ${listed(must)}`);
    }
  }
}

function readContact(check: Checking, asked: AskedQuestion): ContactQuestion | undefined {
  const { categories, channels } = check.words;
  const category = categories.get(asked.category ?? "");
  if (category === undefined && asked.category !== undefined) {
    const message = notOneOf(asked.category, "category", categories.values());
    report(check, "category-unknown", ["category"], message);
  }
  const channel = channels.get(asked.channel ?? "");
  if (channel === undefined && asked.channel !== undefined) {
    report(check, "channel-unknown", ["channel"], notOneOf(asked.channel, "channel", channels.values()));
  }
  const { timeZone } = asked;
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    report(check, "value-invalid", ["timeZone"], "must be an IANA time zone, such as Europe/Dublin");
  }
  if (category === undefined || channel === undefined) return undefined;
  return { about: "contact", category, channel, ...(timeZone !== undefined && { timeZone }) };
}

function readModule(check: Checking, asked: AskedQuestion): ModuleQuestion | undefined {
  const { modules } = check.words;
  const module = modules.find(asked.module ?? "");
  if (module === undefined && asked.module !== undefined) {
    report(check, "module-unknown", ["module"], notOneOf(asked.module, "module", modules.entries));
  }
  const labels = readMetadata(check, asked.metadata ?? {});
  return module && { about: "module", module, labels };
}

function readAlert(check: Checking, { alertService = "" }: AskedQuestion): AlertQuestion | undefined {
  const { alertServices } = check.words;
  const service = alertServices.find(alertService);
  if (service !== undefined) return { about: "alert", alertService: service };
  const message = notOneOf(alertService, "alert service", alertServices.entries);
  report(check, "alert-service-unknown", ["alertService"], message);
  return undefined;
}

/** What is retired is looked up like the rest and then left out: nothing is sent under it. */
function readMetadata(
  check: Checking,
  metadata: NonNullable<AskedQuestion["metadata"]>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Map<string, Set<string>>();
  for (const [sentNode, sentLabels] of Object.entries(metadata)) {
    const path = ["metadata", sentNode];
    const node = check.words.nodes.find(sentNode);
    if (node === undefined) {
      const message = notOneOf(sentNode, "metadata node", check.words.nodes.entries);
      report(check, "metadata-unknown", path, message);
      continue;
    }
    if (labels.has(node.name)) report(check, "name-repeated", path, `${listed([node.name])} stands there twice`);
    const found = sentLabels.map((sent, index) => {
      const label = node.labels.find(sent);
      const message = `${quoted(sent)}is no label of the metadata node ${listed([node.name])}`;
      if (label === undefined) report(check, "metadata-unknown", [...path, index], message);
      return label;
    });
    const live = found.filter((label) => label !== undefined && !label.retired && !node.retired);
    labels.set(node.name, new Set(live.map((label) => label?.name ?? "")));
  }
  return labels;
}

function report(check: Checking, problem: ProblemName, path: Path, message: string): void {
  check.faults.push({ problem, path, message });
}
