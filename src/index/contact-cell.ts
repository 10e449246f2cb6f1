import { Pattern, type PatternEntry } from "./contact-pattern.ts";
import { Instants } from "./instants.ts";
import { NarrowNumbers } from "./narrow-numbers.ts";

/** What is kept of the selections of a cell besides their patterns. */
export interface CellNeeds {
  /** When each was last chosen. */
  readonly dates: boolean;
  /** The countries of each number. */
  readonly countries: boolean;
}

/** What customers chose for one category on one channel: for each place the number of a pattern, 0 for nothing. */
export class ContactCell {
  readonly plane = new NarrowNumbers();
  readonly patterns: readonly Pattern[];
  /** By pattern, how many have it; of pattern 0 it says nothing. */
  readonly counts: number[] = [0];
  readonly #nothing = new Pattern(0, []);
  readonly #patterns = [this.#nothing];
  /** Patterns of one selection, by its code: most are. */
  readonly #single: (Pattern | undefined)[] = [];
  /** What was noted, sorted by code: codes and addresses side by side. */
  readonly #codes: number[] = [];
  readonly #addresses: number[] = [];
  #noted = 0;
  readonly #needs: CellNeeds;
  /** By the number of a type. */
  readonly #dates: Instants[] = [];
  readonly #countries: NarrowNumbers[] = [];

  constructor(needs: CellNeeds) {
    this.#needs = needs;
    this.patterns = this.#patterns;
  }

  /** When the selections of a type were last chosen; undefined where that is not kept. */
  datesOf(type: number): Instants | undefined {
    return this.#needs.dates ? (this.#dates[type] ??= new Instants()) : undefined;
  }

  /** The numbers of the lists of countries that the selections of a type belong to; undefined where that is not kept. */
  countriesOf(type: number): NarrowNumbers | undefined {
    return this.#needs.countries ? (this.#countries[type] ??= new NarrowNumbers()) : undefined;
  }

  get bytes(): number {
    const rest = [...this.#dates, ...this.#countries].filter((kept) => kept !== undefined);
    return rest.reduce((sum, { bytes }) => sum + bytes, this.plane.bytes);
  }

  /** Forgets a place. */
  drop(place: number): void {
    this.settle(place);
    for (const dates of this.#dates) dates?.set(place, 0);
    for (const countries of this.#countries) countries?.set(place, 0);
  }

  /**
   * Notes one of the selections that the next call of `settle` is about.
   *
   * @param code as codeOf has it
   * @param address equal for selections that have the same address
   */
  note(code: number, address: number): void {
    const codes = this.#codes;
    const addresses = this.#addresses;
    let index = this.#noted;
    while (index > 0 && (codes[index - 1] ?? 0) > code) index -= 1;
    for (let same = index - 1; same >= 0 && codes[same] === code; same -= 1) if (addresses[same] === address) return;
    for (let moved = this.#noted; moved > index; moved -= 1) {
      codes[moved] = codes[moved - 1] ?? 0;
      addresses[moved] = addresses[moved - 1] ?? 0;
    }
    codes[index] = code;
    addresses[index] = address;
    this.#noted += 1;
  }

  /** Gives a place the pattern of what was noted. */
  settle(place: number): void {
    const before = this.plane.get(place);
    const after = this.#noted === 0 ? 0 : this.#patternOfNoted().number;
    if (before === after) return;
    this.plane.set(place, after);
    this.counts[before] = (this.counts[before] ?? 0) - 1;
    this.counts[after] = (this.counts[after] ?? 0) + 1;
  }

  #patternOfNoted(): Pattern {
    const noted = this.#noted;
    this.#noted = 0;
    const code = this.#codes[0] ?? 0;
    const first = (this.#single[code] ??= this.#nothing.with(code, 0, this.#make));
    return noted === 1 ? first : this.#longer(first, noted);
  }

  /** Addresses are numbered as they come, so that whose they are makes no pattern differ. */
  #longer(first: Pattern, noted: number): Pattern {
    const distinct = [this.#addresses[0]];
    let pattern = first;
    for (let index = 1; index < noted; index += 1) {
      const known = distinct.indexOf(this.#addresses[index]);
      const address = known === -1 ? distinct.push(this.#addresses[index]) - 1 : known;
      pattern = pattern.with(this.#codes[index] ?? 0, address, this.#make);
    }
    return pattern;
  }

  readonly #make = (entries: readonly PatternEntry[]): Pattern => {
    const made = new Pattern(this.#patterns.length, entries);
    this.#patterns.push(made);
    return made;
  };
}
