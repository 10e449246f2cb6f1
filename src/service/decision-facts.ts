import { normalForm } from "../domain/address.ts";
import type { CatalogueWords } from "../domain/catalogue.ts";
import type { CustomerPreferences } from "../domain/customer-preferences.ts";
import type { ContactFacts } from "../domain/decide-contact.ts";
import type { ContentFacts } from "../domain/decide-content.ts";
import type { UserEntry } from "../domain/directory.ts";
import {
  catalogueStream,
  entryOf,
  markingStream,
  preferencesOf,
  type Stream,
  suppressionsOf,
} from "../domain/stream.ts";
import {
  type Customer,
  isCustomer,
  isUser,
  type Organisation,
  organisation,
  type Subject,
  type User,
} from "../domain/subject.ts";
import type { AddressSuppressions, MarkKey } from "../domain/suppression.ts";
import { markOf } from "./mark.ts";
import { type Moment, type ReadNewest, readMoment } from "./moment.ts";

/**
 * Reads all that the answer to a question about a subject can rest on, as of one moment: the catalogue too.
 *
 * @param channel the channel that is asked about, where one is
 */
export function readFacts(read: ReadNewest, subject: Subject, channel: string | undefined): Promise<Moment> {
  const shared = [preferencesOf(subject), catalogueStream, markingStream];
  if (isCustomer(subject)) return readMoment(read, shared, (known) => stopsOfCustomer(known, subject, channel));
  if (!isUser(subject)) return readMoment(read, shared, () => []);
  return readMoment(read, [...shared, entryOf(subject)], (known) => followingUser(known, subject));
}

/** The facts for a contact question. */
export function contactFacts(facts: Moment, subject: Customer, words: CatalogueWords, at: number): ContactFacts {
  const preferences = facts.change(preferencesOf(subject));
  const suppressionsIn = (normal: string) =>
    preferences && stopped(facts, stopsOf(facts, preferences.document, normal));
  return { words, preferences, suppressionsOf: suppressionsIn, at };
}

/** The facts for a content question: a user without preferences has its organisation's, as a whole. */
export function contentFacts(facts: Moment, subject: Organisation | User, words: CatalogueWords): ContentFacts {
  const own = facts.change(preferencesOf(subject));
  if (!isUser(subject)) return { words, own };
  const entry = facts.change(entryOf(subject))?.document;
  const suppressions = entry && stopped(facts, stopsOfUser(facts, entry));
  const from = own === undefined ? employerOf(entry) : undefined;
  const inherited = from && facts.change(preferencesOf(from));
  if (from === undefined || inherited === undefined) return { words, own, suppressions };
  return { words, own, inherited: { ...inherited, from }, suppressions };
}

function stopped(facts: Moment, stream: Stream<AddressSuppressions> | undefined): AddressSuppressions | undefined {
  return stream && facts.change(stream)?.document;
}

/** What may stop the addresses that the customer has on a channel, whatever they were chosen for. */
function stopsOfCustomer(known: Moment, subject: Customer, channel: string | undefined): readonly Stream[] {
  const document = known.change(preferencesOf(subject))?.document;
  const { selections = [] } = document ?? {};
  const onChannel = selections.filter((selection) => selection.channel === channel);
  return onChannel.flatMap(({ normal }) => (document && stopsOf(known, document, normal)) ?? []);
}

function followingUser(known: Moment, subject: User): readonly Stream[] {
  const entry = known.change(entryOf(subject))?.document;
  const stopped = entry && stopsOfUser(known, entry);
  const employer = known.change(preferencesOf(subject)) === undefined ? employerOf(entry) : undefined;
  return [...(stopped === undefined ? [] : [stopped]), ...(employer === undefined ? [] : [preferencesOf(employer)])];
}

function stopsOfUser(known: Moment, entry: UserEntry): Stream<AddressSuppressions> | undefined {
  const normal = entry.email === undefined ? undefined : normalForm("email", entry.email);
  return normal === undefined ? undefined : stopsOf(known, entry, normal);
}

function employerOf(entry: UserEntry | undefined): Organisation | undefined {
  return entry?.organisation === undefined ? undefined : organisation(entry.organisation);
}

/** Where what stops the addresses of one document is found, by the address. */
interface Stops {
  /** That of the marks. */
  readonly key: string;
  readonly streams: Map<string, Stream<AddressSuppressions>>;
}

/** To mark an address is dear: what was made is kept with the document that has it, for as long as that is remembered. */
const stopsKept = new WeakMap<CustomerPreferences | UserEntry, Stops>();

/** Where what stops an address of a document is found; undefined where no address was ever stopped. */
function stopsOf(
  known: Moment,
  document: CustomerPreferences | UserEntry,
  normal: string,
): Stream<AddressSuppressions> | undefined {
  const marking = known.change(markingStream)?.document;
  if (marking === undefined) return undefined;
  const { streams } = stopsWith(document, marking);
  const kept = streams.get(normal);
  if (kept !== undefined) return kept;
  const stream = suppressionsOf(markOf(marking, normal));
  streams.set(normal, stream);
  return stream;
}

function stopsWith(document: CustomerPreferences | UserEntry, { key }: MarkKey): Stops {
  const kept = stopsKept.get(document);
  if (kept?.key === key) return kept;
  const stops: Stops = { key, streams: new Map() };
  stopsKept.set(document, stops);
  return stops;
}
