import { pagePlaces, Pages } from "./pages.ts";

const allZero: Int32Array = new Int32Array(pagePlaces);

/** A 32-bit number for each number from 0 on, at first 0. Pages are made when something else is first written there. */
export class Numbers {
  readonly #pages = new Pages(allZero);

  get(index: number): number {
    return this.page(index >>> 16)[index & 0xffff] ?? 0;
  }

  set(index: number, value: number): void {
    const number = index >>> 16;
    let page = this.page(number);
    if (page === allZero) {
      if (value === 0) return;
      page = this.#pages.put(number, new Int32Array(pagePlaces));
    }
    page[index & 0xffff] = value;
  }

  /** One page, to be read. */
  page(number: number): Int32Array {
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
