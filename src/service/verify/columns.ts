// Columns of numbers and bytes that grow: a hundred million facts in the memory that they need, and no objects.

type Cells = Float64Array | Uint8Array | Uint32Array;

/** The same array when it has room for so many cells; otherwise a copy of at least twice the length. */
export function withRoom<Array extends Cells>(cells: Array, length: number): Array {
  if (cells.length >= length) return cells;
  const longer = new (cells.constructor as new (length: number) => Array)(Math.max(length, 2 * cells.length, 1024));
  longer.set(cells);
  return longer;
}

/** A set of whole numbers from 0 on, a bit for each up to the largest. */
export class Bits {
  #bytes = new Uint8Array(0);

  add(number: number): void {
    const at = Math.floor(number / 8);
    this.#bytes = withRoom(this.#bytes, at + 1);
    this.#bytes[at] = (this.#bytes[at] ?? 0) | (1 << (number % 8));
  }

  has(number: number): boolean {
    return ((this.#bytes[Math.floor(number / 8)] ?? 0) & (1 << (number % 8))) !== 0;
  }
}

/**
 * Two numbers of 32 bits that stand for a digest of 16 bytes, which is as good as random: all of its bits count.
 */
export function fold(digest: Uint8Array): readonly [number, number] {
  let [one, other] = [digest.length, 0];
  for (let at = 0; at < digest.length; at += 1) {
    if (at % 8 < 4) one ^= (digest[at] ?? 0) << (8 * (at % 4));
    else other ^= (digest[at] ?? 0) << (8 * (at % 4));
  }
  return [one >>> 0, other >>> 0];
}
