import type { Change } from "../../domain/change.ts";
import type { LastChange, LoggedChange } from "../../service/store.ts";

/** How many characters the texts of the remembered changes have at most; parsed, they take some five times as much. */
const textMost = 4 * 1024 * 1024;

/** A change that was committed, with the length of its text, in characters. */
export interface Committed {
  readonly logged: LoggedChange;
  readonly size: number;
}

interface Kept {
  readonly place: number;
  /** Its bytes as characters: a Buffer would keep all the memory that it shares, in which texts of changes stand. */
  readonly commitment: string;
  change: Change | undefined;
  readonly size: number;
}

/**
 * The log's last changes as this process has committed them, for whoever follows the log: to read each again from the
 * file, hash it and parse it made a write a seventh dearer. Only the process that has the file's lock writes there.
 */
export class LogTail {
  /** One position after the other. Those that were let go are cut off once half of them are that. */
  #kept: Kept[] = [];
  #first = 0;
  #gone = 0;
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
    if (this.#last === undefined) return undefined;
    const end = this.#last.position + 1;
    if (position >= end) return position === end ? [] : undefined;
    const start = position - this.#first;
    if (start < this.#gone || this.#kept.length === 0) return undefined;
    return this.#kept.slice(start, start + limit).map(({ place, commitment, change }, index) => ({
      position: position + index,
      place,
      commitment: Buffer.from(commitment, "latin1"),
      change,
    }));
  }

  /** Takes in what was committed at the end of the log. */
  add({ logged: { position, place, commitment, change }, size }: Committed): void {
    if (this.#last !== undefined && position !== this.#last.position + 1) this.clear();
    if (this.#kept.length === 0) this.#first = position;
    this.#kept.push({ place, commitment: commitment.toString("latin1"), change, size });
    this.#last = { position, commitment };
    this.#size += size;
    this.#letGo();
  }

  /** The streams with these places were erased. */
  erase(places: ReadonlySet<number>): void {
    if (places.size === 0) return;
    for (const kept of this.#kept) if (places.has(kept.place)) kept.change = undefined;
  }

  clear(): void {
    this.#kept = [];
    this.#gone = 0;
    this.#size = 0;
    this.#last = undefined;
  }

  #letGo(): void {
    while (this.#size > textMost) {
      this.#size -= this.#kept[this.#gone]?.size ?? 0;
      this.#gone += 1;
    }
    if (2 * this.#gone < this.#kept.length) return;
    this.#kept.splice(0, this.#gone);
    this.#first += this.#gone;
    this.#gone = 0;
  }
}
