import { canonicalJson } from "../../audit/verify-receipt.ts";
import type { Erasure } from "../../domain/log-acts.ts";
import { type ChangeRow, isErased, type Said, saidIn } from "../change-row.ts";
import { Bits } from "./columns.ts";
import type { Findings } from "./findings.ts";

/** How many changes that say nothing of use are kept in mind until the erasures are known. */
const keptDamages = 10_000;

/** How many changes can be missing in a row; whatever stands farther off is not in its place. */
const longestGap = 2 ** 24;

/** Each change by itself, in the order of the log: its place, its time, its text, and whether it was erased by right. */
export class ChangeCheck {
  readonly #findings: Findings;
  readonly #blank = new Bits();
  readonly #named = new Bits();
  readonly #damaged = new Map<number, string>();
  /** From where, up to where, changes are missing. */
  readonly #gaps: (readonly [number, number])[] = [];
  #next = 0;
  #now = 0;
  /** The last second that was printed, and how. */
  #second = Number.NaN;
  #printed = "";

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** The position after the last that was taken. */
  get end(): number {
    return this.#next;
  }

  /** Whether the change follows those before it, be it after a gap; one that does not is passed over. */
  isInPlace({ position }: ChangeRow): boolean {
    const missing = position - this.#next;
    if (missing === 0) return true;
    const isFar = missing < 0 || missing > longestGap;
    if (isFar) this.#findings.add("log", `A change stands at position ${position}, where none can be.`, this.#next);
    else this.#gap(this.#next, position);
    return !isFar;
  }

  /**
   * @param row of a change that is in its place
   * @returns what the change says; undefined when it says nothing, or nothing that can be relied on
   */
  take(row: ChangeRow): Said | undefined {
    const { position, at } = row;
    if (at < this.#now) this.#findings.add("log", "Its time is before that of the change ahead of it.", position);
    this.#next = position + 1;
    this.#now = at;
    if (isErased(row)) {
      this.#blank.add(position);
      if (row.salt.some((byte) => byte !== 0)) this.#damage(position, "its salt was not erased with it");
      return undefined;
    }
    const said = saidIn(row);
    const damage = typeof said === "string" ? said : this.#faultIn(said, row);
    if (damage !== undefined) this.#damage(position, damage);
    if (typeof said === "string" || damage !== undefined) return undefined;
    if (said.kind === "erasure") this.#erases(said, position);
    return said;
  }

  /** Compares what is blank with what the erasures name, once all changes were taken. */
  finish(): void {
    for (const [position, what] of this.#damaged) this.#report(position, what);
    for (let position = 0; position < this.#next; position += 1) {
      const [blank, named] = [this.#blank.has(position), this.#named.has(position)];
      if (blank && !named) {
        this.#findings.add("log", "It says nothing any more, and no erasure names it: what it said is lost.", position);
      }
      if (named && !blank && !this.#damaged.has(position) && !this.#isMissing(position))
        this.#report(position, "all that it said is still there");
    }
  }

  #gap(from: number, to: number): void {
    const what =
      to - from === 1 ? "The change is missing." : `The changes from here to position ${to - 1} are missing.`;
    this.#findings.add("log", what, from);
    this.#gaps.push([from, to]);
  }

  #isMissing(position: number): boolean {
    return this.#gaps.some(([from, to]) => position >= from && position < to);
  }

  #damage(position: number, what: string): void {
    if (this.#damaged.size < keptDamages) this.#damaged.set(position, what);
    else this.#findings.add("log", sentence(what), position);
  }

  /** What an erasure names has to be blank, and can be made so; anything else cannot be brought back. */
  #report(position: number, what: string): void {
    if (this.#named.has(position)) this.#findings.add("derived", `It was erased, but ${what}.`, position);
    else this.#findings.add("log", sentence(what), position);
  }

  /** What is wrong with a text that fits its commitment. */
  #faultIn(said: Said, { at, body }: ChangeRow): string | undefined {
    if (typeof said.stream !== "string") return "its text names no stream";
    if (this.#print(at) !== said.at) return "its text has its time in another form than its entry";
    return isCanonical(said, body) ? undefined : "its text is not canonical JSON";
  }

  /** A time in RFC 3339. Changes of one second have all but the end in common, and printing dates is dear. */
  #print(at: number): string {
    const second = Math.floor(at / 1000);
    if (second !== this.#second) this.#printed = new Date(second * 1000).toISOString().slice(0, -4);
    this.#second = second;
    return `${this.#printed}${String(at - second * 1000).padStart(3, "0")}Z`;
  }

  #erases({ document }: Said, position: number): void {
    const { positions } = Object(document) as Partial<Erasure>;
    if (!Array.isArray(positions) || !positions.every((erased) => isBefore(erased, position))) {
      this.#findings.add("log", "It is an erasure that does not name changes before it.", position);
      return;
    }
    for (const erased of positions as readonly number[]) this.#named.add(erased);
  }
}

function isBefore(erased: unknown, position: number): boolean {
  return typeof erased === "number" && Number.isInteger(erased) && erased >= 0 && erased < position;
}

function sentence(clause: string): string {
  return `${clause[0]?.toUpperCase()}${clause.slice(1)}.`;
}

/**
 * Whether the text is the canonical JSON of what was read from it. Where names are in order and JSON.stringify gives the
 * text back, it is: only lone surrogates, which it escapes, are not canonical then.
 */
function isCanonical(said: Said, body: string): boolean {
  if (isSorted(said) && JSON.stringify(said) === body && !body.includes("\\ud")) return true;
  try {
    return canonicalJson(said) === body;
  } catch {
    return false;
  }
}

function isSorted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let before = "";
  // What was read from JSON has no names but its own; a list of them for each object took longer than all else here.
  for (const name in value) {
    if (name < before || !isSorted((value as Readonly<Record<string, unknown>>)[name])) return false;
    before = name;
  }
  return true;
}
