import type { EmailPreferences, ModuleChoice } from "../../domain/email-preferences.ts";
import { NamedBits } from "../arrays/bits.ts";
import { Numbers } from "../arrays/numbers.ts";
import { Wishes } from "./wishes.ts";

/**
 * Documents of e-mail preferences, as rows. A document's first row is its wish for the whole; each module that is
 * `Custom` has a row of its own behind it. Rows are counted from 1, so that 0 stands for none, and those of documents
 * that went are used again.
 */
export class Choices {
  readonly wishes = new Wishes();
  /** By module, the rows whose wish counts for it: first rows where it is `Include`, its own where it is `Custom`. */
  readonly governing = new NamedBits();
  /** By module, the first rows of documents in which it is `Off`. */
  readonly off = new NamedBits();
  /** By alert service, the first rows of documents in which it is `On`. */
  readonly alertOn = new NamedBits();
  /** By alert service, the first rows of documents in which it is `Off`. */
  readonly alertOff = new NamedBits();
  readonly #next = new Numbers();
  readonly #free: number[] = [];
  #rows = 0;
  #changes = 0;

  /**
   * Takes in a document. Its modules, its alert services and the nodes of a wish each have a name of their own.
   *
   * @returns its first row
   */
  add(document: EmailPreferences): number {
    this.#changes += 1;
    const first = this.#takeRow();
    this.wishes.put(first, document.frequency, document.nodes);
    let last = first;
    for (const module of document.modules) last = this.#addModule(module, first, last);
    for (const { name, preference } of document.alertServices) {
      (preference === "On" ? this.alertOn : this.alertOff).of(name).set(first);
    }
    return first;
  }

  /** Takes out the document with this first row. */
  remove(first: number): void {
    this.#changes += 1;
    for (const named of [this.off, this.alertOn, this.alertOff]) named.clear(first);
    for (let row = first; row !== 0; ) {
      const next = this.next(row);
      this.wishes.clear(row);
      this.governing.clear(row);
      this.#next.set(row, 0);
      this.#free.push(row);
      row = next;
    }
  }

  /** The next row of the same document; 0 behind the last. */
  next(row: number): number {
    return this.#next.get(row);
  }

  /** Grows whenever a document comes or goes. */
  get changes(): number {
    return this.#changes;
  }

  get bytes(): number {
    const named = [this.governing, this.off, this.alertOn, this.alertOff];
    return named.reduce((sum, bits) => sum + bits.bytes, this.wishes.bytes + this.#next.bytes);
  }

  /** @returns the document's last row */
  #addModule({ name, preference, frequency, nodes = [] }: ModuleChoice, first: number, last: number): number {
    if (preference !== "Custom") {
      (preference === "Include" ? this.governing : this.off).of(name).set(first);
      return last;
    }
    const row = this.#takeRow();
    this.wishes.put(row, frequency, nodes);
    this.governing.of(name).set(row);
    this.#next.set(last, row);
    return row;
  }

  #takeRow(): number {
    return this.#free.pop() ?? ++this.#rows;
  }
}
