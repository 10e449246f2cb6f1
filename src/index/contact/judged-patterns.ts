import assert from "node:assert/strict";
import { contactAnswers } from "../../domain/decide-contact.ts";
import type { ContactCell } from "./cell.ts";
import type { ContactJudge } from "./judge.ts";
import type { Pattern } from "./pattern.ts";

/** Stands where a pattern's answer depends on the clock. */
export const byClock = 255;

/** Stands where a pattern was not judged. */
const unjudged = 254;

/** Answers with a lower number are `send`. */
export const firstOther = contactAnswers.findIndex(({ verdict }) => verdict !== "send");

/** How many patterns are judged in one turn of the event loop, at some microseconds each. */
const judgedAtOnce = 200;

/** One of a customer's selections, about which the clock counts. */
export interface MovingEntry {
  /** The number of its type. */
  readonly type: number;
  /** Its answers, at the number of what the clock says. */
  readonly answers: readonly number[];
}

/**
 * What the rules say about the patterns of a cell under one catalogue. They are asked once about each: when somebody who has
 * it is asked about, or some at a time before all customers are gone through.
 */
export class JudgedPatterns {
  readonly cell: ContactCell;
  readonly judge: ContactJudge;
  /** By number, the pattern that was judged: another one may have the number since. */
  readonly #judged: (Pattern | undefined)[] = [];
  /** By pattern, its answer, or `byClock`. */
  #answers = new Uint8Array(0);
  /** By pattern, 1 if the verdict is `send`. */
  #senders = new Uint8Array(0);
  /** By pattern, 1 if the verdict may be `send`: the clock says it. */
  #unsure = new Uint8Array(0);
  readonly #moving: (readonly MovingEntry[])[] = [];
  /** Each of the entries above once: few differ, and patterns may be many. */
  readonly #entries = new Map<string, MovingEntry>();
  /** How many patterns had been made when all were judged. */
  #asOf = 0;

  constructor(cell: ContactCell, judge: ContactJudge) {
    this.cell = cell;
    this.judge = judge;
  }

  /** The answer to those who have a pattern, or `byClock`. */
  answerTo(number: number): number {
    const pattern = this.cell.table.patterns[number];
    assert(pattern, "a number that somebody has is that of a pattern");
    if (this.#judged[number] !== pattern) this.#judge(pattern);
    return this.#answers[number] ?? unjudged;
  }

  /**
   * The answers to many, or `byClock`.
   *
   * @returns whether one of them is `byClock`
   */
  answersTo(numbers: Uint32Array, count: number, answers: Uint16Array): boolean {
    const isJudged = this.judgeSome();
    const judged = this.#answers;
    let isMoving = false;
    for (let index = 0; index < count; index += 1) {
      const number = numbers[index] ?? 0;
      const known = isJudged ? (judged[number] ?? unjudged) : unjudged;
      const answer = known === unjudged ? this.answerTo(number) : known;
      answers[index] = answer;
      if (answer === byClock) isMoving = true;
    }
    return isMoving;
  }

  /** Judges some of the patterns that were not judged yet; whether none is left. */
  judgeSome(): boolean {
    const { patterns, made } = this.cell.table;
    if (this.#asOf === made) return true;
    let left = judgedAtOnce;
    for (const pattern of patterns) {
      if (pattern === undefined || this.#judged[pattern.number] === pattern) continue;
      if (left === 0) return false;
      this.#judge(pattern);
      left -= 1;
    }
    this.#asOf = made;
    return true;
  }

  /** By pattern, 1 if the verdict is `send`; of no use as long as some are not judged. */
  get senders(): Uint8Array {
    return this.#senders;
  }

  /** By pattern, 1 if the verdict may be `send`, as the clock says; of no use as long as some are not judged. */
  get unsure(): Uint8Array {
    return this.#unsure;
  }

  /** The entries of a pattern that was judged, when its answer is `byClock`. */
  moving(pattern: number): readonly MovingEntry[] {
    return this.#moving[pattern] ?? none;
  }

  #judge(pattern: Pattern): void {
    const { number } = pattern;
    const judgement = this.judge.judge(pattern);
    this.#enlarge();
    this.#judged[number] = pattern;
    const isMoving = typeof judgement !== "number";
    this.#answers[number] = isMoving ? byClock : judgement;
    this.#senders[number] = !isMoving && judgement < firstOther ? 1 : 0;
    this.#unsure[number] = isMoving && judgement.some((answers) => Math.min(...answers) < firstOther) ? 1 : 0;
    this.#moving[number] = isMoving
      ? pattern.entries.map(({ type }, index) => this.#entryOf(type, judgement[index] ?? []))
      : none;
  }

  #entryOf(type: number, answers: readonly number[]): MovingEntry {
    const name = `${type}:${answers.join()}`;
    const entry = this.#entries.get(name) ?? { type, answers };
    this.#entries.set(name, entry);
    return entry;
  }

  /** Makes room for twice as many patterns as there are, so that it is seldom done. */
  #enlarge(): void {
    const count = this.cell.table.patterns.length;
    if (count > this.#answers.length) {
      this.#answers = enlarged(this.#answers, 2 * count, unjudged);
      this.#senders = enlarged(this.#senders, 2 * count);
      this.#unsure = enlarged(this.#unsure, 2 * count);
    }
    while (this.#judged.length < count) {
      this.#judged.push(undefined);
      this.#moving.push(none);
    }
  }
}

const none: readonly MovingEntry[] = [];

function enlarged(numbers: Uint8Array, length: number, others = 0): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length).fill(others);
  larger.set(numbers);
  return larger;
}
