import type { LineProgress, LineTexts } from "../service/decision-index.ts";
import type { Ready } from "./ready.ts";
import { kindShift, subjectKinds } from "../domain/subject-key.ts";
import type { SubjectTable } from "./subjects/subject-table.ts";

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

/** By the first letter of their names, how lines begin that a question about some kinds is asked of. */
type Forms = readonly (Form | undefined)[];

/** Bytes, and the same again four to a word: to copy words takes a third of the time. */
interface Text {
  readonly bytes: Buffer;
  readonly words: Int32Array;
}

/** Where bytes come from or go to, one by one or four at a time. */
interface Bytes {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** What stands around a name, ready to be copied. */
interface Texts {
  readonly before: Text;
  readonly after: readonly Text[];
}

// A batch makes one of these for each of its parts: what two of them may share is made once.
const keptForms = new Map<string, Forms>();
const keptTexts = new WeakMap<LineTexts, Texts>();
const shared = {
  keys: new Int32Array(3 * together),
  starts: new Int32Array(together + 1),
  places: new Int32Array(together),
  answers: new Uint16Array(together),
};

/** Answers lines with a subject's name each. */
export class LineAnswers {
  readonly #table: SubjectTable;
  readonly #ready: Ready;
  readonly #forms: Forms;
  readonly #before: Text;
  readonly #after: readonly Text[];
  readonly #keys = shared.keys;
  /** Where the lines begin; behind the last one, where it ends. */
  readonly #starts = shared.starts;
  readonly #places = shared.places;
  /** More than 255 answers are possible: one for each frequency of the catalogue. */
  readonly #answers = shared.answers;

  constructor(table: SubjectTable, ready: Ready, texts: LineTexts) {
    const { before, after } = textsOf(texts);
    this.#table = table;
    this.#ready = ready;
    this.#forms = formsFor(ready.kinds);
    this.#before = before;
    this.#after = after;
  }

  /** As `Asking.answerLines` has it. */
  answer(input: Buffer, output: Buffer): LineProgress {
    const from = bytesOf(input);
    const to = bytesOf(output);
    let read = 0;
    let lines = 0;
    let written = 0;
    for (;;) {
      const found = this.#read(input, read);
      this.#table.placesOf(this.#keys, found, this.#places);
      this.#decide(found);
      for (let line = 0; line < found; line += 1) {
        const end = this.#write(line, from, to, written);
        if (end === written) return { read, lines, written };
        written = end;
        read = this.#starts[line + 1] ?? 0;
        lines += 1;
      }
      if (found < together) return { read, lines, written };
    }
  }

  /** Reads lines up to the first that cannot be answered; how many. */
  #read(input: Uint8Array, from: number): number {
    let at = from;
    let lines = 0;
    this.#starts[0] = at;
    while (lines < together && at < input.length) {
      const end = this.#readLine(input, at, lines);
      if (end === at) break;
      at = end;
      lines += 1;
      this.#starts[lines] = at;
    }
    return lines;
  }

  /** Reads one line; where it ends, or where it begins if it is something else. */
  #readLine(input: Uint8Array, from: number, line: number): number {
    const form = this.#forms[input[from + 1] ?? 0];
    if (form === undefined) return from;
    const { start, digitsMax } = form;
    for (let index = 0; index < start.length; index += 1) if (input[from + index] !== start[index]) return from;
    const first = from + start.length;
    if (input[first] === zero && !form.takesZero) return from;
    let a = 0;
    let b = 0;
    let c = form.word;
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
    for (let line = 0; line < lines; line += 1) {
      const place = this.#places[line] ?? 0;
      this.#answers[line] = place === 0 ? ready.answerToUnknown : ready.answerAt(place - 1);
    }
  }

  /** Writes one answer; where it ends, or where it was to begin when there is no room for it. */
  #write(line: number, from: Bytes, to: Bytes, start: number): number {
    const before = this.#before;
    const after = this.#after[this.#answers[line] ?? 0] ?? before;
    const name = (this.#starts[line] ?? 0) + 1;
    const nameEnd = (this.#starts[line + 1] ?? 0) - 2;
    const nameAt = start + before.bytes.length;
    const afterAt = nameAt + nameEnd - name;
    const end = afterAt + after.bytes.length;
    if (end > to.bytes.length) return start;
    if (end + 4 > to.bytes.length || nameEnd + 4 > from.bytes.length) {
      before.bytes.copy(to.bytes, start);
      from.bytes.copy(to.bytes, nameAt, name, nameEnd);
      after.bytes.copy(to.bytes, afterAt);
      return end;
    }
    // The last word of each text goes past it, onto what is written next.
    writeWords(before.words, to.view, start);
    for (let at = name, next = nameAt; at < nameEnd; at += 4, next += 4) {
      to.view.setInt32(next, from.view.getInt32(at, true), true);
    }
    writeWords(after.words, to.view, afterAt);
    return end;
  }
}

function writeWords(words: Int32Array, to: DataView, start: number): void {
  for (let index = 0, at = start; index < words.length; index += 1, at += 4) to.setInt32(at, words[index] ?? 0, true);
}

function bytesOf(bytes: Buffer): Bytes {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

function formsFor(kinds: Ready["kinds"]): Forms {
  const name = kinds.join();
  const kept = keptForms.get(name);
  if (kept !== undefined) return kept;
  const asked = forms.filter((_, index) => kinds.includes(subjectKinds[index] ?? "customer"));
  const made = Array.from({ length: 256 }, (_, letter) => asked.find(({ start }) => start[1] === letter));
  keptForms.set(name, made);
  return made;
}

function textsOf(texts: LineTexts): Texts {
  const kept = keptTexts.get(texts);
  if (kept !== undefined) return kept;
  const made = { before: textOf(texts.before), after: texts.after.map(textOf) };
  keptTexts.set(texts, made);
  return made;
}

function textOf(bytes: Buffer): Text {
  const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
  bytes.copy(padded);
  return { bytes, words: Int32Array.from({ length: padded.length / 4 }, (_, index) => padded.readInt32LE(4 * index)) };
}
