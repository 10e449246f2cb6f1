import type { StreamRow } from "../inspection.ts";
import { Bits, fold, withRoom } from "./columns.ts";

const digestBytes = 16;

/**
 * The streams as they are stored, beside what their changes say of them. A stream's index is its place among the
 * stored ones, in the order of their numbers.
 */
export class StreamTable {
  /** Streams with a change that was erased. */
  readonly erased = new Bits();
  /** Streams with a change that says nothing that can be relied on: what they hold is not known. */
  readonly unsure = new Bits();
  /** Streams of an entry in the directory. */
  readonly entries = new Bits();
  #count = 0;
  #numbers = new Float64Array(0);
  #heads = new Float64Array(0);
  #digests = new Uint8Array(0);
  readonly #withDigest = new Bits();
  /** One more than the position of the newest change so far; 0 for none. */
  #newest = new Float64Array(0);
  #emails = new Uint32Array(0);

  get count(): number {
    return this.#count;
  }

  /** Adds a stored stream: its number is above those before it. */
  add({ number, digest, head }: StreamRow): void {
    const index = this.#count;
    this.#count += 1;
    this.#numbers = withRoom(this.#numbers, this.#count);
    this.#heads = withRoom(this.#heads, this.#count);
    this.#newest = withRoom(this.#newest, this.#count);
    this.#emails = withRoom(this.#emails, 2 * this.#count);
    this.#digests = withRoom(this.#digests, digestBytes * this.#count);
    this.#numbers[index] = number;
    this.#heads[index] = head;
    if (digest === null) return;
    this.#withDigest.add(index);
    if (digest.length === digestBytes) this.#digests.set(digest, digestBytes * index);
  }

  /** The index of the stream with a number; -1 when it is not stored. */
  indexOf(number: number): number {
    let [low, high] = [0, this.#count - 1];
    // Numbers without gaps from 1 on are what there mostly is.
    if (this.#numbers[number - 1] === number) return number - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#numbers[middle] ?? 0;
      if (found === number) return middle;
      if (found < number) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  numberOf(index: number): number {
    return this.#numbers[index] ?? 0;
  }

  headOf(index: number): number {
    return this.#heads[index] ?? 0;
  }

  hasDigest(index: number): boolean {
    return this.#withDigest.has(index);
  }

  /** Whether the stored digest of the stream's name is this one. */
  isNamed(index: number, digest: Uint8Array): boolean {
    if (!this.#withDigest.has(index)) return false;
    const at = digestBytes * index;
    for (let byte = 0; byte < digestBytes; byte += 1) if (this.#digests[at + byte] !== digest[byte]) return false;
    return true;
  }

  /** The position of the stream's newest change so far; undefined before its first. */
  newestOf(index: number): number | undefined {
    const next = this.#newest[index] ?? 0;
    return next === 0 ? undefined : next - 1;
  }

  setNewest(index: number, position: number): void {
    this.#newest[index] = position + 1;
  }

  /** @param digest of the e-mail address in the stream's newest directory entry */
  setEmail(index: number, digest: Uint8Array | undefined): void {
    [this.#emails[2 * index], this.#emails[2 * index + 1]] = digest === undefined ? [0, 0] : fold(digest);
  }

  hasEmail(index: number, digest: Uint8Array | null): boolean {
    const [one, other] = digest === null ? [0, 0] : fold(digest);
    return this.#emails[2 * index] === one && this.#emails[2 * index + 1] === other;
  }
}
