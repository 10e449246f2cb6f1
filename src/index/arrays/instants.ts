import { pagePlaces, Pages } from "./pages.ts";

const noInstants = new Float64Array(pagePlaces);

/** An instant for each place, in milliseconds since 1970, at first 0. */
export class Instants {
  readonly #pages = new Pages(noInstants);

  get(place: number): number {
    return this.page(place >>> 16)[place & 0xffff] ?? 0;
  }

  set(place: number, ms: number): void {
    const number = place >>> 16;
    let page = this.page(number);
    if (page === noInstants) {
      if (ms === 0) return;
      page = this.#pages.put(number, new Float64Array(pagePlaces));
    }
    page[place & 0xffff] = ms;
  }

  /** One page, to be read. */
  page(number: number): Float64Array {
    return this.#pages.page(number);
  }

  get bytes(): number {
    return this.#pages.bytes;
  }
}
