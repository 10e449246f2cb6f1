import { customerParts, flags, markedBytes } from "../../service/change-code.ts";
import type { MarkWords } from "../addresses/addresses.ts";

/** What a code of a customer's preferences says; nothing of it is read before it is asked for. */
export class CustomerCode {
  /** Of every address that a selection has, the first words of its mark. */
  readonly marks: readonly MarkWords[];
  /** How many there are. */
  readonly selections: number;
  readonly #bytes: DataView;
  readonly #instants: number;
  readonly #selections: number;

  /** @param at where the code begins */
  constructor(bytes: DataView, at: number) {
    const addresses = bytes.getUint16(at + 1, true);
    const instants = bytes.getUint16(at + 3, true);
    this.selections = bytes.getUint32(at + 5, true);
    this.#bytes = bytes;
    const marks: MarkWords[] = [];
    const marked = at + customerParts.head;
    this.#instants = marked + addresses * markedBytes;
    for (let mark = marked; mark < this.#instants; mark += markedBytes) marks.push(markAt(bytes, mark));
    this.marks = marks;
    this.#selections = this.#instants + instants * customerParts.instant;
  }

  /** The number of a selection's slot. */
  slotAt(selection: number): number {
    return this.#bytes.getUint32(this.#at(selection), true);
  }

  isOptedOut(selection: number): boolean {
    return (this.#bytes.getUint8(this.#at(selection) + 4) & flags.optedOut) !== 0;
  }

  isUnconfirmed(selection: number): boolean {
    return (this.#bytes.getUint8(this.#at(selection) + 4) & flags.unconfirmed) !== 0;
  }

  /** Which of the marks is that of a selection's address. */
  addressAt(selection: number): number {
    return this.#bytes.getUint16(this.#at(selection) + 5, true);
  }

  /** When a selection was last chosen, in milliseconds since 1970. */
  instantAt(selection: number): number {
    const instant = this.#bytes.getUint16(this.#at(selection) + 7, true);
    return this.#bytes.getFloat64(this.#instants + instant * customerParts.instant, true);
  }

  #at(selection: number): number {
    return this.#selections + selection * customerParts.selection;
  }
}

/** The words of the mark that stands there. */
export function markAt(bytes: DataView, at: number): MarkWords {
  return [bytes.getInt32(at), bytes.getInt32(at + 4), bytes.getInt32(at + 8)];
}
