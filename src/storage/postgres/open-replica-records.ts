import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../../domain/limits.ts";
import { type LastChange, StoreUnavailable } from "../../service/store.ts";
import { openPostgresRecords, type PostgresSnapshot } from "./open-records.ts";

/** Milliseconds between two looks at a replica that is behind. */
const lookMs = 50;

/**
 * Opens what is recorded as openPostgresRecords does, on a replica: as of a moment when it had all that the primary has,
 * so that nothing is shown that was erased, and no checkpoint is ahead of it. Where it is behind for longer than
 * `limits.replicaWaitMs`, or is no copy at all, on the primary.
 *
 * @param tell is told which of the two is read, and how far behind the replica is
 * @throws as openPostgresRecords does, for the primary
 */
export async function openReplicaRecords(
  url: string,
  replicaUrl: string,
  tell: (line: string) => void,
): Promise<PostgresSnapshot> {
  const primary = await openPostgresRecords(url);
  const last = await primary.last();
  const replica = last && (await caughtUp(replicaUrl, last, tell));
  if (replica === undefined) return primary;
  await primary.close();
  tell("Read from the replica, which is no change behind the primary.");
  return replica;
}

/** The replica once it has this change; undefined, and told why, where it does not get it in time. */
async function caughtUp(
  url: string,
  last: LastChange,
  tell: (line: string) => void,
): Promise<PostgresSnapshot | undefined> {
  try {
    return await waitedFor(url, last);
  } catch (error) {
    // Whatever it is: nothing needs the replica.
    const why = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    tell(`The primary is read, and not the replica: ${why}.`);
    return undefined;
  }
}

/** @throws StoreUnavailable when it does not catch up in time */
async function waitedFor(url: string, last: LastChange): Promise<PostgresSnapshot> {
  const end = performance.now() + limits.replicaWaitMs;
  for (;;) {
    const replica = await openPostgresRecords(url);
    try {
      if (await replica.holds(last)) return replica;
      const behind = last.position + 1 - (await replica.size());
      if (performance.now() > end)
        throw new StoreUnavailable(`it is ${behind === 1 ? "a change" : `${behind} changes`} behind`);
    } catch (error) {
      await replica.close();
      throw error;
    }
    await replica.close();
    await delay(lookMs);
  }
}
