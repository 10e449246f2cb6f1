/** The parts of a table, which move to more room one by one, so that it never takes long. */
export const partCount = 256;

/** A slot: the three words of a key and the value, which is not 0. An empty one is all 0. */
export const slotWords = 4;

/** Which part has the keys that are spread to a number. */
export function partOf(spread: number): number {
  return spread >>> 24;
}

/** Room for keys and their values: as many slots for each part, those of one part behind those of the one before. */
export class Slots {
  readonly words: Int32Array;
  /** Slots of each part. */
  readonly perPart: number;

  constructor(perPart: number) {
    this.perPart = perPart;
    this.words = new Int32Array(partCount * perPart * slotWords);
  }

  /** Where the slots of a part begin: those behind them are the next part's. */
  startOf(part: number): number {
    return part * this.perPart * slotWords;
  }

  /** The slot in which the search for a key begins, as the place of its first word. */
  homeOf(spread: number): number {
    const within = ((spread & 0xffffff) * this.perPart * 2 ** -24) | 0;
    return (partOf(spread) * this.perPart + within) * slotWords;
  }

  /** From a slot of a part on, the one that has the key, or the empty one in which it would be found. */
  slotFrom(home: number, part: number, a: number, b: number, c: number): number {
    const { words } = this;
    let slot = home;
    while (words[slot + 3] !== 0 && (words[slot] !== a || words[slot + 1] !== b || words[slot + 2] !== c)) {
      slot = this.behind(slot, part);
    }
    return slot;
  }

  /** The slot that a search looks at next. */
  behind(slot: number, part: number): number {
    const next = slot + slotWords;
    return next === this.startOf(part + 1) ? this.startOf(part) : next;
  }
}
