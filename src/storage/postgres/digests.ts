import { StoreUnavailable } from "../../service/store.ts";
import { type Digest, digestWith } from "../digest.ts";
import type { Statements } from "./database.ts";

/** The digest of a database. */
export async function digestOf(statements: Statements): Promise<Digest> {
  const [row] = await statements.rows<{ key: Buffer }>("SELECT key FROM saywhen.digest_key");
  if (row === undefined) throw new StoreUnavailable("the database has lost the key of its digests");
  return digestWith(row.key);
}
