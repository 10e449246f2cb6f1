import { Slots, partCount, partOf, slotWords } from "./slots.ts";
import { newSpread, spreadOf } from "./spread.ts";

/** Told of each value that is written somewhere, and where. */
export type OnMoved = (value: number, whereabouts: number) => void;

const fewestSlots = 8;

/** How full a part may be: runs of slots that are taken get long from here on. */
const fullest = 0.8;

/** Doubled, a part would have three slots of five empty. */
const growth = 1.5;

/** While the table grows, every so many times that a key is put a part moves that is not full yet. */
const movedEvery = 64;

/**
 * The values of keys of three words, in typed arrays: a Map ends at 16.7 million entries and needs twice the memory. Once
 * one of its parts is full there is more room for all of them, to which each moves when it is full, or in its turn.
 */
export class KeyTable {
  readonly #spread = newSpread();
  readonly #onMoved: OnMoved;
  readonly #taken = new Int32Array(partCount);
  #slots = new Slots(fewestSlots);
  /** Where the parts are that have not moved yet; undefined when none is left there. */
  #former: Slots | undefined;
  readonly #isBehind = new Uint8Array(partCount);
  #puts = 0;
  #size = 0;
  /** For what is known of many keys while they are looked up. */
  #room = roomFor(0);

  constructor(onMoved: OnMoved = () => undefined) {
    this.#onMoved = onMoved;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#slots.words.byteLength + (this.#former?.words.byteLength ?? 0);
  }

  /** The value of a key; 0 for one that has none. */
  get(a: number, b: number, c: number): number {
    const spread = spreadOf(this.#spread, a, b, c);
    const slots = this.#slotsOf(partOf(spread));
    return slots.words[slotFor(slots, spread, a, b, c) + 3] ?? 0;
  }

  /**
   * The values of many keys at once. First a word is read where each search will begin, by a loop that does nothing else: no
   * read waits for another, so many are under way together, and the searches find them done.
   *
   * @param keys three words each
   */
  getMany(keys: Int32Array, count: number, values: Int32Array): void {
    if (this.#former !== undefined) {
      this.#getEach(keys, count, values);
      return;
    }
    const { spreads, homes } = this.#roomFor(count);
    const slots = this.#slots;
    const { words } = slots;
    for (let index = 0; index < count; index += 1) {
      const at = 3 * index;
      const spread = spreadOf(this.#spread, keys[at] ?? 0, keys[at + 1] ?? 0, keys[at + 2] ?? 0);
      spreads[index] = spread;
      homes[index] = slots.homeOf(spread);
    }
    for (let index = 0; index < count; index += 1) values[index] = words[homes[index] ?? 0] ?? 0;
    for (let index = 0; index < count; index += 1) {
      const at = 3 * index;
      const part = partOf(spreads[index] ?? 0);
      const slot = slots.slotFrom(homes[index] ?? 0, part, keys[at] ?? 0, keys[at + 1] ?? 0, keys[at + 2] ?? 0);
      values[index] = words[slot + 3] ?? 0;
    }
  }

  /** Moves whatever has not moved yet, in pieces: until then, many are found more slowly. */
  *settle(): Generator<undefined, void> {
    for (let part = this.#isBehind.indexOf(1); part >= 0; part = this.#isBehind.indexOf(1)) {
      this.#move(part);
      yield;
    }
  }

  /** Writes the three words of the key that stands somewhere; those of 0, which is nowhere, are 0. */
  readKey(whereabouts: number, keys: Int32Array, at: number): void {
    if (whereabouts === 0) {
      keys.fill(0, at, at + 3);
      return;
    }
    const { words } = this.#slotsOf(whereabouts >>> 24);
    const slot = this.#slotAt(whereabouts);
    keys[at] = words[slot] ?? 0;
    keys[at + 1] = words[slot + 1] ?? 0;
    keys[at + 2] = words[slot + 2] ?? 0;
  }

  /**
   * The keys that stand in many places, as `readKey` writes each. No read waits for another here either.
   *
   * @param keys three words each
   */
  readKeys(whereabouts: Int32Array, count: number, keys: Int32Array): void {
    if (this.#former !== undefined) {
      for (let index = 0; index < count; index += 1) this.readKey(whereabouts[index] ?? 0, keys, 3 * index);
      return;
    }
    const [{ words }, homes] = [this.#slots, this.#roomFor(count).homes];
    for (let index = 0; index < count; index += 1) homes[index] = Math.max(this.#slotAt(whereabouts[index] ?? 0), 0);
    for (let index = 0; index < count; index += 1) keys[3 * index] = words[homes[index] ?? 0] ?? 0;
    for (let index = 0; index < count; index += 1) {
      const slot = homes[index] ?? 0;
      keys[3 * index + 1] = words[slot + 1] ?? 0;
      keys[3 * index + 2] = words[slot + 2] ?? 0;
      if (whereabouts[index] === 0) keys.fill(0, 3 * index, 3 * index + 3);
    }
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
    const part = partOf(spread);
    const slots = this.#slotsOf(part);
    const slot = slotFor(slots, spread, a, b, c);
    if (slots.words[slot + 3] === 0) return;
    this.#taken[part] = (this.#taken[part] ?? 0) - 1;
    this.#size -= 1;
    this.#closeGap(slots, part, slot);
  }

  /** A word of what stands somewhere: of the key, or the value as the fourth. */
  wordAt(whereabouts: number, word: number): number {
    return this.#slotsOf(whereabouts >>> 24).words[this.#slotAt(whereabouts) + word] ?? 0;
  }

  #slotsOf(part: number): Slots {
    return this.#former !== undefined && this.#isBehind[part] === 1 ? this.#former : this.#slots;
  }

  /** As `whereabouts` of #write tells it. */
  #slotAt(whereabouts: number): number {
    const part = whereabouts >>> 24;
    return this.#slotsOf(part).startOf(part) + ((whereabouts & 0xffffff) - 1) * slotWords;
  }

  #roomFor(count: number): Room {
    if (this.#room.homes.length < count) this.#room = roomFor(count);
    return this.#room;
  }

  #getEach(keys: Int32Array, count: number, values: Int32Array): void {
    for (let index = 0; index < count; index += 1) {
      const at = 3 * index;
      values[index] = this.get(keys[at] ?? 0, keys[at + 1] ?? 0, keys[at + 2] ?? 0);
    }
  }

  #put(a: number, b: number, c: number, value: number, replaces: boolean): number {
    this.#puts += 1;
    if (this.#former !== undefined && this.#puts % movedEvery === 0) this.#move(this.#isBehind.indexOf(1));
    const spread = spreadOf(this.#spread, a, b, c);
    const part = partOf(spread);
    const slots = this.#slotsOf(part);
    const slot = slotFor(slots, spread, a, b, c);
    const there = slots.words[slot + 3] ?? 0;
    if (there !== 0 && !replaces) return there;
    if (there === 0 && this.#isFull(part)) {
      this.#makeRoom(part);
      return this.#put(a, b, c, value, replaces);
    }
    if (there === 0) {
      this.#taken[part] = (this.#taken[part] ?? 0) + 1;
      this.#size += 1;
    }
    this.#write(slots, part, slot, a, b, c, value);
    return value;
  }

  #isFull(part: number): boolean {
    return (this.#taken[part] ?? 0) + 1 > fullest * this.#slotsOf(part).perPart;
  }

  /** Has a part that is full move to where it has more room, which is made if there is none. */
  #makeRoom(part: number): void {
    if (this.#isBehind[part] === 0) {
      for (const _ of this.settle());
      this.#former = this.#slots;
      this.#slots = new Slots(Math.floor(this.#former.perPart * growth));
      this.#isBehind.fill(1);
    }
    this.#move(part);
  }

  /** Leaves nothing where the part was: names that are erased later would stay there. */
  #move(part: number): void {
    const former = this.#slotsOf(part);
    this.#isBehind[part] = 0;
    const [slots, { words }] = [this.#slots, former];
    const [start, end] = [former.startOf(part), former.startOf(part + 1)];
    for (let slot = start; slot < end; slot += slotWords) {
      const value = words[slot + 3] ?? 0;
      if (value === 0) continue;
      const [a, b, c] = [words[slot] ?? 0, words[slot + 1] ?? 0, words[slot + 2] ?? 0];
      this.#write(slots, part, slotFor(slots, spreadOf(this.#spread, a, b, c), a, b, c), a, b, c, value);
    }
    words.fill(0, start, end);
    if (!this.#isBehind.includes(1)) this.#former = undefined;
  }

  /** Moves what follows, up to the next empty slot, as near to where it belongs as it now can be. */
  #closeGap(slots: Slots, part: number, from: number): void {
    const { words } = slots;
    let gap = from;
    let slot = from;
    for (;;) {
      slot = slots.behind(slot, part);
      const value = words[slot + 3] ?? 0;
      if (value === 0) break;
      const a = words[slot] ?? 0;
      const b = words[slot + 1] ?? 0;
      const c = words[slot + 2] ?? 0;
      const home = slots.homeOf(spreadOf(this.#spread, a, b, c));
      const isPast = gap < slot ? home > gap && home <= slot : home > gap || home <= slot;
      if (isPast) continue;
      this.#write(slots, part, gap, a, b, c, value);
      gap = slot;
    }
    words.fill(0, gap, gap + slotWords);
  }

  #write(slots: Slots, part: number, slot: number, a: number, b: number, c: number, value: number): void {
    const { words } = slots;
    words[slot] = a;
    words[slot + 1] = b;
    words[slot + 2] = c;
    words[slot + 3] = value;
    this.#onMoved(value, (part << 24) | ((slot - slots.startOf(part)) / slotWords + 1));
  }
}

interface Room {
  readonly spreads: Int32Array;
  readonly homes: Int32Array;
}

function roomFor(count: number): Room {
  return { spreads: new Int32Array(count), homes: new Int32Array(count) };
}

/** The slot that has the key, or the empty one in which it would be found. */
function slotFor(slots: Slots, spread: number, a: number, b: number, c: number): number {
  return slots.slotFrom(slots.homeOf(spread), partOf(spread), a, b, c);
}
