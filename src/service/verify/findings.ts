/**
 * What is wrong: `log`, a change or its entry; `derived`, something that can be derived anew; `checkpoint`, the log does
 * not extend what was signed.
 */
export type FindingKind = "checkpoint" | "derived" | "log";

/** One thing that is wrong. */
export interface Finding {
  readonly kind: FindingKind;
  /** Of the change that it is about, where there is one. */
  readonly position?: number;
  /** A sentence. */
  readonly what: string;
}

/** How many findings of a kind are kept; the rest are counted. */
const keptFindings = 100;

/** What was found: the first by position of each kind, and how many there are. */
export class Findings {
  readonly #counts = { checkpoint: 0, derived: 0, log: 0 };
  readonly #kept: Record<FindingKind, Finding[]> = { checkpoint: [], derived: [], log: [] };

  /** @param what a sentence */
  add(kind: FindingKind, what: string, position?: number): void {
    this.#counts[kind] += 1;
    const kept = this.#kept[kind];
    kept.push(position === undefined ? { kind, what } : { kind, position, what });
    if (kept.length >= 2 * keptFindings) this.#kept[kind] = first(kept);
  }

  get counts(): Readonly<Record<FindingKind, number>> {
    return { ...this.#counts };
  }

  /** Those that were kept, by position; what is about no position comes last. */
  list(): Finding[] {
    return Object.values(this.#kept).flatMap(first).sort(byPosition);
  }
}

function first(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(byPosition).slice(0, keptFindings);
}

function byPosition(one: Finding, other: Finding): number {
  const [a, b] = [one.position ?? Number.MAX_SAFE_INTEGER, other.position ?? Number.MAX_SAFE_INTEGER];
  return a - b;
}
