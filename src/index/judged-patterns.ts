import { contactAnswers } from "../domain/decide-contact.ts";
import type { ContactCell } from "./contact-cell.ts";
import type { ContactJudge } from "./contact-judge.ts";

/** Stands where a pattern's answer depends on the clock. */
export const byClock = 255;

/** Answers with a lower number are `send`. */
export const firstOther = contactAnswers.findIndex(({ verdict }) => verdict !== "send");

/** One of a customer's selections, about which the clock counts. */
export interface MovingEntry {
  /** The number of its type. */
  readonly type: number;
  /** Its answers, at the number of what the clock says. */
  readonly answers: readonly number[];
}

/** What the rules say about the patterns of a cell under one catalogue: they are asked once about each. */
export class JudgedPatterns {
  readonly cell: ContactCell;
  readonly judge: ContactJudge;
  readonly moving = new Map<number, readonly MovingEntry[]>();
  /** By pattern, its answer, or `byClock`. */
  #answers = new Uint8Array(0);
  /** By pattern, 1 if the verdict is `send`. */
  #senders = new Uint8Array(0);
  /** By pattern, 1 if the verdict may be `send`: the clock says it. */
  #unsure = new Uint8Array(0);

  constructor(cell: ContactCell, judge: ContactJudge) {
    this.cell = cell;
    this.judge = judge;
  }

  answerTo(pattern: number): number {
    return this.#answers[pattern] ?? this.answers()[pattern] ?? 0;
  }

  answers(): Uint8Array {
    if (this.#answers.length < this.cell.patterns.length) this.#judgeNew();
    return this.#answers;
  }

  senders(): Uint8Array {
    this.answers();
    return this.#senders;
  }

  unsure(): Uint8Array {
    this.answers();
    return this.#unsure;
  }

  #judgeNew(): void {
    const { patterns } = this.cell;
    const known = this.#answers.length;
    this.#answers = enlarged(this.#answers, patterns.length);
    this.#senders = enlarged(this.#senders, patterns.length);
    this.#unsure = enlarged(this.#unsure, patterns.length);
    for (const pattern of patterns.slice(known)) {
      const judgement = this.judge.judge(pattern);
      if (typeof judgement === "number") {
        this.#answers[pattern.number] = judgement;
        this.#senders[pattern.number] = judgement < firstOther ? 1 : 0;
        continue;
      }
      this.#answers[pattern.number] = byClock;
      this.#unsure[pattern.number] = judgement.some((answers) => Math.min(...answers) < firstOther) ? 1 : 0;
      this.moving.set(
        pattern.number,
        pattern.entries.map(({ type }, index) => ({ type, answers: judgement[index] ?? [] })),
      );
    }
  }
}

function enlarged(numbers: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(numbers);
  return larger;
}
