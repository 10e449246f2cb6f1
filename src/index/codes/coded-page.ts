import type { Subject } from "../../domain/subject.ts";
import { subjectKeyBytes, subjectOfKey } from "../../domain/subject-key.ts";
import { checkBytes, checkFrom, checkIn } from "../../service/change-code.ts";

const space = 0x20;
const zero = 0x30;

/** Goes through the codes of a page, as CodedPage has them; one at a time. */
export class CodedPageReader {
  readonly bytes: DataView;
  /** That of the code's stream. */
  place = 0;
  /** That of the stream's newest change. */
  position = 0;
  /** Where the name begins. */
  name = 0;
  /** Where begins what the code says, and where it ends. */
  said = 0;
  end = 0;
  #next = 0;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.bytes = new DataView(buffer, byteOffset, byteLength);
  }

  /** Goes to the next code, at first to the first; false when there is none. */
  next(): boolean {
    if (this.#next >= this.bytes.byteLength) return false;
    this.place = this.#number(this.#next);
    this.position = this.#number(this.name);
    const length = this.#number(this.name);
    this.said = this.name + subjectKeyBytes;
    this.#next = this.said + length;
    this.end = Math.max(this.said, this.#next - checkBytes);
    return true;
  }

  /** Whose code it is. */
  get subject(): Subject | undefined {
    const { bytes, name } = this;
    return subjectOfKey(bytes.getInt32(name, true), bytes.getInt32(name + 4, true), bytes.getInt32(name + 8, true));
  }

  /** Whether the code is as it was written. */
  get isWhole(): boolean {
    if (this.#next - this.end !== checkBytes) return false;
    const from = checkIn(this.bytes, this.name, this.said, checkFrom(this.place, this.position));
    return checkIn(this.bytes, this.said, this.end, from) === this.bytes.getUint32(this.end, true);
  }

  /** Reads a decimal number and goes behind its space. */
  #number(from: number): number {
    let at = from;
    let value = 0;
    for (let byte = this.bytes.getUint8(at); byte !== space; byte = this.bytes.getUint8(++at)) {
      value = 10 * value + byte - zero;
    }
    this.name = at + 1;
    return value;
  }
}
