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

/** All that the answer to a question about a subject can rest on, as of one moment: the catalogue too. */
export interface ReadFacts {
  readonly moment: Moment;
  readonly stops: Stops;
}

/** Reads them. @param channel the channel that is asked about, where one is */
export async function readFacts(read: ReadNewest, subject: Subject, channel: string | undefined): Promise<ReadFacts> {
  const stops = new Stops();
  const shared = [preferencesOf(subject), catalogueStream, markingStream];
  const moment = await (isCustomer(subject)
    ? readMoment(read, shared, (known) => stopsOfCustomer({ moment: known, stops }, subject, channel))
    : isUser(subject)
      ? readMoment(read, [...shared, entryOf(subject)], (known) => followingUser({ moment: known, stops }, subject))
      : readMoment(read, shared, () => []));
  return { moment, stops };
}

/** The facts for a contact question. */
export function contactFacts(facts: ReadFacts, subject: Customer, words: CatalogueWords, at: number): ContactFacts {
  const preferences = facts.moment.change(preferencesOf(subject));
  return { words, preferences, suppressionsOf: (normal) => stopsIn(facts, normal), at };
}

/** The facts for a content question: a user without preferences has its organisation's, as a whole. */
export function contentFacts(facts: ReadFacts, subject: Organisation | User, words: CatalogueWords): ContentFacts {
  const { moment } = facts;
  const own = moment.change(preferencesOf(subject));
  if (!isUser(subject)) return { words, own };
  const normal = emailOf(moment, subject);
  const suppressions = normal === undefined ? undefined : stopsIn(facts, normal);
  const from = own === undefined ? employerOf(moment, subject) : undefined;
  const inherited = from && moment.change(preferencesOf(from));
  if (from === undefined || inherited === undefined) return { words, own, suppressions };
  return { words, own, inherited: { ...inherited, from }, suppressions };
}

/** What may stop the addresses that the customer has on a channel, whatever they were chosen for. */
function stopsOfCustomer(
  { moment, stops }: ReadFacts,
  subject: Customer,
  channel: string | undefined,
): readonly Stream[] {
  const { selections = [] } = moment.change(preferencesOf(subject))?.document ?? {};
  const onChannel = selections.filter((selection) => selection.channel === channel);
  return onChannel.flatMap(({ normal }) => stops.of(moment, normal) ?? []);
}

function followingUser({ moment, stops }: ReadFacts, subject: User): readonly Stream[] {
  const normal = emailOf(moment, subject);
  const stopped = normal === undefined ? undefined : stops.of(moment, normal);
  const employer = moment.change(preferencesOf(subject)) === undefined ? employerOf(moment, subject) : undefined;
  return [...(stopped === undefined ? [] : [stopped]), ...(employer === undefined ? [] : [preferencesOf(employer)])];
}

function stopsIn({ moment, stops }: ReadFacts, normal: string): AddressSuppressions | undefined {
  const stream = stops.of(moment, normal);
  return stream && moment.change(stream)?.document;
}

/** Where what stops an address is found. To mark one is dear: selections share addresses, and each is asked for again. */
class Stops {
  #key: string | undefined;
  readonly #streams = new Map<string, Stream<AddressSuppressions>>();

  /** Undefined where no address was ever stopped. */
  of(known: Moment, normal: string): Stream<AddressSuppressions> | undefined {
    const marking = known.change(markingStream)?.document;
    if (marking === undefined) return undefined;
    if (marking.key !== this.#key) this.#streams.clear();
    this.#key = marking.key;
    const kept = this.#streams.get(normal);
    if (kept !== undefined) return kept;
    const stream = suppressionsOf(markOf(marking, normal));
    this.#streams.set(normal, stream);
    return stream;
  }
}

function emailOf(moment: Moment, subject: User): string | undefined {
  const email = moment.change(entryOf(subject))?.document.email;
  return email === undefined ? undefined : normalForm("email", email);
}

function employerOf(moment: Moment, subject: User): Organisation | undefined {
  const id = moment.change(entryOf(subject))?.document.organisation;
  return id === undefined ? undefined : organisation(id);
}
