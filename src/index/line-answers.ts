import type { LineProgress, LineTexts } from "../service/decision-index.ts";
import {
  digitCount,
  digitsAt,
  fourDigitsAt,
  moved,
  readableBeyond,
  type Start,
  startOf,
  startsWith,
  type LineText,
  textOf,
  viewOf,
  writeText,
} from "./arrays/text.ts";
import type { Ready } from "./ready.ts";
import { kindShift, type SubjectKind, subjectKinds } from "../domain/subject-key.ts";
import type { SubjectTable } from "./subjects/subject-table.ts";

/** Lines that go through each step together, so that the waits for memory of all of them overlap. */
const together = 128;

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const zero = 0x30;

/** Bytes of the longest line that is answered, without what it begins with: `"organisation:` and its id, or a shorter one. */
const lineBytes = 40;

/** Spaces before a name: a line with more of them may be too long, which is not looked at here. */
const spacesMost = 16;

/** How a line of a kind begins, and what ids of the kind there are. */
interface Form {
  readonly kind: SubjectKind;
  readonly start: Start;
  /** The last word of a key that has no digits yet. */
  readonly word: number;
  readonly digitsMax: number;
  readonly takesZero: boolean;
}

const forms: readonly Form[] = subjectKinds.map((kind, index) => ({
  kind,
  start: startOf(`"${kind}:`),
  word: (index + 1) << kindShift,
  digitsMax: kind === "customer" ? 20 : 15,
  takesZero: kind === "customer",
}));

/** By the first letter of their names, how lines begin that a question about some kinds is asked of. */
type Forms = readonly (Form | undefined)[];

/** What stands around a name, ready to be copied. */
interface Texts {
  readonly before: LineText;
  readonly after: readonly LineText[];
}

// A batch makes one of these for each of its parts: what two of them may share is made once.
const keptForms = new Map<string, Forms>();
const keptTexts = new WeakMap<LineTexts, Texts>();
const keys = new Int32Array(3 * together);
/** Where in the input the names begin and end, and where the lines end. */
const names = new Int32Array(together);
const nameEnds = new Int32Array(together);
const ends = new Int32Array(together);
const places = new Int32Array(together);
/** More than 255 answers are possible: one for each frequency of the catalogue. */
const answers = new Uint16Array(together);

/** Answers lines with a subject's name each. */
export class LineAnswers {
  readonly #table: SubjectTable;
  readonly #ready: Ready;
  readonly #forms: Forms;
  readonly #before: LineText;
  readonly #after: readonly LineText[];

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
    const from = readableBeyond(input, lineBytes);
    const to = viewOf(output);
    const room = output.length - moved;
    let read = 0;
    let lines = 0;
    let written = 0;
    for (;;) {
      const found = this.#read(from, input.length, read);
      this.#table.placesOf(keys, found, places);
      this.#ready.answersAt(places, found, answers);
      for (let line = 0; line < found; line += 1) {
        const end = this.#write(line, from, to, written, room);
        if (end === written) return { read, lines, written };
        written = end;
        read = ends[line] ?? 0;
        lines += 1;
      }
      if (found < together) return { read, lines, written };
    }
  }

  /** Reads lines up to the first that cannot be answered; how many. */
  #read(input: DataView, length: number, from: number): number {
    let at = from;
    let lines = 0;
    while (lines < together && at < length) {
      const end = this.#readLine(input, length, at, lines);
      if (end === at || end > length) break;
      at = end;
      ends[lines] = end;
      lines += 1;
    }
    return lines;
  }

  /** Reads one line; where it ends, or where it begins if it is something else. */
  #readLine(input: DataView, length: number, from: number, line: number): number {
    const until = Math.min(length, from + spacesMost);
    let at = from;
    while (at < until && input.getUint8(at) === space) at += 1;
    const form = this.#forms[input.getUint8(at + 1)];
    if (form === undefined) return from;
    if (!startsWith(input, at, form.start)) return from;
    const first = at + form.start.length;
    const a = digitsAt(input, first);
    const b = digitCount(a) === 8 ? digitsAt(input, first + 8) : 0;
    const c = digitCount(b) === 8 ? fourDigitsAt(input, first + 16) : 0;
    const digits = digitCount(a) + digitCount(b) + digitCount(c);
    if (digits === 0 || digits > form.digitsMax || (!form.takesZero && input.getUint8(first) === zero)) return from;
    const nameEnd = first + digits;
    if (input.getUint8(nameEnd) !== quote) return from;
    const end = input.getUint8(nameEnd + 1) === carriageReturn ? nameEnd + 2 : nameEnd + 1;
    if (input.getUint8(end) !== lineFeed) return from;
    names[line] = at + 1;
    nameEnds[line] = nameEnd;
    keys[3 * line] = a;
    keys[3 * line + 1] = b;
    keys[3 * line + 2] = c | form.word;
    return end + 1;
  }

  /** Writes one answer; where it ends, or where it was to begin when there is no room for it. */
  #write(line: number, from: DataView, to: DataView, start: number, room: number): number {
    const before = this.#before;
    const after = this.#after[answers[line] ?? 0] ?? before;
    const name = names[line] ?? 0;
    const nameEnd = nameEnds[line] ?? 0;
    const nameAt = start + before.length;
    const afterAt = nameAt + nameEnd - name;
    const end = afterAt + after.length;
    if (end > room) return start;
    writeText(before, to, start);
    for (let at = name, next = nameAt; at < nameEnd; at += moved, next += moved) {
      to.setFloat64(next, from.getFloat64(at, true), true);
    }
    writeText(after, to, afterAt);
    return end;
  }
}

function formsFor(kinds: Ready["kinds"]): Forms {
  const name = kinds.join();
  const kept = keptForms.get(name);
  if (kept !== undefined) return kept;
  const asked = forms.filter(({ kind }) => kinds.includes(kind));
  const made = Array.from({ length: 256 }, (_, letter) => asked.find(({ kind }) => kind.charCodeAt(0) === letter));
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
