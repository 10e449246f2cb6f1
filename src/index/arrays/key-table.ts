import { newSpread, spreadOf } from "./spread.ts";

/** Told of each value that is written somewhere, and where. */
export type OnMoved = (value: number, whereabouts: number) => void;

/** The table grows in this many parts, each by itself, so that it never takes long. */
const parts = 256;

/** A slot: the three words of a key and the value, which is not 0. An empty one is all 0. */
const slotWords = 4;

const fewestSlots = 8;

/** How full a part may be: runs of slots that are taken get long from here on. */
const fullest = 0.8;

/** Doubled, a part would have three slots of five empty. */
const growth = 1.5;

/** The values of keys of three words, in typed arrays: a Map ends at 16.7 million entries and needs twice the memory. */
export class KeyTable {
  readonly #spread = newSpread();
  readonly #parts: Int32Array[] = Array.from({ length: parts }, () => new Int32Array(fewestSlots * slotWords));
  readonly #taken = new Int32Array(parts);
  readonly #onMoved: OnMoved;
  #size = 0;
  #spreads = new Int32Array(0);
  #homes = new Int32Array(0);

  constructor(onMoved: OnMoved = () => undefined) {
    this.#onMoved = onMoved;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The value of a key; 0 for one that has none. */
  get(a: number, b: number, c: number): number {
    const spread = spreadOf(this.#spread, a, b, c);
    return valueIn(this.#parts[spread >>> 24] ?? none, spread, a, b, c);
  }

  /**
   * The values of many keys at once. First a word is read where each search will begin, by a loop that does nothing else: no
   * read waits for another, so many are under way together, and the searches find them done.
   *
   * @param keys three words each
   */
  getMany(keys: Int32Array, count: number, values: Int32Array): void {
    if (this.#spreads.length < count) {
      this.#spreads = new Int32Array(count);
      this.#homes = new Int32Array(count);
    }
    const [spreads, homes, parts] = [this.#spreads, this.#homes, this.#parts];
    for (let index = 0; index < count; index += 1) {
      const at = 3 * index;
      const spread = spreadOf(this.#spread, keys[at] ?? 0, keys[at + 1] ?? 0, keys[at + 2] ?? 0);
      spreads[index] = spread >>> 24;
      homes[index] = homeOf(parts[spread >>> 24] ?? none, spread);
    }
    for (let index = 0; index < count; index += 1) values[index] = parts[spreads[index] ?? 0]?.[homes[index] ?? 0] ?? 0;
    for (let index = 0; index < count; index += 1) {
      const at = 3 * index;
      const part = parts[spreads[index] ?? 0] ?? none;
      const slot = slotFrom(part, homes[index] ?? 0, keys[at] ?? 0, keys[at + 1] ?? 0, keys[at + 2] ?? 0);
      values[index] = part[slot + 3] ?? 0;
    }
  }

  /** Writes the three words of the key that stands somewhere; those of 0, which is nowhere, are 0. */
  readKey(whereabouts: number, keys: Int32Array, at: number): void {
    const part = whereabouts === 0 ? none : (this.#parts[whereabouts >>> 24] ?? none);
    const slot = whereabouts === 0 ? 0 : ((whereabouts & 0xffffff) - 1) * slotWords;
    keys[at] = part[slot] ?? 0;
    keys[at + 1] = part[slot + 1] ?? 0;
    keys[at + 2] = part[slot + 2] ?? 0;
  }

  /** @param value not 0 */
  set(a: number, b: number, c: number, value: number): void {
    this.#put(a, b, c, value, true);
  }

  /**
   * The value of a key: the one given if it has none.
   *
   * @param value not 0
   */
  getOrSet(a: number, b: number, c: number, value: number): number {
    return this.#put(a, b, c, value, false);
  }

  delete(a: number, b: number, c: number): void {
    const spread = spreadOf(this.#spread, a, b, c);
    const number = spread >>> 24;
    const part = this.#parts[number] ?? none;
    const slot = slotFor(part, spread, a, b, c);
    if (part[slot + 3] === 0) return;
    this.#taken[number] = (this.#taken[number] ?? 0) - 1;
    this.#size -= 1;
    this.#closeGap(number, slot);
  }

  /** A word of what stands somewhere: of the key, or the value as the fourth. */
  wordAt(whereabouts: number, word: number): number {
    return this.#parts[whereabouts >>> 24]?.[((whereabouts & 0xffffff) - 1) * slotWords + word] ?? 0;
  }

  #put(a: number, b: number, c: number, value: number, replaces: boolean): number {
    const spread = spreadOf(this.#spread, a, b, c);
    const number = spread >>> 24;
    const slot = slotFor(this.#parts[number] ?? none, spread, a, b, c);
    const there = this.#parts[number]?.[slot + 3] ?? 0;
    if (there !== 0 && !replaces) return there;
    if (there === 0 && this.#mustGrow(number)) {
      this.#grow(number);
      return this.#put(a, b, c, value, replaces);
    }
    if (there === 0) {
      this.#taken[number] = (this.#taken[number] ?? 0) + 1;
      this.#size += 1;
    }
    this.#write(number, slot, a, b, c, value);
    return value;
  }

  #mustGrow(number: number): boolean {
    return ((this.#taken[number] ?? 0) + 1) * slotWords > fullest * (this.#parts[number]?.length ?? 0);
  }

  #grow(number: number): void {
    const small = this.#parts[number] ?? none;
    const part = new Int32Array(Math.floor((small.length / slotWords) * growth) * slotWords);
    this.#parts[number] = part;
    for (let slot = 0; slot < small.length; slot += slotWords) {
      const value = small[slot + 3] ?? 0;
      if (value === 0) continue;
      const a = small[slot] ?? 0;
      const b = small[slot + 1] ?? 0;
      const c = small[slot + 2] ?? 0;
      this.#write(number, slotFor(part, spreadOf(this.#spread, a, b, c), a, b, c), a, b, c, value);
    }
  }

  /** Moves what follows, up to the next empty slot, as near to where it belongs as it now can be. */
  #closeGap(number: number, from: number): void {
    const part = this.#parts[number] ?? none;
    let gap = from;
    let slot = from;
    for (;;) {
      slot = slot + slotWords === part.length ? 0 : slot + slotWords;
      const value = part[slot + 3] ?? 0;
      if (value === 0) break;
      const a = part[slot] ?? 0;
      const b = part[slot + 1] ?? 0;
      const c = part[slot + 2] ?? 0;
      const home = homeOf(part, spreadOf(this.#spread, a, b, c));
      const isPast = gap < slot ? home > gap && home <= slot : home > gap || home <= slot;
      if (isPast) continue;
      this.#write(number, gap, a, b, c, value);
      gap = slot;
    }
    part.fill(0, gap, gap + slotWords);
  }

  #write(number: number, slot: number, a: number, b: number, c: number, value: number): void {
    const part = this.#parts[number] ?? none;
    part[slot] = a;
    part[slot + 1] = b;
    part[slot + 2] = c;
    part[slot + 3] = value;
    this.#onMoved(value, (number << 24) | (slot / slotWords + 1));
  }
}

const none = new Int32Array(slotWords);

/** The slot in which the search for a key begins, as the place of its first word. */
function homeOf(part: Int32Array, spread: number): number {
  return (((spread & 0xffffff) * (part.length >>> 2) * 2 ** -24) | 0) * slotWords;
}

/** The slot that has the key, or the empty one in which it would be found. */
function slotFor(part: Int32Array, spread: number, a: number, b: number, c: number): number {
  return slotFrom(part, homeOf(part, spread), a, b, c);
}

function slotFrom(part: Int32Array, home: number, a: number, b: number, c: number): number {
  let slot = home;
  while (part[slot + 3] !== 0 && (part[slot] !== a || part[slot + 1] !== b || part[slot + 2] !== c)) {
    slot += slotWords;
    if (slot === part.length) slot = 0;
  }
  return slot;
}

function valueIn(part: Int32Array, spread: number, a: number, b: number, c: number): number {
  return part[slotFor(part, spread, a, b, c) + 3] ?? 0;
}
