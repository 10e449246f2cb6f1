import type { DatabaseSync } from "node:sqlite";
import { sha256 } from "../../audit/verify-receipt.ts";
import { StoreUnavailable } from "../../service/store.ts";

const digestBytes = 16;

/**
 * The digest under which a name or an address stands in the tables: the first 16 bytes of SHA-256 over the database's
 * key and the text. What is cut off is what would let it be extended, so that no HMAC is needed, which costs ten times
 * as much.
 */
export type Digest = (text: string) => Buffer;

/** The digest of this database: its key is made with the schema, and stays. */
export function digestOf(db: DatabaseSync): Digest {
  const key = db.prepare("SELECT key FROM digest_key").get()?.["key"];
  if (!(key instanceof Uint8Array)) throw new StoreUnavailable("the database has lost the key of its digests");
  return (text) => sha256(Buffer.concat([key, Buffer.from(text)])).subarray(0, digestBytes);
}
