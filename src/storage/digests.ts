import { createHmac } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

const digestBytes = 16;

/** The digest under which a name or an address stands in the tables: HMAC-SHA-256, the first 16 bytes of it. */
export type Digest = (text: string) => Buffer;

/** The digest of this database: its key is made with the schema, and stays. */
export function digestOf(db: DatabaseSync): Digest {
  const key = Buffer.from(db.prepare("SELECT key FROM digest_key").get()?.["key"] as Uint8Array);
  return (text) => createHmac("sha256", key).update(text).digest().subarray(0, digestBytes);
}
