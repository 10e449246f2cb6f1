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
  readonly #patterns = [new Pattern(0, [])];
  /** What was noted, sorted by code: codes and addresses side by side. */
  readonly #codes: number[] = [];
  readonly #addresses: number[] = [];
  readonly #distinct: number[] = [];

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
    const [codes, addresses] = [this.#codes, this.#addresses];
    let index = codes.length;
    while (index > 0 && (codes[index - 1] ?? 0) > code) index -= 1;
    for (let same = index - 1; same >= 0 && codes[same] === code; same -= 1) if (addresses[same] === address) return;
    codes.splice(index, 0, code);
    addresses.splice(index, 0, address);
  }

  /** Gives a place the pattern of what was noted. */
  settle(place: number): void {
    const before = this.plane.get(place);
    const after = this.#codes.length === 0 ? 0 : this.#noted().number;
    if (before === after) return;
    this.plane.set(place, after);
    this.counts[before] = (this.counts[before] ?? 0) - 1;
    this.counts[after] = (this.counts[after] ?? 0) + 1;
  }

  #noted(): Pattern {
    let pattern = this.#patterns[0] ?? new Pattern(0, []);
    for (let index = 0; index < this.#codes.length; index += 1) {
      const address = this.#numberOf(this.#addresses[index] ?? 0);
      pattern = pattern.with(this.#codes[index] ?? 0, address, this.#make);
    }
    this.#codes.length = 0;
    this.#addresses.length = 0;
    this.#distinct.length = 0;
    return pattern;
  }

  /** Addresses are numbered as they come, so that who they belong to makes no pattern differ. */
  #numberOf(address: number): number {
    const there = this.#distinct.indexOf(address);
    return there === -1 ? this.#distinct.push(address) - 1 : there;
  }

  readonly #make = (entries: readonly PatternEntry[]): Pattern => {
    const made = new Pattern(this.#patterns.length, entries);
    this.#patterns.push(made);
    return made;
  };
}
