// Text is moved eight bytes at a time, as if they were a number: what takes the time is how often, not how much. What stands
// behind a text may be anything, and so may make it a NaN, which the language lets an engine change on the way. This one does
// not: a test tells of one that does.

/** How many bytes are moved at once: what is written needs room for as many more. */
export const moved = 8;

/** A text, ready to be copied. */
export interface LineText {
  readonly length: number;
  /** Its bytes, eight to a word; behind its end are zeros. */
  readonly words: Float64Array;
}

export function textOf(bytes: Uint8Array): LineText {
  const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
  padded.set(bytes);
  const view = viewOf(padded);
  return {
    length: bytes.length,
    words: Float64Array.from({ length: padded.length / 8 }, (_, index) => view.getFloat64(8 * index, true)),
  };
}

/** Writes a text. Up to seven bytes behind it are overwritten as well. */
export function writeText({ words }: LineText, to: DataView, at: number): void {
  for (let index = 0, next = at; index < words.length; index += 1, next += 8) {
    to.setFloat64(next, words[index] ?? 0, true);
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes, to be read some way beyond their end: what stands there means nothing. */
export function readableBeyond(bytes: Uint8Array, beyond: number): DataView {
  const length = bytes.length + beyond;
  if (bytes.byteOffset + length <= bytes.buffer.byteLength) return new DataView(bytes.buffer, bytes.byteOffset, length);
  const longer = new Uint8Array(length);
  longer.set(bytes);
  return viewOf(longer);
}

/** What something begins with, four bytes to a word. */
export interface Start {
  readonly length: number;
  readonly words: Int32Array;
  /** Which bits of the last word count. */
  readonly mask: number;
}

export function startOf(text: string): Start {
  const bytes = Buffer.alloc(Math.ceil(text.length / 4) * 4);
  bytes.write(text, "latin1");
  const words = Int32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readInt32LE(4 * index));
  return { length: text.length, words, mask: -1 >>> (8 * (bytes.length - text.length)) };
}

export function startsWith(bytes: DataView, at: number, { words, mask }: Start): boolean {
  const last = words.length - 1;
  for (let index = 0; index < last; index += 1) if (bytes.getInt32(at + 4 * index, true) !== words[index]) return false;
  return ((bytes.getInt32(at + 4 * last, true) ^ (words[last] ?? 0)) & mask) === 0;
}

/** Up to eight digits that stand somewhere, four bits each, the first one lowest: one more than the digit, and 0 behind the last. */
export function digitsAt(bytes: DataView, at: number): number {
  const four = fourDigitsAt(bytes, at);
  return four >>> 12 === 0 ? four : four | (fourDigitsAt(bytes, at + 4) << 16);
}

/** Up to four of them. */
export function fourDigitsAt(bytes: DataView, at: number): number {
  // Of a digit, nothing is left of 0x30, nor anything above 9.
  const values = bytes.getInt32(at, true) ^ 0x30303030;
  const others = (values | (values + 0x06060606)) & 0xf0f0f0f0;
  const firstOther = others === 0 ? 32 : (31 - Math.clz32(others & -others)) & 24;
  const digits = (values + 0x01010101) & (firstOther === 32 ? -1 : (1 << firstOther) - 1);
  return (digits & 0xf) | ((digits >>> 4) & 0xf0) | ((digits >>> 8) & 0xf00) | ((digits >>> 12) & 0xf000);
}

/** How many digits these are. */
export function digitCount(digits: number): number {
  return (35 - Math.clz32(digits)) >> 2;
}

/** Writes digits as they stand in such a number; where they end. Some bytes behind them are overwritten as well. */
export function writeDigits(digits: number, to: DataView, at: number): number {
  to.setInt32(at, fourBytes(digits), true);
  to.setInt32(at + 4, fourBytes(digits >>> 16), true);
  return at + digitCount(digits);
}

function fourBytes(digits: number): number {
  const apart = (digits & 0xf) | ((digits & 0xf0) << 4) | ((digits & 0xf00) << 8) | ((digits & 0xf000) << 12);
  return apart + 0x2f2f2f2f;
}
