import { pagePlaces } from "./pages.ts";

/** Stands for every page on which no instant is; never written. */
const noInstants = new Float64Array(pagePlaces);

/** An instant for each place, in milliseconds since 1970, at first 0. */
export class Instants {
  readonly #pages: Float64Array[] = [];
  #made = 0;

  get(place: number): number {
    return this.page(place >>> 16)[place & 0xffff] ?? 0;
  }

  set(place: number, ms: number): void {
    const number = place >>> 16;
    if (this.page(number) === noInstants) {
      if (ms === 0) return;
      this.#make(number);
    }
    this.page(number)[place & 0xffff] = ms;
  }

  /** One page, to be read. */
  page(number: number): Float64Array {
    return this.#pages[number] ?? noInstants;
  }

  get bytes(): number {
    return this.#made * pagePlaces * Float64Array.BYTES_PER_ELEMENT;
  }

  #make(number: number): void {
    while (this.#pages.length < number) this.#pages.push(noInstants);
    this.#pages[number] = new Float64Array(pagePlaces);
    this.#made += 1;
  }
}
