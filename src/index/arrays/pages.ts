/** How many places a page has: arrays by place have pages that are made when they are first written. */
export const pagePlaces = 65_536;

/** The pages of an array. All on which nothing was ever written are one and the same, which is never written. */
export class Pages<Page extends ArrayBufferView> {
  readonly #empty: Page;
  readonly #pages: Page[] = [];
  #bytes = 0;

  constructor(empty: Page) {
    this.#empty = empty;
  }

  /** One page, to be read. */
  page(number: number): Page {
    return this.#pages[number] ?? this.#empty;
  }

  /** Whether anything was ever written on a page. */
  has(number: number): boolean {
    return this.page(number) !== this.#empty;
  }

  /** Puts a page in the place of the one that is there. */
  put(number: number, page: Page): Page {
    while (this.#pages.length < number) this.#pages.push(this.#empty);
    this.#bytes += page.byteLength - (this.has(number) ? this.page(number).byteLength : 0);
    this.#pages[number] = page;
    return page;
  }

  /** How many pages there are up to the last that was written. */
  get count(): number {
    return this.#pages.length;
  }

  /** Of all pages that were written. */
  get bytes(): number {
    return this.#bytes;
  }
}
