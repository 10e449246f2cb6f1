import type {
  Asking,
  AudienceCount,
  AudiencePart,
  BriefDecision,
  LineProgress,
  LineTexts,
  Narrowed,
} from "../service/decision-index.ts";
import type { Subject } from "../domain/subject.ts";
import { LineAnswers } from "./line-answers.ts";
import { pagePlaces, type Ready } from "./ready.ts";
import { nameBytes, type SubjectKind } from "./subject-key.ts";
import type { SubjectTable } from "./subject-table.ts";

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

  count({ from = 0, kind }: Narrowed): AudienceCount {
    return from === 0 ? this.#ready.count(kind) : this.#countFrom(from, kind);
  }

  writeAudience({ from = 0, kind }: Narrowed, output: Buffer, texts: LineTexts): AudiencePart {
    if (kind !== undefined && !this.#ready.kinds.includes(kind)) return { written: 0 };
    const { pages } = this.#ready;
    for (let page = Math.floor(from / pagePlaces); page < pages; page += 1) {
      const senders = this.#ready.sendersOn(page);
      if (senders === undefined) continue;
      const first = page * pagePlaces;
      const part = this.#writePage(senders, first, Math.max(from - first, 0), kind, output, texts);
      return part.next === undefined && page + 1 < pages ? { ...part, next: first + pagePlaces } : part;
    }
    return { written: 0 };
  }

  /** Writes the names of the senders on a page from one of them on. */
  #writePage(
    senders: Uint32Array,
    first: number,
    from: number,
    kind: SubjectKind | undefined,
    output: Buffer,
    { before, after }: LineTexts,
  ): AudiencePart {
    const longest = Math.max(...after.map(({ length }) => length));
    const room = output.length - before.length - nameBytes - longest;
    let written = 0;
    for (let index = nextBit(senders, from); index < pagePlaces; index = nextBit(senders, index + 1)) {
      const place = first + index;
      if (kind !== undefined && this.#table.kindAt(place) !== kind) continue;
      if (written > room) return { written, next: place };
      for (let byte = 0; byte < before.length; byte += 1) output[written++] = before[byte] ?? 0;
      written = this.#table.writeName(place, output, written);
      const text = after[this.#ready.answerAt(place)] ?? before;
      for (let byte = 0; byte < text.length; byte += 1) output[written++] = text[byte] ?? 0;
    }
    return { written };
  }

  /** One by one: who comes after a subject is not counted beforehand. */
  #countFrom(from: number, kind: SubjectKind | undefined): AudienceCount {
    const { pages, answers } = this.#ready;
    const counts = answers.map(() => 0);
    for (let page = Math.floor(from / pagePlaces); page < pages; page += 1) {
      const senders = this.#ready.sendersOn(page);
      if (senders === undefined) continue;
      const first = page * pagePlaces;
      for (let index = nextBit(senders, Math.max(from - first, 0)); index < pagePlaces; ) {
        const place = first + index;
        if (kind === undefined || this.#table.kindAt(place) === kind) {
          const answer = this.#ready.answerAt(place);
          counts[answer] = (counts[answer] ?? 0) + 1;
        }
        index = nextBit(senders, index + 1);
      }
    }
    const { frequencies } = this.#ready.count(kind);
    return frequencies === undefined
      ? { count: sumOf(counts) }
      : { count: sumOf(counts), frequencies: byFrequency(answers, counts) };
  }
}

/** The first bit that is set from one place on; past the page when there is none. */
function nextBit(bits: Uint32Array, from: number): number {
  let word = from >>> 5;
  let rest = (bits[word] ?? 0) & (-1 << (from & 31));
  while (rest === 0) {
    word += 1;
    if (word >= bits.length) return pagePlaces;
    rest = bits[word] ?? 0;
  }
  return (word << 5) + 31 - Math.clz32(rest & -rest);
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function byFrequency(answers: readonly BriefDecision[], counts: readonly number[]): Record<string, number> {
  const frequencies: Record<string, number> = {};
  answers.forEach(({ frequency }, answer) => {
    const count = counts[answer] ?? 0;
    if (frequency !== undefined && count > 0) frequencies[frequency] = (frequencies[frequency] ?? 0) + count;
  });
  return frequencies;
}
