import assert from "node:assert/strict";
import { normalForm } from "../domain/address.ts";
import type { CatalogueWords } from "../domain/catalogue.ts";
import type { Change } from "../domain/change.ts";
import type { CustomerPreferences } from "../domain/customer-preferences.ts";
import type { OrganisationEntry, UserEntry } from "../domain/directory.ts";
import { type EmailPreferences, nothingChosen } from "../domain/email-preferences.ts";
import type { Question } from "../domain/question.ts";
import { entryNameOf, markIn, markingStream, type Stream } from "../domain/stream.ts";
import { type Customer, organisation, readSubject, type Subject, user } from "../domain/subject.ts";
import { type AddressSuppressions, isSuppressed, type MarkKey } from "../domain/suppression.ts";
import type { Asking } from "../service/decision-index.ts";
import { idOfKey, kindOfKey } from "../domain/subject-key.ts";
import { codeKinds } from "../service/change-code.ts";
import { Addresses, type MarkWords } from "./addresses/addresses.ts";
import { AskingMany } from "./asking.ts";
import type { CodeNames } from "./codes/code-names.ts";
import type { CodedPageReader } from "./codes/coded-page.ts";
import { type CodedEntry, emailPreferencesIn, entryIn } from "./codes/content-code.ts";
import { CustomerCode } from "./codes/customer-code.ts";
import { ContactIndex } from "./contact/contact-index.ts";
import { ContentIndex, type ContentSubject } from "./content/content-index.ts";
import { SubjectTable } from "./subjects/subject-table.ts";

/** The last place that there is room for: a later one would be taken for another's. */
const placesMax = 2 ** 31 - 3;

export interface ImageOptions {
  /** The catalogue whose questions are to be answered. */
  readonly words: CatalogueWords;
  /** By what addresses are marked; undefined as long as none was ever stopped. */
  readonly marking: MarkKey | undefined;
  /** By which codes are read; absent: none are. */
  readonly names?: CodeNames | undefined;
}

/**
 * All that questions about many rest on, in memory: what subjects have chosen, by the places of the subjects. It holds no
 * address and no name but the subjects' own. Everything is synchronous.
 */
export class Image {
  readonly #table = new SubjectTable();
  readonly #addresses: Addresses | undefined;
  readonly #contacts: ContactIndex;
  readonly #content = new ContentIndex();
  /** By which codes are read; undefined where they do not say all that is kept. */
  readonly #names: CodeNames | undefined;
  /** An address was stopped, and nobody knows whose it is: they were put without marks. */
  #isBlind = false;

  constructor({ words, marking, names }: ImageOptions) {
    this.#addresses = marking && new Addresses(marking);
    this.#contacts = new ContactIndex(words, (place, normals) => this.#addresses?.put(place, normals) ?? []);
    this.#names = marking !== undefined && this.#contacts.takesCodes ? names : undefined;
  }

  /** Whether it can be made of codes. */
  get takesCodes(): boolean {
    return this.#names !== undefined;
  }

  /** How many subjects are in it. */
  get size(): number {
    return this.#table.size;
  }

  /** How many subjects are in it, and how many bytes of memory it takes, roughly. */
  get figures(): { readonly subjects: number; readonly bytes: number } {
    const parts = [this.#table, this.#contacts, this.#content, this.#addresses];
    return { subjects: this.size, bytes: parts.reduce((sum, part) => sum + (part?.bytes ?? 0), 0) };
  }

  /** Where a subject stands in the order in which subjects first came; undefined when nothing is held of it. */
  placeOf(subject: Subject): number | undefined {
    return this.#table.placeOf(subject);
  }

  /**
   * Takes in the newest change of a stream. To take the same one in again changes nothing.
   *
   * @param place that of the stream; its subject keeps the first of its streams
   * @returns who may have an address that was stopped just now, or is not stopped any more: what they have chosen must be
   * put again before anything is asked
   */
  put(place: number, { stream, document }: Change): readonly Subject[] {
    assert(place >= 0 && place <= placesMax, `there is no room for place ${place}`);
    if (stream === markingStream) this.#isBlind ||= this.#addresses === undefined;
    if (isOfSuppressions(stream)) return this.#putStops(stream, document as AddressSuppressions);
    const entry = entryNameOf(stream);
    if (entry !== undefined) this.#putEntry(place, entry, document as UserEntry | OrganisationEntry);
    else this.#putPreferences(place, stream, document);
    return [];
  }

  /**
   * As `put`, of a code that is whole. It takes in what subjects have chosen, and entries, and nothing else.
   *
   * @returns false when a name in it is not known: then the change itself must be put
   */
  putCoded(code: CodedPageReader): boolean {
    const { bytes, place, name, said, end } = code;
    assert(place >= 0 && place <= placesMax, `there is no room for place ${place}`);
    if (this.#names === undefined) return false;
    if (said === end) return true;
    const [a, b, c] = [bytes.getInt32(name, true), bytes.getInt32(name + 4, true), bytes.getInt32(name + 8, true)];
    const there = this.#table.addKey(a, b, c, place);
    const kind = kindOfKey(c);
    if (kind === undefined) return false;
    if (kind === "customer") {
      const customer = new CustomerCode(bytes, said);
      return this.#contacts.putCoded(there, customer, this.#names, this.#stopsOf(there, customer.marks));
    }
    const subject = { kind, id: idOfKey(a, b) };
    if (bytes.getUint8(said) === codeKinds.entry) {
      this.#putCodedEntry(there, subject, entryIn(bytes, said + 1));
      return true;
    }
    const document = emailPreferencesIn(bytes, said + 1, this.#names);
    if (document !== undefined) this.#content.putPreferences(there, subject, document);
    return document !== undefined;
  }

  /** To be gone through once, when all that there was is in it; nothing may be put between two pieces. */
  *finish(): Generator<undefined, void> {
    yield* this.#table.finish();
    if (this.#addresses !== undefined) yield* this.#addresses.finish();
  }

  /** Forgets the subjects at some places; places of streams that gave no subject its place are passed over. */
  drop(places: readonly number[]): void {
    for (const place of places) {
      const kind = this.#table.kindAt(place);
      if (kind === "customer") this.#contacts.drop(place);
      else if (kind !== undefined) this.#content.drop(place);
      if (kind === "user") this.#addresses?.put(place, []);
      this.#table.remove(place);
    }
  }

  /** Whether it keeps all that questions under a catalogue need. */
  covers(words: CatalogueWords): boolean {
    return !this.#isBlind && this.#contacts.covers(words);
  }

  /**
   * Makes a question ready to be asked of many.
   *
   * @param words the catalogue that the question was held against
   * @param at milliseconds since 1970
   * @returns undefined when something is not kept that the question needs
   */
  asking(question: Question, words: CatalogueWords, at: number): Asking | undefined {
    if (this.#isBlind) return undefined;
    const isContact = question.about === "contact";
    const ready = isContact ? this.#contacts.ready(question, words, at) : this.#content.ready(question, words);
    return ready && new AskingMany(this.#table, ready);
  }

  #putCodedEntry(place: number, subject: ContentSubject, { marks, ...entry }: CodedEntry): void {
    this.#content.putEntry(place, subject, entry);
    if (subject.kind === "user") this.#content.setStopped(place, isSuppressed(this.#stopsOf(place, marks)[0]));
  }

  #stopsOf(place: number, marks: readonly MarkWords[]): readonly (AddressSuppressions | undefined)[] {
    return this.#addresses?.putMarked(place, marks) ?? [];
  }

  #putStops(stream: Stream<AddressSuppressions>, document: AddressSuppressions): readonly Subject[] {
    if (this.#addresses === undefined) {
      this.#isBlind = true;
      return [];
    }
    const places = this.#addresses.putStops(markIn(stream), document);
    return places.flatMap((place) => this.#table.subjectAt(place) ?? []);
  }

  #putEntry(place: number, subject: ContentSubject, entry: UserEntry | OrganisationEntry): void {
    const isUser = subject.kind === "user";
    const there = this.#table.add(isUser ? user(subject.id) : organisation(subject.id), place);
    this.#content.putEntry(there, subject, entry);
    if (!isUser) return;
    const normal = "email" in entry && entry.email !== undefined ? normalForm("email", entry.email) : undefined;
    const [stops] = this.#addresses?.put(there, normal === undefined ? [] : [normal]) ?? [];
    this.#content.setStopped(there, isSuppressed(stops));
  }

  #putPreferences(place: number, stream: Stream, document: unknown): void {
    // One document that holds something else must not keep all others from being asked about: it holds no choice.
    if (isOfCustomer(stream)) {
      const chosen = { selections: [], ...(document as Partial<CustomerPreferences>) };
      this.#contacts.put(this.#table.add(stream, place), chosen);
      return;
    }
    const subject = readSubject(stream);
    if (subject === undefined) return;
    const there = this.#table.add(subject, place);
    const kind = subject.startsWith("user:") ? "user" : "organisation";
    const id = Number(subject.slice(kind.length + 1));
    this.#content.putPreferences(there, { kind, id }, { ...nothingChosen, ...(document as Partial<EmailPreferences>) });
  }
}

function isOfSuppressions(stream: Stream): stream is Stream<AddressSuppressions> {
  return stream.startsWith("suppressions/");
}

function isOfCustomer(stream: Stream): stream is Stream<CustomerPreferences> & Customer {
  return stream.startsWith("customer:");
}
