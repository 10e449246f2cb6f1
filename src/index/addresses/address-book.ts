import { Numbers } from "../arrays/numbers.ts";
import { pagePlaces } from "../arrays/pages.ts";

/** How many addresses of a place stand in arrays; those of whoever has more are kept aside. */
const inArrays = 4;

/** About how many bytes those that are kept aside take, for each place and for each sign. */
const [bytesOfMore, bytesOfSign] = [100, 8] as const;

/** The book grows in this many parts, each by itself, so that it never takes long. */
const parts = 256;

const fewestSlots = 8;
const fullest = 0.8;

/** How full those are made that are filled at once, with some room for what comes. */
const filled = 0.7;
const growth = 1.5;

/** Whoever is put in this many slots behind where its sign leads has one that many others have, or may have. */
const farBehind = 256;

/** A sign that more places have is kept by the places alone. */
const manyPlaces = 128;

/** Places between two turns of whoever fills the book: about a millisecond of work. */
const toldAtOnce = 4096;

/** Stands in a slot out of which a place was taken. Searches go on past it. */
const takenOut = -1;

/**
 * Who may have an address: for the address's sign, which is a part of its mark, the places that have it. Two addresses may
 * have one sign; whoever looks a place up finds out.
 */
export class AddressBook {
  /** The signs of each place, the first of each in the first; 0 for none. */
  readonly #signs: readonly Numbers[] = Array.from({ length: inArrays }, () => new Numbers());
  readonly #more = new Map<number, readonly number[]>();
  /** How many signs are in there. */
  #aside = 0;
  /** Places, counted from 1, from the slot on that their sign leads to; what the sign is, the place says. */
  readonly #parts: Int32Array[] = Array.from({ length: parts }, () => new Int32Array(fewestSlots));
  readonly #used = new Int32Array(parts);
  /** Signs that too many places have, such as that of a switchboard: slots would all be behind one another. */
  readonly #common = new Set<number>();
  #isFilled = false;

  get bytes(): number {
    const signs = this.#signs.reduce((sum, { bytes }) => sum + bytes, 0);
    const aside = this.#more.size * bytesOfMore + this.#aside * bytesOfSign;
    return this.#parts.reduce((sum, { byteLength }) => sum + byteLength, signs + aside);
  }

  /** The places that have an address with this sign. */
  placesWith(sign: number): readonly number[] {
    return this.#isFilled && !this.#common.has(sign) ? this.#placesFound(sign) : this.#everyPlaceWith(sign);
  }

  /**
   * Fills the slots by which places are found. Until then each is looked for everywhere: of all whom an index is built
   * of it is done once, at the end, for slots that grow are filled again and again. It is done in pieces; nothing may be
   * set between two.
   */
  *fill(): Generator<undefined, void> {
    const counts = new Int32Array(parts);
    yield* this.#everySign((_, sign) => (counts[sign >>> 24] = (counts[sign >>> 24] ?? 0) + 1));
    for (const [number, count] of counts.entries()) {
      this.#parts[number] = new Int32Array(Math.max(fewestSlots, Math.ceil(count / filled)));
    }
    yield* this.#everySign((place, sign) => this.#putInPart(place, sign));
    this.#isFilled = true;
  }

  #placesFound(sign: number): readonly number[] {
    const part = this.#parts[sign >>> 24] ?? none;
    const places = new Set<number>();
    for (let slot = homeOf(part, sign); part[slot] !== 0; slot = next(part, slot)) {
      const place = (part[slot] ?? 0) - 1;
      if (part[slot] !== takenOut && this.#has(place, sign)) places.add(place);
    }
    return [...places];
  }

  /**
   * Says which addresses a place has, instead of those that it had.
   *
   * @param signs each once, none of them 0
   */
  set(place: number, signs: readonly number[]): void {
    if (this.#isSame(place, signs)) return;
    const before = this.#signsOf(place);
    for (let index = 0; index < inArrays; index += 1) this.#signs[index]?.set(place, signs[index] ?? 0);
    if (signs.length > inArrays) this.#more.set(place, signs.slice(inArrays));
    else this.#more.delete(place);
    this.#aside += Math.max(signs.length - inArrays, 0) - Math.max(before.length - inArrays, 0);
    if (!this.#isFilled) return;
    for (const sign of before) if (!signs.includes(sign)) this.#takeOut(place, sign);
    this.#putIn(
      place,
      signs.filter((sign) => !before.includes(sign)),
    );
  }

  /** Tells every place of each of its signs, some of them at a time. */
  *#everySign(tell: (place: number, sign: number) => void): Generator<undefined, void> {
    for (const signs of this.#signs) {
      for (let page = 0; page < signs.pages; page += 1) {
        if (!signs.hasPage(page)) continue;
        for (let from = 0; from < pagePlaces; from += toldAtOnce) {
          tellAll(signs.page(page).subarray(from, from + toldAtOnce), page * pagePlaces + from, tell);
          yield;
        }
      }
    }
    let told = 0;
    for (const [place, more] of this.#more) {
      for (const sign of more) tell(place, sign);
      if (++told % toldAtOnce === 0) yield;
    }
  }

  /** Looks at every place: there are so many with the sign that this is the smaller part of the work. */
  #everyPlaceWith(sign: number): readonly number[] {
    const places: number[] = [];
    for (const signs of this.#signs) {
      for (let page = 0; page < signs.pages; page += 1) {
        if (signs.hasPage(page)) takeWhere(signs.page(page), sign, page * pagePlaces, places);
      }
    }
    for (const [place, more] of this.#more) if (more.includes(sign)) places.push(place);
    return places;
  }

  #isSame(place: number, signs: readonly number[]): boolean {
    if (signs.length > inArrays) return false;
    for (let index = 0; index < inArrays; index += 1) {
      if (this.#signs[index]?.get(place) !== (signs[index] ?? 0)) return false;
    }
    return !this.#more.has(place);
  }

  #signsOf(place: number): readonly number[] {
    const signs: number[] = [];
    for (let index = 0; index < inArrays; index += 1) {
      const sign = this.#signs[index]?.get(place) ?? 0;
      if (sign !== 0) signs.push(sign);
    }
    return this.#more.size === 0 ? signs : [...signs, ...(this.#more.get(place) ?? [])];
  }

  #has(place: number, sign: number): boolean {
    return this.#signs.some((signs) => signs.get(place) === sign) || (this.#more.get(place)?.includes(sign) ?? false);
  }

  #putIn(place: number, signs: readonly number[]): void {
    const grown: number[] = [];
    for (const sign of signs) {
      const number = sign >>> 24;
      const part = this.#parts[number] ?? none;
      const used = (this.#used[number] ?? 0) + 1;
      if (grown.includes(number) || this.#common.has(sign)) continue;
      if (used <= fullest * part.length) {
        this.#putInPart(place, sign);
      } else {
        this.#fillAnew(number, place);
        grown.push(number);
      }
    }
  }

  /** Where there is room. */
  #putInPart(place: number, sign: number): void {
    const number = sign >>> 24;
    if (this.#common.has(sign)) return;
    this.#used[number] = (this.#used[number] ?? 0) + 1;
    if (fill(this.#parts[number] ?? none, place, sign) > farBehind) this.#checkCommon(sign);
  }

  #checkCommon(sign: number): void {
    const places = this.#placesFound(sign);
    if (places.length <= manyPlaces) return;
    for (const place of places) this.#takeOut(place, sign);
    this.#common.add(sign);
  }

  /**
   * What is found first may stand there for another sign of the place. What stands there for this one lies behind it and
   * without a gap, so that it is found for the other from now on.
   */
  #takeOut(place: number, sign: number): void {
    const part = this.#parts[sign >>> 24] ?? none;
    if (this.#common.has(sign)) return;
    let slot = homeOf(part, sign);
    while (part[slot] !== 0 && part[slot] !== place + 1) slot = next(part, slot);
    if (part[slot] === place + 1) part[slot] = takenOut;
  }

  /** Fills a part again with all that its places and this one say, with more room where that is what it lacked. */
  #fillAnew(number: number, place: number): void {
    const former = this.#parts[number] ?? none;
    const kept = former.reduce((count, value) => (value > 0 && value - 1 !== place ? count + 1 : count), 0);
    const own = this.#signsOf(place).filter((sign) => sign >>> 24 === number).length;
    const part = new Int32Array(roomFor(kept + own, former.length));
    this.#parts[number] = part;
    this.#used[number] = 0;
    const seen = new Set([place]);
    this.#fillFrom(number, part, place, this.#signsOf(place));
    for (const value of former) {
      if (value <= 0 || seen.has(value - 1)) continue;
      const signs = this.#signsOf(value - 1);
      if (signs.length > 1) seen.add(value - 1);
      this.#fillFrom(number, part, value - 1, signs);
    }
  }

  #fillFrom(number: number, part: Int32Array, place: number, signs: readonly number[]): void {
    for (const sign of signs) {
      if (sign >>> 24 !== number || this.#common.has(sign)) continue;
      fill(part, place, sign);
      this.#used[number] = (this.#used[number] ?? 0) + 1;
    }
  }
}

const none = new Int32Array(1);

/** Slots for so many, and for some more: a part that was just filled is not to be filled again soon. */
function roomFor(count: number, slots: number): number {
  let room = 2 * count > fullest * slots ? Math.floor(slots * growth) : slots;
  while (count >= fullest * room) room = Math.floor(room * growth);
  return room;
}

function homeOf(part: Int32Array, sign: number): number {
  return Math.floor(((sign & 0xffffff) * part.length) / 0x1000000);
}

function next(part: Int32Array, slot: number): number {
  return slot + 1 === part.length ? 0 : slot + 1;
}

/** Puts a place in the first slot that is empty; how many are before it. */
function fill(part: Int32Array, place: number, sign: number): number {
  let slot = homeOf(part, sign);
  let before = 0;
  while (part[slot] !== 0) {
    slot = next(part, slot);
    before += 1;
  }
  part[slot] = place + 1;
  return before;
}

function takeWhere(signs: Int32Array, sign: number, first: number, places: number[]): void {
  for (let index = 0; index < signs.length; index += 1) if (signs[index] === sign) places.push(first + index);
}

function tellAll(signs: Int32Array, first: number, tell: (place: number, sign: number) => void): void {
  for (let index = 0; index < signs.length; index += 1) {
    const sign = signs[index] ?? 0;
    if (sign !== 0) tell(first + index, sign);
  }
}
