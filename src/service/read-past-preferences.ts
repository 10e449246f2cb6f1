import type { Catalogue } from "../domain/catalogue.ts";
import type { Change } from "../domain/change.ts";
import { everyChoice, type SlotChoice, slotKey } from "../domain/choices.ts";
import type { CustomerPreferences, Selection } from "../domain/customer-preferences.ts";
import type { UserEntry } from "../domain/directory.ts";
import type { EmailPreferences } from "../domain/email-preferences.ts";
import { catalogueStream, entryOf, preferencesOf } from "../domain/stream.ts";
import { type Customer, type Organisation, organisation, type User } from "../domain/subject.ts";
import type { Organisations } from "./organisations.ts";
import { type Outcome, rejected } from "./outcome.ts";
import type { PastRecords } from "./store.ts";

/** What a customer has, or had, chosen: every slot of the catalogue of that time. */
export interface CustomerChoices {
  readonly subject: Customer;
  /** `none` when nothing was ever recorded. */
  readonly from: "none" | "own";
  /** The position of the change that it rests on; absent when there is none. */
  readonly change?: number;
  /** Empty before there was a catalogue. */
  readonly choices: readonly TracedChoice[];
}

/** A slot's choice, with the position of the change that gave the slot this choice and address. */
export type TracedChoice = SlotChoice & { readonly change?: number };

/** What counts, or counted, for an organisation or a user. */
export interface EmailPreferencesInForce {
  readonly subject: Organisation | User;
  /** Whose the document is: its own, that of the user's organisation, or nobody's. */
  readonly from: Organisation | "none" | "own";
  readonly change?: number;
  /** Absent when nothing was ever chosen. */
  readonly preferences?: EmailPreferences;
}

/** Later than every change that there is. */
const now = Number.MAX_SAFE_INTEGER;

/** Changes read at once while the beginnings of choices are looked for. */
const changesRead = 50;

/**
 * What a customer has chosen, or had chosen at an instant, with where each choice came from. One who is not known was
 * never asked anything.
 *
 * @param at milliseconds since 1970; absent, or after the log's last change: as of now
 */
export async function readCustomerChoices(records: PastRecords, subject: Customer, at = now): Promise<CustomerChoices> {
  // The log as it stood then is read by its length, so that every look at it sees the same.
  const count = await records.countUntil(at);
  const [newest, catalogue] = await records.newestAmong(count, [preferencesOf(subject), catalogueStream]);
  if (newest === undefined) return { subject, from: "none", choices: everyChoice(catalogue?.document, undefined) };
  const origins = await originsOf(records, newest);
  // Erased while it was read: there is nothing of it any more.
  if (origins === undefined) return readCustomerChoices(records, subject, at);
  return { subject, from: "own", change: newest.position, choices: traced(newest, catalogue?.document, origins) };
}

/**
 * The document that counts for an organisation or a user, or counted at an instant; for a user without one of its own
 * that of the organisation that it then had.
 *
 * @param at milliseconds since 1970; absent, or after the log's last change: as of now
 * @returns `subject-unknown` where only registered subjects are served and this one is, or was, not
 */
export async function readPreferencesInForce(
  { records, subjects }: { readonly records: PastRecords; readonly subjects: Organisations["subjects"] },
  subject: Organisation | User,
  at = now,
): Promise<Outcome<EmailPreferencesInForce>> {
  const count = await records.countUntil(at);
  const [own, entry] = await records.newestAmong(count, [preferencesOf(subject), entryOf(subject as User)]);
  if (entry === undefined && subjects === "registered") return rejected("subject-unknown");
  if (own !== undefined) return { value: inForce(subject, "own", own) };
  const { organisation: employer }: Partial<UserEntry> = entry?.document ?? {};
  if (employer === undefined) return { value: { subject, from: "none" } };
  const [inherited] = await records.newestAmong(count, [preferencesOf(organisation(employer))]);
  return { value: inForce(subject, organisation(employer), inherited) };
}

function inForce(
  subject: EmailPreferencesInForce["subject"],
  from: EmailPreferencesInForce["from"],
  change: Change<EmailPreferences> | undefined,
): EmailPreferencesInForce {
  if (change === undefined) return { subject, from: "none" };
  return { subject, from, change: change.position, preferences: change.document };
}

function traced(
  newest: Change<CustomerPreferences>,
  catalogue: Catalogue | undefined,
  origins: ReadonlyMap<string, number>,
): TracedChoice[] {
  return everyChoice(catalogue, newest.document).map((choice) => {
    if (choice.state === "never-asked") return choice;
    return { ...choice, change: origins.get(slotKey(choice)) ?? newest.position };
  });
}

/**
 * The positions of the changes that gave each slot the choice and the address that it has in a document: as far back
 * as it had the same without a break. Undefined when the changes were erased meanwhile.
 */
async function originsOf(
  records: PastRecords,
  newest: Change<CustomerPreferences>,
): Promise<ReadonlyMap<string, number> | undefined> {
  const { selections } = newest.document;
  const origins = new Map(selections.map((selection) => [slotKey(selection), newest.position]));
  // Those that may be older still: most are found soon, and a few have to be followed far.
  let followed = selections;
  let next = newest.previous;
  while (followed.length > 0 && next !== undefined) {
    const changes = await records.history(newest.stream, changesRead, next);
    if (changes === undefined) return undefined;
    for (const { position, document } of changes) {
      followed = followed.filter((selection) => document.selections.some((then) => saysTheSame(then, selection)));
      for (const selection of followed) origins.set(slotKey(selection), position);
    }
    next = changes.at(-1)?.previous;
  }
  return origins;
}

function saysTheSame(one: Selection, other: Selection): boolean {
  const isSame = one.value === other.value && one.choice === other.choice;
  return isSame && one.category === other.category && one.channel === other.channel && one.type === other.type;
}
