import { normalForm } from "../domain/address.ts";
import type { CatalogueWords } from "../domain/catalogue.ts";
import type { ContactFacts } from "../domain/decide-contact.ts";
import type { ContentFacts } from "../domain/decide-content.ts";
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
import type { AddressSuppressions } from "../domain/suppression.ts";
import { markOf } from "./mark.ts";
import { type Moment, type ReadNewest, readMoment } from "./moment.ts";

/**
 * All that the answer to a question about a subject can rest on, as of one moment: the catalogue too.
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
export function contactFacts(moment: Moment, subject: Customer, words: CatalogueWords, at: number): ContactFacts {
  const preferences = moment.change(preferencesOf(subject));
  return { words, preferences, suppressionsOf: (normal) => stopsIn(moment, normal), at };
}

/** The facts for a content question: a user without preferences has its organisation's, as a whole. */
export function contentFacts(moment: Moment, subject: Organisation | User, words: CatalogueWords): ContentFacts {
  const own = moment.change(preferencesOf(subject));
  if (!isUser(subject)) return { words, own };
  const normal = emailOf(moment, subject);
  const suppressions = normal === undefined ? undefined : stopsIn(moment, normal);
  const from = own === undefined ? employerOf(moment, subject) : undefined;
  const inherited = from && moment.change(preferencesOf(from));
  if (from === undefined || inherited === undefined) return { words, own, suppressions };
  return { words, own, inherited: { ...inherited, from }, suppressions };
}

/** What may stop the addresses that the customer has on a channel, whatever they were chosen for. */
function stopsOfCustomer(known: Moment, subject: Customer, channel: string | undefined): readonly Stream[] {
  const { selections = [] } = known.change(preferencesOf(subject))?.document ?? {};
  const onChannel = selections.filter((selection) => selection.channel === channel);
  return onChannel.flatMap(({ normal }) => stopsOf(known, normal) ?? []);
}

function followingUser(known: Moment, subject: User): readonly Stream[] {
  const normal = emailOf(known, subject);
  const stops = normal === undefined ? undefined : stopsOf(known, normal);
  const employer = known.change(preferencesOf(subject)) === undefined ? employerOf(known, subject) : undefined;
  return [...(stops === undefined ? [] : [stops]), ...(employer === undefined ? [] : [preferencesOf(employer)])];
}

/** Undefined where no address was ever stopped. */
function stopsOf(known: Moment, normal: string): Stream<AddressSuppressions> | undefined {
  const key = known.change(markingStream)?.document;
  return key && suppressionsOf(markOf(key, normal));
}

function stopsIn(moment: Moment, normal: string): AddressSuppressions | undefined {
  const stops = stopsOf(moment, normal);
  return stops && moment.change(stops)?.document;
}

function emailOf(moment: Moment, subject: User): string | undefined {
  const email = moment.change(entryOf(subject))?.document.email;
  return email === undefined ? undefined : normalForm("email", email);
}

function employerOf(moment: Moment, subject: User): Organisation | undefined {
  const id = moment.change(entryOf(subject))?.document.organisation;
  return id === undefined ? undefined : organisation(id);
}
