import { createHmac } from "node:crypto";
import type { MarkKey } from "../domain/suppression.ts";

/** Bytes that SHA-256 takes in at a time. */
const chunkBytes = 64;

/** The longest text that fits in one such piece, with a byte that ends it and eight that tell its length. */
const shortLength = chunkBytes - 9;

/** Makes the digests of which marks are made: HMAC with SHA-256. */
export interface Marker {
  /**
   * The digest of an address, as eight words of 32 bits, the first byte in the highest bits. They are overwritten by the
   * next call.
   *
   * @param normal the address in its normal form
   */
  digestOf(normal: string): Int32Array;
}

/**
 * Who marks addresses by a key. An index marks millions of addresses when it is built. One call of node:crypto costs more
 * than the arithmetic of it all, so that is done here; what the key alone decides is worked out once. A test holds every
 * digest against node:crypto.
 */
export function markerOf({ key }: MarkKey): Marker {
  const bytes = Buffer.from(key, "base64");
  const [inner, outer] = [padded(bytes, 0x36), padded(bytes, 0x5c)];
  const words = new Int32Array(64);
  const state = new Int32Array(8);
  const digestOf = (normal: string): Int32Array => {
    if (!takeText(words, normal)) return longDigest(bytes, normal, state);
    state.set(inner);
    takeIn(state, words);
    takeDigest(words, state);
    state.set(outer);
    takeIn(state, words);
    return state;
  };
  return { digestOf };
}

/** What SHA-256 comes to after the key, each of its bytes changed by `pad`: how HMAC begins. */
function padded(key: Buffer, pad: number): Int32Array {
  const piece = Buffer.alloc(chunkBytes, pad);
  key.forEach((byte, index) => piece.writeUInt8(byte ^ pad, index));
  const words = new Int32Array(64);
  for (let index = 0; index < 16; index += 1) words[index] = piece.readInt32BE(4 * index);
  const state = Int32Array.from(start);
  takeIn(state, words);
  return state;
}

/** Lays a text out as the last piece after the key; false for one that does not fit or is not all ASCII. */
function takeText(words: Int32Array, text: string): boolean {
  const { length } = text;
  if (length > shortLength) return false;
  words.fill(0, 0, 16);
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return false;
    words[index >> 2] = (words[index >> 2] ?? 0) | (code << (24 - 8 * (index & 3)));
  }
  words[length >> 2] = (words[length >> 2] ?? 0) | (0x80 << (24 - 8 * (length & 3)));
  words[15] = 8 * (chunkBytes + length);
  return true;
}

function takeDigest(words: Int32Array, digest: Int32Array): void {
  words.set(digest);
  words.fill(0, 8, 16);
  words[8] = 0x80000000;
  words[15] = 8 * (chunkBytes + 32);
}

function longDigest(key: Buffer, text: string, state: Int32Array): Int32Array {
  const digest = createHmac("sha256", key).update(text).digest();
  for (let index = 0; index < 8; index += 1) state[index] = digest.readInt32BE(4 * index);
  return state;
}

/** The first 32 bits behind the point of a root: where the constants of FIPS 180-4 come from. */
function rootBits(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

const primes = Array.from({ length: 310 }, (_, index) => index + 2).filter((number, _, all) =>
  all.every((other) => other * other > number || number % other !== 0),
);
const start = Int32Array.from(primes.slice(0, 8), (prime) => rootBits(Math.sqrt(prime)));
const constants = Int32Array.from(primes.slice(0, 64), (prime) => rootBits(Math.cbrt(prime)));

/** One step of SHA-256 (FIPS 180-4, 6.2.2); its letters are those of the standard. */
function takeIn(state: Int32Array, w: Int32Array): void {
  for (let t = 16; t < 64; t += 1) {
    const x = w[t - 15] ?? 0;
    const y = w[t - 2] ?? 0;
    const one = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    const zero = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    w[t] = (one + (w[t - 7] ?? 0) + zero + (w[t - 16] ?? 0)) | 0;
  }
  let a = state[0] ?? 0;
  let b = state[1] ?? 0;
  let c = state[2] ?? 0;
  let d = state[3] ?? 0;
  let e = state[4] ?? 0;
  let f = state[5] ?? 0;
  let g = state[6] ?? 0;
  let h = state[7] ?? 0;
  for (let t = 0; t < 64; t += 1) {
    const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + sum1 + ((e & f) ^ (~e & g)) + (constants[t] ?? 0) + (w[t] ?? 0)) | 0;
    const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = ((state[0] ?? 0) + a) | 0;
  state[1] = ((state[1] ?? 0) + b) | 0;
  state[2] = ((state[2] ?? 0) + c) | 0;
  state[3] = ((state[3] ?? 0) + d) | 0;
  state[4] = ((state[4] ?? 0) + e) | 0;
  state[5] = ((state[5] ?? 0) + f) | 0;
  state[6] = ((state[6] ?? 0) + g) | 0;
  state[7] = ((state[7] ?? 0) + h) | 0;
}
