import { randomBytes } from "node:crypto";

/** Numbers by which keys are spread, chosen anew by each process: whoever chooses ids cannot choose where they end up. */
export type Spread = Int32Array;

/** A byte that is 0 has the word 0, so that what is not there need not be looked up: ids are short. */
export function newSpread(): Spread {
  const bytes = randomBytes(12 * 256 * 4);
  const spread = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  for (let place = 0; place < spread.length; place += 256) spread[place] = 0;
  return spread;
}

/** Tabulation hashing: for each byte of the key a random word, all of them added without carry. */
export function spreadOf(spread: Spread, a: number, b: number, c: number): number {
  return (
    spreadWord(spread, 0, a) ^ (b === 0 ? 0 : spreadWord(spread, 1024, b)) ^ (c === 0 ? 0 : spreadWord(spread, 2048, c))
  );
}

function spreadWord(spread: Spread, from: number, word: number): number {
  return (
    (spread[from + (word & 255)] ?? 0) ^
    (spread[from + 256 + ((word >>> 8) & 255)] ?? 0) ^
    (spread[from + 512 + ((word >>> 16) & 255)] ?? 0) ^
    (spread[from + 768 + (word >>> 24)] ?? 0)
  );
}
