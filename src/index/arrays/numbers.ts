import { pagePlaces } from "./pages.ts";

/** Stands for every page that holds nothing but 0; never written. */
const allZero: Int32Array = new Int32Array(pagePlaces);

/** A 32-bit number for each number from 0 on, at first 0. Pages are made when something else is first written there. */
export class Numbers {
  readonly #pages: Int32Array[] = [];
  #made = 0;

  get(index: number): number {
    return this.page(index >>> 16)[index & 0xffff] ?? 0;
  }

  set(index: number, value: number): void {
    const number = index >>> 16;
    let page = this.page(number);
    if (page === allZero) {
      if (value === 0) return;
      page = this.#make(number);
    }
    page[index & 0xffff] = value;
  }

  /** One page, to be read. */
  page(number: number): Int32Array {
    return this.#pages[number] ?? allZero;
  }

  /** Whether anything was ever written on a page. */
  hasPage(number: number): boolean {
    return this.page(number) !== allZero;
  }

  /** How many pages there are up to the last that was written. */
  get pages(): number {
    return this.#pages.length;
  }

  get bytes(): number {
    return this.#made * pagePlaces * 4;
  }

  #make(number: number): Int32Array {
    while (this.#pages.length < number) this.#pages.push(allZero);
    const made = new Int32Array(pagePlaces);
    this.#pages[number] = made;
    this.#made += 1;
    return made;
  }
}
