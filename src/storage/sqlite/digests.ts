import type { DatabaseSync } from "node:sqlite";
import { StoreUnavailable } from "../../service/store.ts";
import { type Digest, digestWith } from "../digest.ts";

/** The digest of a database. */
export function digestOf(db: DatabaseSync): Digest {
  const key = db.prepare("SELECT key FROM digest_key").get()?.["key"];
  if (!(key instanceof Uint8Array)) throw new StoreUnavailable("the database has lost the key of its digests");
  return digestWith(key);
}
