import type { Change } from "../domain/change.ts";
import { heldAddresses } from "../domain/held-addresses.ts";
import { streamsOf } from "../domain/stream.ts";
import type { Subject } from "../domain/subject.ts";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Outcome, rejected } from "./outcome.ts";
import { type Opening, type PastRecords, StoreUnavailable } from "./store.ts";

/** All that is held about a subject, to be read once, in the order of its members. */
export interface SubjectExport {
  readonly subject: Subject;
  /** When this was put together: RFC 3339, UTC. */
  readonly exportedAt: string;
  /** What it has chosen, as it stands now; undefined when it has chosen nothing itself. */
  readonly preferences: Change | undefined;
  /** Its entry in the directory; undefined for a customer, and for one that was never entered. */
  readonly entry: Change | undefined;
  /** Every change of it, the oldest first, each with what opens its commitment. */
  readonly changes: AsyncIterable<Opening>;
  /** The normal forms of all addresses that it has or had: known once the changes have been read. */
  readonly addresses: ReadonlySet<string>;
}

/** Changes that are read before other requests get their turn: less than a millisecond of work. */
const turnChanges = 50;

/**
 * Everything that is held about a subject; `subject-unknown` when that is nothing. However many changes it has, one of
 * them is in memory at a time.
 *
 * @param now in milliseconds since 1970
 */
export async function exportSubject(
  records: PastRecords,
  subject: Subject,
  now: number,
): Promise<Outcome<SubjectExport>> {
  const streams = streamsOf(subject);
  const [preferences, entry] = await records.newest(streams);
  if (preferences === undefined && entry === undefined) return rejected("subject-unknown");
  const positions = (await Promise.all(streams.map((stream) => records.positions(stream)))).flat();
  positions.sort((one, other) => one - other);
  const addresses = new Set<string>();
  const changes = openings(records, positions, addresses);
  return { value: { subject, exportedAt: new Date(now).toISOString(), preferences, entry, changes, addresses } };
}

async function* openings(
  records: PastRecords,
  positions: readonly number[],
  addresses: Set<string>,
): AsyncGenerator<Opening> {
  for (const [index, position] of positions.entries()) {
    if (index % turnChanges === turnChanges - 1) await nextTurn();
    const opening = await records.opening(position);
    // Half of it must not look like all of it.
    if (opening === undefined || opening === "erased") throw new StoreUnavailable("the subject was erased meanwhile");
    for (const normal of heldAddresses(opening.change.kind, opening.change.document)) addresses.add(normal);
    yield opening;
  }
}
