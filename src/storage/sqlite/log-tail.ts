import type { LastChange, LoggedChange } from "../../service/store.ts";

/** How many characters the texts of the remembered changes have at most; parsed, they take some five times as much. */
const textMost = 4 * 1024 * 1024;

/** A change that was committed, with the length of its text, in characters. */
export interface Committed {
  readonly logged: LoggedChange;
  readonly size: number;
}

/**
 * The log's last changes as this process has committed them, for whoever follows the log: to read each again from the
 * file, hash it and parse it made a write a seventh dearer. Only the process that has the file's lock writes there.
 */
export class LogTail {
  /** By position, without gaps. */
  readonly #changes = new Map<number, Committed>();
  #size = 0;
  #last: LastChange | undefined;

  /** The log's last change, unless nothing is known of it. */
  get last(): LastChange | undefined {
    return this.#last;
  }

  /** Tells where the log ends, before anything is committed. */
  begin(last: LastChange): void {
    this.#last = last;
  }

  /** What the log has from a position on, at most `limit` changes; undefined when that is not remembered. */
  from(position: number, limit: number): LoggedChange[] | undefined {
    if (this.#last === undefined || position > this.#last.position + 1) return undefined;
    if (position <= this.#last.position && !this.#changes.has(position)) return undefined;
    const found: LoggedChange[] = [];
    for (let next = position; found.length < limit; next += 1) {
      const committed = this.#changes.get(next);
      if (committed === undefined) break;
      found.push(committed.logged);
    }
    return found;
  }

  /** Takes in what was committed at the end of the log. */
  add(committed: Committed): void {
    const { position, commitment } = committed.logged;
    if (this.#last !== undefined && position !== this.#last.position + 1) this.clear();
    this.#changes.set(position, committed);
    this.#last = { position, commitment };
    this.#size += committed.size;
    for (const [first, { size }] of this.#changes) {
      if (this.#size <= textMost) break;
      this.#changes.delete(first);
      this.#size -= size;
    }
  }

  /** The streams with these places were erased. */
  erase(places: ReadonlySet<number>): void {
    if (places.size === 0) return;
    for (const [position, { logged, size }] of this.#changes) {
      if (!places.has(logged.place)) continue;
      this.#changes.set(position, { logged: { ...logged, change: undefined }, size });
    }
  }

  clear(): void {
    this.#changes.clear();
    this.#size = 0;
    this.#last = undefined;
  }
}
