import { contactAnswers } from "../domain/decide-contact.ts";
import type { AudienceCount } from "../service/decision-index.ts";
import type { ContactTimes } from "./contact-times.ts";
import { byClock, firstOther, type JudgedPatterns } from "./judged-patterns.ts";
import type { NarrowNumbers, NarrowPage } from "./narrow-numbers.ts";
import { pagePlaces, type Ready } from "./ready.ts";
import type { SubjectKind } from "./subject-key.ts";

/** A contact question, asked of all customers at once. */
export class ContactReady implements Ready {
  readonly answers = contactAnswers;
  readonly kinds = ["customer"] as const;
  readonly answerToUnknown: number;
  readonly #plane: NarrowNumbers;
  readonly judged: JudgedPatterns;
  readonly times: ContactTimes;
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

  sendersOn(page: number): Uint32Array | undefined {
    if (!this.#plane.hasPage(page)) return undefined;
    const patterns = this.#plane.page(page);
    markWhere(patterns, this.judged.senders(), this.#bits);
    if (this.judged.moving.size > 0) {
      eachWhere(patterns, this.judged.unsure(), (index, pattern) => {
        const isSender = this.#answerByClock(pattern, page * pagePlaces + index) < firstOther;
        if (isSender) this.#bits[index >> 5] = (this.#bits[index >> 5] ?? 0) | (1 << (index & 31));
      });
    }
    return this.#bits;
  }

  count(kind?: SubjectKind): AudienceCount {
    if (kind !== undefined && kind !== "customer") return { count: 0 };
    const { counts } = this.judged.cell;
    let count = 0;
    this.judged.senders().forEach((isSender, pattern) => {
      if (isSender === 1) count += counts[pattern] ?? 0;
    });
    return { count: this.judged.moving.size === 0 ? count : count + this.#countByClock() };
  }

  #countByClock(): number {
    let count = 0;
    for (let page = 0; page < this.pages; page += 1) {
      if (!this.#plane.hasPage(page)) continue;
      eachWhere(this.#plane.page(page), this.judged.unsure(), (index, pattern) => {
        if (this.#answerByClock(pattern, page * pagePlaces + index) < firstOther) count += 1;
      });
    }
    return count;
  }

  /** The best that comes of the customer's selections. */
  #answerByClock(pattern: number, place: number): number {
    let best = byClock;
    for (const entry of this.judged.moving.get(pattern) ?? []) {
      const answer = this.times.answerTo(entry, place);
      if (answer < best) best = answer;
    }
    return best;
  }
}

/** Sets the bits of the places whose pattern is marked, and clears the others. */
function markWhere(patterns: NarrowPage, isMarked: Uint8Array, bits: Uint32Array): void {
  for (let word = 0; word < bits.length; word += 1) {
    let marked = 0;
    for (let bit = 0, index = word << 5; bit < 32; bit += 1, index += 1) {
      marked |= (isMarked[patterns[index] ?? 0] ?? 0) << bit;
    }
    bits[word] = marked;
  }
}

function eachWhere(patterns: NarrowPage, isMarked: Uint8Array, take: (index: number, pattern: number) => void): void {
  for (let index = 0; index < pagePlaces; index += 1) {
    const pattern = patterns[index] ?? 0;
    if (isMarked[pattern] === 1) take(index, pattern);
  }
}
