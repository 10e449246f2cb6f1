import type {
  Asking,
  AudienceCount,
  AudiencePart,
  BriefDecision,
  CountPart,
  LineProgress,
  LineTexts,
  Narrowed,
} from "../service/decision-index.ts";
import { limits } from "../domain/limits.ts";
import type { Subject } from "../domain/subject.ts";
import { AudienceLines } from "./audience-lines.ts";
import { bitCount, nextBit } from "./arrays/bits.ts";
import { LineAnswers } from "./line-answers.ts";
import { pagePlaces } from "./arrays/pages.ts";
import type { Ready } from "./ready.ts";
import type { SubjectKind } from "../domain/subject-key.ts";
import type { SubjectTable } from "./subjects/subject-table.ts";

/** A question that was made ready, asked of the subjects of a table. */
export class AskingMany implements Asking {
  readonly #table: SubjectTable;
  readonly #ready: Ready;
  #lines: { readonly texts: LineTexts; readonly answers: LineAnswers } | undefined;

  constructor(table: SubjectTable, ready: Ready) {
    this.#table = table;
    this.#ready = ready;
  }

  get answers(): readonly BriefDecision[] {
    return this.#ready.answers;
  }

  answerTo(subject: Subject): number {
    const place = this.#table.placeOf(subject);
    return place === undefined ? this.#ready.answerToUnknown : this.#ready.answerAt(place);
  }

  answerLines(input: Buffer, output: Buffer, texts: LineTexts): LineProgress {
    if (this.#lines?.texts !== texts)
      this.#lines = { texts, answers: new LineAnswers(this.#table, this.#ready, texts) };
    return this.#lines.answers.answer(input, output);
  }

  count({ from = 0, kind }: Narrowed): CountPart {
    if (!this.#ready.prepare()) return { count: 0, next: from };
    const whole = from === 0 ? this.#ready.count(kind) : undefined;
    if (whole !== undefined) return whole;
    const page = Math.floor(from / pagePlaces);
    return { ...this.#countPage(page, from, kind), ...this.#behind(page) };
  }

  writeAudience({ from = 0, kind }: Narrowed, output: Buffer, texts: LineTexts): AudiencePart {
    if (kind !== undefined && !this.#ready.kinds.includes(kind)) return { written: 0 };
    if (!this.#ready.prepare()) return { written: 0, next: from };
    const lines = new AudienceLines(this.#table, this.#ready, texts);
    const until = performance.now() + limits.sliceMs;
    let written = 0;
    // On a page there may be few of them, or nobody: what is dear about a part is to send it, and to begin the next.
    for (let at = from; ; ) {
      const part = lines.write(at, kind, output.subarray(written));
      written += part.written;
      if (part.next !== undefined) return { written, next: part.next };
      const { next } = this.#behind(Math.floor(at / pagePlaces));
      if (next === undefined) return { written };
      if (performance.now() >= until) return { written, next };
      at = next;
    }
  }

  /** Where the page behind one begins, if there is any. */
  #behind(page: number): { readonly next?: number } {
    return page + 1 < this.#ready.pages ? { next: (page + 1) * pagePlaces } : {};
  }

  /** Counts the senders on a page from one of them on. */
  #countPage(page: number, from: number, kind: SubjectKind | undefined): AudienceCount {
    const { answers, kinds, hasFrequencies } = this.#ready;
    const senders = this.#ready.sendersOn(page, from - page * pagePlaces) ?? nobody;
    const first = page * pagePlaces;
    const isOfAll = kind === undefined || kinds.every((one) => one === kind);
    if (isOfAll && !hasFrequencies) return { count: countBits(senders, from - first) };
    const counts = answers.map(() => 0);
    for (let index = nextBit(senders, from - first); index < pagePlaces; index = nextBit(senders, index + 1)) {
      const place = first + index;
      if (kind !== undefined && this.#table.kindAt(place) !== kind) continue;
      const answer = this.#ready.answerAt(place);
      counts[answer] = (counts[answer] ?? 0) + 1;
    }
    const count = counts.reduce((sum, one) => sum + one, 0);
    return hasFrequencies ? { count, frequencies: byFrequency(answers, counts) } : { count };
  }
}

const nobody = new Uint32Array(0);

/** How many bits are set from one place on. */
function countBits(bits: Uint32Array, from: number): number {
  let word = from >>> 5;
  let count = word < bits.length ? bitCount((bits[word] ?? 0) & (-1 << (from & 31))) : 0;
  for (word += 1; word < bits.length; word += 1) count += bitCount(bits[word] ?? 0);
  return count;
}

function byFrequency(answers: readonly BriefDecision[], counts: readonly number[]): Record<string, number> {
  const named = answers.map(({ frequency = "" }, answer) => [frequency, counts[answer] ?? 0] as const);
  return Object.fromEntries(named.filter(([, count]) => count > 0));
}
