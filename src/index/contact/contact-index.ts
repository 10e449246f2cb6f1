import type { CatalogueWords, Category } from "../../domain/catalogue.ts";
import type { CustomerPreferences, Selection } from "../../domain/customer-preferences.ts";
import type { ContactQuestion } from "../../domain/question.ts";
import { type AddressSuppressions, isSuppressed } from "../../domain/suppression.ts";
import type { SlotNames } from "../../domain/choices.ts";
import type { CodeNames } from "../codes/code-names.ts";
import type { CustomerCode } from "../codes/customer-code.ts";
import { ContactCell } from "./cell.ts";
import { ContactJudge } from "./judge.ts";
import { ContactNeeds } from "./needs.ts";
import { entryCodeOf } from "./pattern.ts";
import { ContactReady } from "./contact-ready.ts";
import { ContactTimes } from "./times.ts";
import { CountryLists } from "./country-lists.ts";
import { JudgedPatterns } from "./judged-patterns.ts";
import type { Ready } from "../ready.ts";

/** Tells what stops each of some addresses of a place; they are in their normal form, each there once. */
export type LookUpStops = (place: number, normals: readonly string[]) => readonly (AddressSuppressions | undefined)[];

/** Where the selections of one category, channel and type go. */
interface Slot {
  readonly category: string;
  readonly channel: string;
  readonly type: string;
  /** The type's number. */
  readonly number: number;
  readonly cell: ContactCell;
  readonly reach: ContactCell | undefined;
}

/** What is known of a customer's addresses, each there once, while its document is taken in. */
interface Known {
  readonly place: number;
  readonly normals: readonly string[];
  readonly stops: readonly (AddressSuppressions | undefined)[];
  /** The numbers of lists of countries, as far as they were asked for: to find them is slow. */
  readonly countries: number[];
}

/** What was asked about one category and channel. */
interface AskedLast {
  readonly words: CatalogueWords;
  /** By whether it was quiet hours: those who ask by turns for instants of either kind find what was judged for them. */
  readonly judged: Map<boolean | undefined, JudgedPatterns>;
  ready?: ContactReady;
}

/** What customers have chosen, by their places, whatever the catalogue says of it. */
export class ContactIndex {
  readonly #lookUpStops: LookUpStops;
  readonly #needs: ContactNeeds;
  readonly #cells = new Map<string, ContactCell>();
  /** By channel, all that can be reached there, for questions to which it does not matter what was chosen. */
  readonly #reach = new Map<string, ContactCell>();
  readonly #all: ContactCell[] = [];
  readonly #types: string[] = [];
  readonly #slots = new Map<string, Map<string, Map<string, Slot>>>();
  /** By their numbers in codes. */
  readonly #codedSlots = new Map<number, Slot>();
  /** The slots of the last document: most documents name the same ones in the same order. */
  readonly #lastSlots: Slot[] = [];
  readonly #countries = new CountryLists();
  /** By category, which belongs to one catalogue, and channel: what was asked last. */
  readonly #asked = new WeakMap<Category, Map<string, AskedLast>>();

  constructor(words: CatalogueWords, lookUpStops: LookUpStops) {
    this.#needs = new ContactNeeds(words);
    this.#lookUpStops = lookUpStops;
  }

  get bytes(): number {
    return this.#all.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whether every question under a catalogue can be answered. */
  covers(words: CatalogueWords): boolean {
    return this.#needs.cover(new ContactNeeds(words));
  }

  /** Takes in all that a customer has chosen, instead of what there was. */
  put(place: number, { selections }: CustomerPreferences): void {
    const normals: string[] = [];
    for (const { normal } of selections) if (!normals.includes(normal)) normals.push(normal);
    const known: Known = { place, normals, stops: this.#lookUpStops(place, normals), countries: [] };
    for (let index = 0; index < selections.length; index += 1) {
      const selection = selections[index];
      if (selection === undefined) continue;
      this.#note(selection, this.#slotOf(selection, index), known);
    }
    for (const cell of this.#all) cell.settle(place);
  }

  /**
   * As `put`, of what a code says, and of a customer of whom there was nothing. Countries of numbers are not known then.
   *
   * @param stops what stops each of its addresses
   * @returns false when it has a slot that nobody knows: then nothing of it is in
   */
  putCoded(
    place: number,
    code: CustomerCode,
    names: CodeNames,
    stops: readonly (AddressSuppressions | undefined)[],
  ): boolean {
    const slots: Slot[] = [];
    for (let index = 0; index < code.selections; index += 1) {
      const slot = this.#codedSlot(code.slotAt(index), names);
      if (slot === undefined) return false;
      slots.push(slot);
    }
    for (let index = 0; index < slots.length; index += 1) {
      const slot = slots[index] as Slot;
      const address = code.addressAt(index);
      noteIn(slot, code.isOptedOut(index), code.isUnconfirmed(index), address, stops[address]);
      slot.cell.datesOf(slot.number)?.set(place, code.instantAt(index));
    }
    // In the others there is nothing to be taken back, and to ask each of them would be half of the work.
    for (const { cell, reach } of slots) {
      if (cell.hasNoted) cell.settle(place);
      if (reach?.hasNoted === true) reach.settle(place);
    }
    return true;
  }

  /** Whether codes say all that is kept here. */
  get takesCodes(): boolean {
    return !this.#needs.anyCountries;
  }

  drop(place: number): void {
    this.#lookUpStops(place, []);
    for (const cell of this.#all) cell.drop(place);
  }

  /**
   * @param words the catalogue that the question was held against
   * @param at milliseconds since 1970
   * @returns undefined when what the answer rests on is not kept
   */
  ready(question: ContactQuestion, words: CatalogueWords, at: number): Ready | undefined {
    if (!this.#needs.coverQuestion(question, words)) return undefined;
    const { category, channel } = question;
    const asked = this.#asked.get(category) ?? new Map<string, AskedLast>();
    this.#asked.set(category, asked);
    const before = asked.get(channel.name);
    const last = before?.words === words ? before : { words, judged: new Map<boolean | undefined, JudgedPatterns>() };
    asked.set(channel.name, last);
    const { times: lastTimes } = last.ready ?? {};
    if (lastTimes?.at === at && lastTimes.timeZone === question.timeZone) return last.ready;
    const cell = category.essential ? this.#reachOf(channel.name) : this.#cellOf(category.name, channel.name);
    const times = new ContactTimes(question, words, at, cell, this.#countries);
    const judge = new ContactJudge(question, words, times.quiet, this.#types);
    const judged = last.judged.get(times.quiet) ?? new JudgedPatterns(cell, judge);
    last.judged.set(times.quiet, judged);
    last.ready = new ContactReady(judged, times);
    return last.ready;
  }

  #note({ choice, unconfirmed, modifiedAt, normal }: Selection, slot: Slot, known: Known): void {
    const { cell, number } = slot;
    const address = known.normals.indexOf(normal);
    noteIn(slot, choice === "opted-out", unconfirmed === true, address, known.stops[address]);
    cell.datesOf(number)?.set(known.place, Date.parse(modifiedAt));
    const countries = cell.countriesOf(number);
    if (countries === undefined) return;
    known.countries[address] ??= this.#countries.numberOf(normal);
    countries.set(known.place, known.countries[address]);
  }

  #slotOf(names: SlotNames, index: number): Slot {
    const last = this.#lastSlots[index];
    if (last?.type === names.type && last.channel === names.channel && last.category === names.category) return last;
    const slot = this.#slotNamed(names);
    this.#lastSlots[index] = slot;
    return slot;
  }

  #codedSlot(code: number, names: CodeNames): Slot | undefined {
    const known = this.#codedSlots.get(code);
    if (known !== undefined) return known;
    const named = names.slots.get(code);
    if (named === undefined) return undefined;
    const slot = this.#slotNamed(named);
    this.#codedSlots.set(code, slot);
    return slot;
  }

  #slotNamed({ category, channel, type }: SlotNames): Slot {
    return this.#slots.get(category)?.get(channel)?.get(type) ?? this.#makeSlot(category, channel, type);
  }

  #makeSlot(category: string, channel: string, type: string): Slot {
    const known = this.#types.indexOf(type);
    const number = known === -1 ? this.#types.push(type) - 1 : known;
    const reach = this.#needs.reach ? this.#reachOf(channel) : undefined;
    const slot = { category, channel, type, number, cell: this.#cellOf(category, channel), reach };
    const ofCategory = this.#slots.get(category) ?? new Map<string, Map<string, Slot>>();
    this.#slots.set(category, ofCategory);
    ofCategory.set(channel, (ofCategory.get(channel) ?? new Map<string, Slot>()).set(type, slot));
    return slot;
  }

  #cellOf(category: string, channel: string): ContactCell {
    const name = JSON.stringify([category, channel]);
    const needs = { dates: this.#needs.dates(category), countries: this.#needs.countries(category, channel) };
    return this.#cells.get(name) ?? this.#keep(this.#cells, name, new ContactCell(needs));
  }

  #reachOf(channel: string): ContactCell {
    const needs = { dates: false, countries: false };
    return this.#reach.get(channel) ?? this.#keep(this.#reach, channel, new ContactCell(needs));
  }

  #keep(cells: Map<string, ContactCell>, name: string, cell: ContactCell): ContactCell {
    cells.set(name, cell);
    this.#all.push(cell);
    return cell;
  }
}

function noteIn(
  { cell, reach, channel, number }: Slot,
  isOptedOut: boolean,
  isUnconfirmed: boolean,
  address: number,
  stops: AddressSuppressions | undefined,
): void {
  const isStopped = stops !== undefined && isSuppressed(stops, channel);
  cell.note(entryCodeOf(number, isOptedOut, isUnconfirmed, isStopped), address);
  // An essential category is sent whatever was chosen: the rules that ask for a choice are never come to.
  reach?.note(entryCodeOf(number, false, false, isStopped), 0);
}
