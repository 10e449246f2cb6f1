import { Pattern } from "./pattern.ts";

/** About how many bytes a pattern takes, and each of its entries. */
const patternBytes = 200;
const entryBytes = 16;

/**
 * The patterns that some place has, by number. One that no place has any more goes, and its number is given to another:
 * where there are many types there is no end of combinations, and what was chosen once need not be kept.
 */
export class PatternTable {
  /** The first is that of nothing, which stays. Whoever keeps something by number also keeps of which pattern it is. */
  readonly patterns: readonly (Pattern | undefined)[];
  /** By number, how many places have the pattern; of the first it says nothing. */
  readonly counts: number[] = [0];
  readonly #patterns: (Pattern | undefined)[] = [new Pattern(0, 0, [])];
  readonly #free: number[] = [];
  readonly #byHash = new Map<number, Pattern[]>();
  #made = 1;
  #bytes = 0;

  constructor() {
    this.patterns = this.#patterns;
  }

  /** How many patterns were ever made: it has grown if one is new. */
  get made(): number {
    return this.#made;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Gives a place a pattern instead of the one that it has.
   *
   * @param before the number of the one that it has
   * @param codes of each entry its code, in their order; there may be more behind them
   * @param addresses of each entry the number of its address
   * @param length how many entries there are
   * @returns the number of the pattern
   */
  move(before: number, codes: readonly number[], addresses: readonly number[], length: number): number {
    const after = length === 0 ? 0 : this.#numberOf(codes, addresses, length);
    if (after === before) return after;
    this.counts[after] = (this.counts[after] ?? 0) + 1;
    const left = (this.counts[before] ?? 0) - 1;
    this.counts[before] = left;
    if (left === 0 && before !== 0) this.#release(before);
    return after;
  }

  #numberOf(codes: readonly number[], addresses: readonly number[], length: number): number {
    const hash = hashOf(codes, addresses, length);
    const alike = this.#byHash.get(hash);
    if (alike !== undefined) {
      for (const pattern of alike) if (pattern.isOf(codes, addresses, length)) return pattern.number;
    }
    const number = this.#free.pop() ?? this.#patterns.length;
    const said = Array.from({ length: 2 * length }, (_, at) => (at & 1 ? addresses : codes)[at >> 1] ?? 0);
    const made = new Pattern(number, hash, said);
    this.#patterns[number] = made;
    this.counts[number] = 0;
    if (alike === undefined) this.#byHash.set(hash, [made]);
    else alike.push(made);
    this.#made += 1;
    this.#bytes += bytesOf(made);
    return number;
  }

  #release(number: number): void {
    const pattern = this.#patterns[number];
    if (pattern === undefined) return;
    const others = this.#byHash.get(pattern.hash)?.filter((one) => one !== pattern) ?? [];
    if (others.length === 0) this.#byHash.delete(pattern.hash);
    else this.#byHash.set(pattern.hash, others);
    this.#patterns[number] = undefined;
    this.#free.push(number);
    this.#bytes -= bytesOf(pattern);
  }
}

function bytesOf(pattern: Pattern): number {
  return patternBytes + entryBytes * pattern.length;
}

function hashOf(codes: readonly number[], addresses: readonly number[], length: number): number {
  let hash = length;
  for (let index = 0; index < length; index += 1) {
    hash = Math.imul(hash ^ (codes[index] ?? 0), 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ (addresses[index] ?? 0), 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  return hash;
}
