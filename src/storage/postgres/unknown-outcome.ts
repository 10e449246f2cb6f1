import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../../domain/limits.ts";
import type { Digest } from "../digest.ts";
import type { Database } from "./database.ts";
import { failureOf } from "./failure.ts";
import type { Member } from "./group.ts";

/** Milliseconds between two looks. */
const lookMs = 200;

// The stream's changes since: few, as it is looked for at once.
const findSql =
  "WITH RECURSIVE chain AS (SELECT position, previous, commitment, 1 AS place FROM saywhen.change " +
  "WHERE position = (SELECT head FROM saywhen.stream WHERE digest = $1) UNION ALL " +
  "SELECT change.position, change.previous, change.commitment, place + 1 FROM chain JOIN saywhen.change " +
  "ON change.position = chain.previous WHERE chain.previous < chain.position AND place < 10000) " +
  "SELECT position FROM chain WHERE commitment = $2";

/**
 * Where a change stands whose append broke off: it takes the log's head first, so that whoever still writes is through;
 * and it commits, so that what it has seen is as durable as its own commit (with a synchronous standby, there too).
 *
 * @returns undefined when it is not there, or nobody could tell within `limits.unknownOutcomeMs`
 */
export async function positionOf(database: Database, digest: Digest, { draft, commitment }: Member) {
  const end = performance.now() + limits.unknownOutcomeMs;
  for (;;) {
    try {
      return await database.until(end).transaction(async (statements) => {
        await statements.rows("SELECT saywhen.take_head()");
        const [found] = await statements.rows<{ position: number }>(findSql, [digest(draft.stream), commitment]);
        return found?.position;
      });
    } catch (error) {
      if (failureOf(error) === undefined) throw error;
      if (performance.now() + lookMs > end) return undefined;
      await delay(lookMs);
    }
  }
}
