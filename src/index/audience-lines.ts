import type { AudiencePart, LineTexts } from "../service/decision-index.ts";
import { nextBit } from "./arrays/bits.ts";
import { pagePlaces } from "./arrays/pages.ts";
import { type LineText, moved, textOf, viewOf, writeDigits, writeText } from "./arrays/text.ts";
import type { Ready } from "./ready.ts";
import { kindOfKey, kindShift, nameBytes, type SubjectKind, subjectKinds } from "../domain/subject-key.ts";
import type { SubjectTable } from "./subjects/subject-table.ts";

/** Lines that go through each step together, so that the waits for memory of all of them overlap. */
const together = 128;

const places = new Int32Array(together);
const keys = new Int32Array(3 * together);
const answers = new Uint16Array(together);

const nobody = new Uint32Array(0);

/** Writes the names of those for whom the verdict is `send`. */
export class AudienceLines {
  readonly #table: SubjectTable;
  readonly #ready: Ready;
  readonly #before: LineText;
  readonly #after: readonly LineText[];
  readonly #longest: number;

  constructor(table: SubjectTable, ready: Ready, { before, after }: LineTexts) {
    this.#table = table;
    this.#ready = ready;
    this.#before = textOf(before);
    this.#after = after.map(textOf);
    this.#longest = before.length + nameBytes + Math.max(...after.map(({ length }) => length));
  }

  /**
   * Writes those on the page of a place, from that place on.
   *
   * @returns `next` where the output is full before the page is done
   */
  write(from: number, kind: SubjectKind | undefined, output: Uint8Array): AudiencePart {
    const page = Math.floor(from / pagePlaces);
    const first = page * pagePlaces;
    const senders = this.#ready.sendersOn(page, from - first) ?? nobody;
    const to = viewOf(output);
    let written = 0;
    for (let index = nextBit(senders, from - first); index < pagePlaces; ) {
      const room = Math.floor((output.length - moved - written) / this.#longest);
      if (room <= 0) return { written, next: first + index };
      let found = 0;
      for (; found < Math.min(together, room) && index < pagePlaces; found += 1) {
        places[found] = first + index + 1;
        index = nextBit(senders, index + 1);
      }
      written = this.#writeSome(found, kind, to, written);
    }
    return { written };
  }

  #writeSome(count: number, kind: SubjectKind | undefined, to: DataView, start: number): number {
    this.#table.keysOf(places, count, keys);
    this.#ready.answersAt(places, count, answers);
    let at = start;
    for (let line = 0; line < count; line += 1) {
      const [a, b, c] = [keys[3 * line] ?? 0, keys[3 * line + 1] ?? 0, keys[3 * line + 2] ?? 0];
      if (kind !== undefined && kindOfKey(c) !== kind) continue;
      writeText(this.#before, to, at);
      at = writeKey(a, b, c, to, at + this.#before.length);
      const after = this.#after[answers[line] ?? 0] ?? this.#before;
      writeText(after, to, at);
      at += after.length;
    }
    return at;
  }
}

const kindTexts = subjectKinds.map((kind) => textOf(Buffer.from(`${kind}:`)));

/** Writes the name that a key stands for, as `writeName` does; where it ends. */
function writeKey(a: number, b: number, c: number, to: DataView, at: number): number {
  const kind = kindTexts[(c >>> kindShift) - 1];
  if (kind === undefined) return at;
  writeText(kind, to, at);
  const end = writeDigits(a, to, at + kind.length);
  return b === 0 ? end : writeDigits(c & 0xffff, to, writeDigits(b, to, end));
}
