import type { Choice } from "../domain/customer-preferences.ts";

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
 * clock. There are few patterns, so what the rules say about each is asked once and counts for all who have it.
 */
export class Pattern {
  readonly number: number;
  readonly entries: readonly PatternEntry[];
  readonly #longer = new Map<number, Pattern>();

  constructor(number: number, entries: readonly PatternEntry[]) {
    this.number = number;
    this.entries = entries;
  }

  /** The pattern with one entry more, by its code and address; `make` numbers those that were not there. */
  with(code: number, address: number, make: (entries: readonly PatternEntry[]) => Pattern): Pattern {
    const key = address * 2 ** 20 + code;
    const there = this.#longer.get(key);
    if (there !== undefined) return there;
    const made = make([...this.entries, entryOf(code, address)]);
    this.#longer.set(key, made);
    return made;
  }
}

/** All of an entry but its address in one number; those of one type come together when codes are sorted. */
export function codeOf(type: number, isOptedOut: boolean, isUnconfirmed: boolean, isStopped: boolean): number {
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
