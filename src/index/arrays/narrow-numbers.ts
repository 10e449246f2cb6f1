import { pagePlaces, Pages } from "./pages.ts";

/** One page of numbers, as narrow as they allow. */
export type NarrowPage = Uint8Array | Uint16Array | Uint32Array;

const allZero: NarrowPage = new Uint8Array(pagePlaces);

/** A number for each place, at first 0, small as a rule: pages have a byte a place until a number needs more. */
export class NarrowNumbers {
  readonly #pages = new Pages<NarrowPage>(allZero);

  get(place: number): number {
    return this.page(place >>> 16)[place & 0xffff] ?? 0;
  }

  set(place: number, value: number): void {
    const number = place >>> 16;
    let page = this.page(number);
    if (page === allZero && value === 0) return;
    if (page === allZero || value >= 2 ** (8 * page.BYTES_PER_ELEMENT)) {
      const wide = value < 2 ** 8 ? Uint8Array : value < 2 ** 16 ? Uint16Array : Uint32Array;
      page = this.#pages.put(number, wide.from(page));
    }
    page[place & 0xffff] = value;
  }

  /** One page, to be read. */
  page(number: number): NarrowPage {
    return this.#pages.page(number);
  }

  /** Whether anything was ever written on a page. */
  hasPage(number: number): boolean {
    return this.#pages.has(number);
  }

  /** How many pages there are up to the last that was written. */
  get pages(): number {
    return this.#pages.count;
  }

  get bytes(): number {
    return this.#pages.bytes;
  }
}
