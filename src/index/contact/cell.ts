import { Instants } from "../arrays/instants.ts";
import { NarrowNumbers } from "../arrays/narrow-numbers.ts";
import { PatternTable } from "./pattern-table.ts";

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
  readonly table = new PatternTable();
  /** What was noted, sorted by code: codes and addresses side by side. */
  readonly #codes: number[] = [];
  readonly #addresses: number[] = [];
  readonly #numbered: number[] = [];
  #noted = 0;
  readonly #needs: CellNeeds;
  /** By the number of a type. */
  readonly #dates: Instants[] = [];
  readonly #countries: NarrowNumbers[] = [];

  constructor(needs: CellNeeds) {
    this.#needs = needs;
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
    return rest.reduce((sum, { bytes }) => sum + bytes, this.plane.bytes + this.table.bytes);
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
   * @param code as entryCodeOf has it
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

  /** Whether anything was noted since the last call of `settle`. */
  get hasNoted(): boolean {
    return this.#noted > 0;
  }

  /** Gives a place the pattern of what was noted. */
  settle(place: number): void {
    const before = this.plane.get(place);
    if (before === 0 && this.#noted === 0) return;
    this.#numberAddresses();
    const after = this.table.move(before, this.#codes, this.#numbered, this.#noted);
    this.#noted = 0;
    if (after !== before) this.plane.set(place, after);
  }

  /** Addresses are numbered as they come, so that whose they are makes no pattern differ. */
  #numberAddresses(): void {
    const addresses = this.#addresses;
    let distinct = 0;
    for (let index = 0; index < this.#noted; index += 1) {
      let same = 0;
      while (addresses[same] !== addresses[index]) same += 1;
      this.#numbered[index] = same === index ? distinct++ : (this.#numbered[same] ?? 0);
    }
  }
}
