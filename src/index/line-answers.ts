import type { LineProgress, LineTexts } from "../service/decision-index.ts";
import type { Ready } from "./ready.ts";
import { kindShift, subjectKinds } from "./subject-key.ts";
import type { SubjectTable } from "./subject-table.ts";

/** Lines that go through each step together, so that the waits for memory of all of them overlap. */
const together = 64;

const quote = 0x22;
const lineFeed = 0x0a;
const zero = 0x30;

/** How a line of a kind begins, and what ids of the kind there are. */
interface Form {
  readonly start: Buffer;
  /** The last word of a key that has no digits yet. */
  readonly word: number;
  readonly digitsMax: number;
  readonly takesZero: boolean;
}

const forms: readonly Form[] = subjectKinds.map((kind, index) => ({
  start: Buffer.from(`"${kind}:`),
  word: (index + 1) << kindShift,
  digitsMax: kind === "customer" ? 20 : 15,
  takesZero: kind === "customer",
}));

/** Answers lines with a subject's name each. */
export class LineAnswers {
  readonly #table: SubjectTable;
  readonly #ready: Ready;
  /** By the first letter of the names, the forms of lines that are answered. */
  readonly #forms: readonly (Form | undefined)[];
  readonly #keys = new Int32Array(3 * together);
  /** Where the lines begin; behind the last one, where it ends. */
  readonly #starts = new Int32Array(together + 1);
  readonly #places = new Int32Array(together);
  readonly #answers = new Uint8Array(together);

  constructor(table: SubjectTable, ready: Ready) {
    this.#table = table;
    this.#ready = ready;
    const asked = forms.filter((_, index) => ready.kinds.includes(subjectKinds[index] ?? "customer"));
    this.#forms = Array.from({ length: 256 }, (_, letter) => asked.find(({ start }) => start[1] === letter));
  }

  /** As `Asking.answerLines` has it. */
  answer(input: Buffer, output: Buffer, texts: LineTexts): LineProgress {
    let [read, lines, written] = [0, 0, 0];
    for (;;) {
      const found = this.#read(input, read);
      this.#table.placesOf(this.#keys, found, this.#places);
      this.#decide(found);
      for (let index = 0; index < found; index += 1) {
        const end = this.#write(index, input, output, written, texts);
        if (end === written) return { read, lines, written };
        written = end;
        read = this.#starts[index + 1] ?? 0;
        lines += 1;
      }
      if (found < together) return { read, lines, written };
    }
  }

  /** Reads lines up to the first that cannot be answered; how many. */
  #read(input: Uint8Array, from: number): number {
    const starts = this.#starts;
    let at = from;
    let lines = 0;
    starts[0] = at;
    while (lines < together && at < input.length) {
      const end = this.#readLine(input, at, lines);
      if (end === at) break;
      at = end;
      lines += 1;
      starts[lines] = at;
    }
    return lines;
  }

  /** Reads one line; where it ends, or where it begins if it is something else. */
  #readLine(input: Uint8Array, from: number, line: number): number {
    const form = this.#forms[input[from + 1] ?? 0];
    if (form === undefined) return from;
    const { start, digitsMax } = form;
    const first = from + start.length;
    for (let index = 0; index < start.length; index += 1) if (input[from + index] !== start[index]) return from;
    if (input[first] === zero && !form.takesZero) return from;
    let [a, b, c] = [0, 0, form.word];
    let digit = 0;
    for (; digit < digitsMax; digit += 1) {
      const value = (input[first + digit] ?? 0) - zero;
      if (value < 0 || value > 9) break;
      const bits = (value + 1) << (4 * (digit & 7));
      if (digit < 8) a |= bits;
      else if (digit < 16) b |= bits;
      else c |= bits;
    }
    const end = first + digit;
    if (digit === 0 || input[end] !== quote || input[end + 1] !== lineFeed) return from;
    this.#keys[3 * line] = a;
    this.#keys[3 * line + 1] = b;
    this.#keys[3 * line + 2] = c;
    return end + 2;
  }

  #decide(lines: number): void {
    const ready = this.#ready;
    for (let index = 0; index < lines; index += 1) {
      const place = this.#places[index] ?? 0;
      this.#answers[index] = place === 0 ? ready.answerToUnknown : ready.answerAt(place - 1);
    }
  }

  /** Writes one answer; where it ends, or where it was to begin when there is no room. */
  #write(line: number, input: Uint8Array, output: Uint8Array, from: number, { before, after }: LineTexts): number {
    const text = after[this.#answers[line] ?? 0] ?? before;
    const nameEnd = (this.#starts[line + 1] ?? 0) - 2;
    const nameStart = (this.#starts[line] ?? 0) + 1;
    if (from + before.length + nameEnd - nameStart + text.length > output.length) return from;
    let at = from;
    for (let index = 0; index < before.length; index += 1) output[at++] = before[index] ?? 0;
    for (let index = nameStart; index < nameEnd; index += 1) output[at++] = input[index] ?? 0;
    for (let index = 0; index < text.length; index += 1) output[at++] = text[index] ?? 0;
    return at;
  }
}
