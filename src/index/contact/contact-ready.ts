import { contactAnswers } from "../../domain/decide-contact.ts";
import type { AudienceCount } from "../../service/decision-index.ts";
import type { ContactTimes } from "./times.ts";
import { byClock, firstOther, type JudgedPatterns } from "./judged-patterns.ts";
import type { NarrowNumbers, NarrowPage } from "../arrays/narrow-numbers.ts";
import { pagePlaces } from "../arrays/pages.ts";
import type { Ready } from "../ready.ts";
import type { SubjectKind } from "../../domain/subject-key.ts";

/** A contact question, asked of all customers at once. */
export class ContactReady implements Ready {
  readonly answers = contactAnswers;
  readonly kinds = ["customer"] as const;
  readonly hasFrequencies = false;
  readonly answerToUnknown: number;
  readonly #plane: NarrowNumbers;
  readonly judged: JudgedPatterns;
  readonly times: ContactTimes;
  #patterns = new Uint32Array(0);
  readonly #bits = new Uint32Array(pagePlaces / 32);

  constructor(judged: JudgedPatterns, times: ContactTimes) {
    this.#plane = judged.cell.plane;
    this.judged = judged;
    this.times = times;
    this.answerToUnknown = judged.answerTo(0);
  }

  get pages(): number {
    return this.#plane.pages;
  }

  answerAt(place: number): number {
    const pattern = this.#plane.get(place);
    const answer = this.judged.answerTo(pattern);
    return answer === byClock ? this.#answerByClock(pattern, place) : answer;
  }

  /** All patterns are read before the first is looked up: no read waits for another. */
  answersAt(places: Int32Array, count: number, answers: Uint16Array): void {
    if (this.#patterns.length < count) this.#patterns = new Uint32Array(count);
    const patterns = this.#patterns;
    for (let index = 0; index < count; index += 1) {
      const place = places[index] ?? 0;
      patterns[index] = place === 0 ? 0 : this.#plane.get(place - 1);
    }
    if (!this.judged.answersTo(patterns, count, answers)) return;
    for (let index = 0; index < count; index += 1) {
      if (answers[index] === byClock)
        answers[index] = this.#answerByClock(patterns[index] ?? 0, (places[index] ?? 0) - 1);
    }
  }

  prepare(): boolean {
    return this.judged.judgeSome();
  }

  sendersOn(page: number, from: number): Uint32Array | undefined {
    if (!this.#plane.hasPage(page)) return undefined;
    const { senders, unsure } = this.judged;
    const patterns = this.#plane.page(page);
    markWhere(patterns, senders, this.#bits, from >>> 5);
    if (unsure.includes(1)) this.#markByClock(patterns, unsure, page * pagePlaces, from);
    return this.#bits;
  }

  /** Undefined when the clock counts: then each is looked at. */
  count(kind?: SubjectKind): AudienceCount | undefined {
    if (kind !== undefined && kind !== "customer") return { count: 0 };
    const { senders, unsure } = this.judged;
    const { counts } = this.judged.cell.table;
    let count = 0;
    for (const [pattern, having] of counts.entries()) {
      if (pattern === 0 || having === 0) continue;
      if (unsure[pattern] === 1) return undefined;
      if (senders[pattern] === 1) count += having;
    }
    return { count };
  }

  /** A plain loop: of all that is asked about many, this takes longest. */
  #markByClock(patterns: NarrowPage, unsure: Uint8Array, first: number, from: number): void {
    const bits = this.#bits;
    for (let index = from; index < pagePlaces; index += 1) {
      const pattern = patterns[index] ?? 0;
      if (unsure[pattern] !== 1 || this.#answerByClock(pattern, first + index) >= firstOther) continue;
      bits[index >> 5] = (bits[index >> 5] ?? 0) | (1 << (index & 31));
    }
  }

  /** The best that comes of the customer's selections. */
  #answerByClock(pattern: number, place: number): number {
    let best = byClock;
    for (const entry of this.judged.moving(pattern)) {
      const answer = this.times.answerTo(entry, place);
      if (answer < best) best = answer;
    }
    return best;
  }
}

/** Sets the bits of the places whose pattern is marked, and clears the others, from one word on. */
function markWhere(patterns: NarrowPage, isMarked: Uint8Array, bits: Uint32Array, from: number): void {
  if (patterns.BYTES_PER_ELEMENT === 1 && isMarked[0] === 0) markFours(patterns, isMarked, bits, from);
  else markEach(patterns, isMarked, bits, from);
}

function markEach(patterns: NarrowPage, isMarked: Uint8Array, bits: Uint32Array, from: number): void {
  for (let word = from; word < bits.length; word += 1) {
    let marked = 0;
    for (let bit = 0, index = word << 5; bit < 32; bit += 1, index += 1) {
      marked |= (isMarked[patterns[index] ?? 0] ?? 0) << bit;
    }
    bits[word] = marked;
  }
}

/** The same where a pattern has a byte: four are read at once, and passed over where all of them are nothing. */
function markFours(patterns: NarrowPage, isMarked: Uint8Array, bits: Uint32Array, from: number): void {
  const fours = new Int32Array(patterns.buffer, patterns.byteOffset, pagePlaces / 4);
  for (let word = from; word < bits.length; word += 1) {
    let marked = 0;
    for (let bit = 0, index = word << 3; bit < 32; bit += 4, index += 1) {
      const four = fours[index] ?? 0;
      if (four === 0) continue;
      const low = (isMarked[four & 255] ?? 0) | ((isMarked[(four >>> 8) & 255] ?? 0) << 1);
      const high = (isMarked[(four >>> 16) & 255] ?? 0) | ((isMarked[four >>> 24] ?? 0) << 1);
      marked |= (low | (high << 2)) << bit;
    }
    bits[word] = marked;
  }
}
