import type { Choice } from "../../domain/customer-preferences.ts";

/** What of a selection the answers rest on, whoever's it is. */
export interface PatternEntry {
  /** The number of its type. */
  readonly type: number;
  readonly choice: Choice;
  readonly isUnconfirmed: boolean;
  /** Whether its address is stopped on the channel. */
  readonly isStopped: boolean;
  /** Selections of one pattern that have the same number have the same address. */
  readonly address: number;
}

/**
 * What many customers' selections of one category and channel have in common: all that the rules look at, apart from the
 * clock. There are few patterns as a rule, so what the rules say about each is asked once and counts for all who have it.
 */
export class Pattern {
  readonly number: number;
  readonly hash: number;
  /** Of each entry its code and the number of its address. */
  readonly #said: readonly number[];

  constructor(number: number, hash: number, said: readonly number[]) {
    this.number = number;
    this.hash = hash;
    this.#said = said;
  }

  /** How many entries it has. */
  get length(): number {
    return this.#said.length / 2;
  }

  /** Made anew by each call: it is seldom asked for, and patterns may be many. */
  get entries(): readonly PatternEntry[] {
    return Array.from({ length: this.length }, (_, index) =>
      entryOf(this.#said[2 * index] ?? 0, this.#said[2 * index + 1] ?? 0),
    );
  }

  /** Whether it has just these entries. */
  isOf(codes: readonly number[], addresses: readonly number[], length: number): boolean {
    const said = this.#said;
    if (said.length !== 2 * length) return false;
    for (let index = 0; index < length; index += 1) {
      if (said[2 * index] !== codes[index] || said[2 * index + 1] !== addresses[index]) return false;
    }
    return true;
  }
}

/** All of an entry but its address in one number; those of one type come together when codes are sorted. */
export function entryCodeOf(type: number, isOptedOut: boolean, isUnconfirmed: boolean, isStopped: boolean): number {
  return type * 8 + (isOptedOut ? 4 : 0) + (isUnconfirmed ? 2 : 0) + (isStopped ? 1 : 0);
}

function entryOf(code: number, address: number): PatternEntry {
  return {
    type: code >>> 3,
    choice: (code & 4) === 0 ? "opted-in" : "opted-out",
    isUnconfirmed: (code & 2) !== 0,
    isStopped: (code & 1) !== 0,
    address,
  };
}
