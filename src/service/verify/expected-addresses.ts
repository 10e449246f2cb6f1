import { Bits, fold, withRoom } from "./columns.ts";

const goldenRatio = 0x9e3779b1;

/**
 * Pairs of a stream and an address's digest, each with the position that it first came with: an open hash table over
 * 64 bits of each pair. That two pairs have the same is as likely as a wrong bit in memory.
 */
export class ExpectedAddresses {
  #count = 0;
  /** One more than the number of the pair in each slot; 0 for none. */
  #slots = new Uint32Array(2048);
  #ones = new Uint32Array(1024);
  #others = new Uint32Array(1024);
  #positions = new Float64Array(1024);
  readonly #met = new Bits();

  /** @param stream its index */
  add(stream: number, digest: Uint8Array, position: number): void {
    const [one, other] = keyOf(stream, digest);
    const slot = this.#slotOf(one, other);
    if (this.#slots[slot] !== 0) return;
    const pair = this.#count;
    this.#count += 1;
    this.#slots[slot] = this.#count;
    this.#ones = withRoom(this.#ones, this.#count);
    this.#others = withRoom(this.#others, this.#count);
    this.#positions = withRoom(this.#positions, this.#count);
    [this.#ones[pair], this.#others[pair], this.#positions[pair]] = [one, other, position];
    if (this.#count * 2 > this.#slots.length) this.#grow();
  }

  /** Whether a pair that was found is expected. */
  meet(stream: number, digest: Uint8Array): boolean {
    const pair = this.#slots[this.#slotOf(...keyOf(stream, digest))] ?? 0;
    if (pair !== 0) this.#met.add(pair - 1);
    return pair !== 0;
  }

  /** The positions with which those came that were not found. */
  *missing(): Generator<number> {
    for (let pair = 0; pair < this.#count; pair += 1) {
      if (!this.#met.has(pair)) yield this.#positions[pair] ?? 0;
    }
  }

  /** Where the pair is, or would be. */
  #slotOf(one: number, other: number): number {
    const last = this.#slots.length - 1;
    for (let slot = one & last; ; slot = (slot + 1) & last) {
      const pair = this.#slots[slot] ?? 0;
      if (pair === 0 || (this.#ones[pair - 1] === one && this.#others[pair - 1] === other)) return slot;
    }
  }

  #grow(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let pair = 0; pair < this.#count; pair += 1) {
      this.#slots[this.#slotOf(this.#ones[pair] ?? 0, this.#others[pair] ?? 0)] = pair + 1;
    }
  }
}

function keyOf(stream: number, digest: Uint8Array): readonly [number, number] {
  const [one, other] = fold(digest);
  return [one, (other ^ Math.imul(stream + 1, goldenRatio)) >>> 0];
}
