import { sha256 } from "../audit/verify-receipt.ts";

const digestBytes = 16;

/**
 * The digest under which a name or an address stands in the tables: the first 16 bytes of SHA-256 over the database's
 * key and the text. What is cut off is what would let it be extended, so that no HMAC is needed, which costs ten times
 * as much.
 */
export type Digest = (text: string) => Buffer;

/** @param key of this database: made with its schema, it stays */
export function digestWith(key: Uint8Array): Digest {
  return (text) => sha256(Buffer.concat([key, Buffer.from(text)])).subarray(0, digestBytes);
}
