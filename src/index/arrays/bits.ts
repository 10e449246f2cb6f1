import { pagePlaces, Pages } from "./pages.ts";

/** How many words a page of bits has. */
export const pageWords = pagePlaces / 32;

/** Stands for every page on which no bit is set; never written. */
export const nothingSet: Int32Array = new Int32Array(pageWords);

/** One bit for each number from 0 on. Pages are made when a bit on them is first set. */
export class Bits {
  readonly #pages = new Pages(nothingSet);

  has(number: number): boolean {
    return ((this.page(number >>> 16)[(number & 0xffff) >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }

  set(number: number): void {
    const page = this.open(number >>> 16);
    const word = (number & 0xffff) >>> 5;
    page[word] = (page[word] ?? 0) | (1 << (number & 31));
  }

  clear(number: number): void {
    const page = this.page(number >>> 16);
    if (page === nothingSet) return;
    const word = (number & 0xffff) >>> 5;
    page[word] = (page[word] ?? 0) & ~(1 << (number & 31));
  }

  put(number: number, isSet: boolean): void {
    if (isSet) this.set(number);
    else this.clear(number);
  }

  /** The words of one page, to be read: the lowest bit of the first is the first. */
  page(number: number): Int32Array {
    return this.#pages.page(number);
  }

  /** The words of one page, to be written. */
  open(number: number): Int32Array {
    const there = this.page(number);
    return there === nothingSet ? this.#pages.put(number, new Int32Array(pageWords)) : there;
  }

  /** How many pages there are up to the last that was written. */
  get pages(): number {
    return this.#pages.count;
  }

  get bytes(): number {
    return this.#pages.bytes;
  }
}

/** Sets of bits by name, made when first asked for. */
export class NamedBits {
  readonly #byName = new Map<string, Bits>();

  of(name: string): Bits {
    const there = this.#byName.get(name);
    if (there !== undefined) return there;
    const made = new Bits();
    this.#byName.set(name, made);
    return made;
  }

  /** Takes a number out of every set. */
  clear(number: number): void {
    for (const bits of this.#byName.values()) bits.clear(number);
  }

  get bytes(): number {
    return [...this.#byName.values()].reduce((sum, bits) => sum + bits.bytes, 0);
  }
}

/** How many bits of a word are set. */
export function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Which bit of a word is the lowest that is set, counted from 0; the word is not 0. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** The first bit that is set from one place on; past the page when there is none. */
export function nextBit(bits: Uint32Array, from: number): number {
  let word = from >>> 5;
  let rest = (bits[word] ?? 0) & (-1 << (from & 31));
  while (rest === 0) {
    word += 1;
    if (word >= bits.length) return pagePlaces;
    rest = bits[word] ?? 0;
  }
  return (word << 5) + lowestBit(rest);
}
