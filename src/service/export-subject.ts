import type { Change } from "../domain/change.ts";
import { heldAddresses } from "../domain/held-addresses.ts";
import { markingStream, streamsOf, suppressionEvidenceOf, suppressionsOf } from "../domain/stream.ts";
import type { Subject } from "../domain/subject.ts";
import { setImmediate as nextTurn } from "node:timers/promises";
import { markOf } from "./mark.ts";
import { type Outcome, rejected } from "./outcome.ts";
import { type Opening, type PastRecords, StoreUnavailable } from "./store.ts";
import { type SuppressionView, viewsOf } from "./suppression-view.ts";

/** A suppression, and the normal form of the address that it stops. */
export interface AddressStop extends SuppressionView {
  readonly address: string;
}

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
  /** What stops any of these addresses now: to be read after the changes. */
  readonly suppressions: AsyncIterable<AddressStop>;
  /** What was shown or said when any of them was stopped, and when that was lifted: to be read after the changes. */
  readonly evidence: AsyncIterable<Opening>;
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
  return {
    value: {
      subject,
      exportedAt: new Date(now).toISOString(),
      preferences,
      entry,
      changes: openings(records, positions, addresses),
      addresses,
      suppressions: stopsOf(records, addresses),
      evidence: evidenceAbout(records, positions, addresses),
    },
  };
}

async function* openings(
  records: PastRecords,
  positions: readonly number[],
  addresses: Set<string>,
): AsyncGenerator<Opening> {
  for (const [index, position] of positions.entries()) {
    if (index % turnChanges === turnChanges - 1) await nextTurn();
    const opening = await ownOpening(records, position);
    for (const normal of heldAddresses(opening.change.kind, opening.change.document)) addresses.add(normal);
    yield opening;
  }
}

async function* stopsOf(records: PastRecords, addresses: ReadonlySet<string>): AsyncGenerator<AddressStop> {
  for await (const { address, mark } of marked(records, addresses)) {
    const [change] = await records.newest([suppressionsOf(mark)]);
    for (const view of change === undefined ? [] : viewsOf(change)) yield { address, ...view };
  }
}

/**
 * Somebody else who had one of these addresses may be erased meanwhile, and evidence about it with them; where it was the
 * subject itself, that shows in its changes.
 *
 * @param positions the changes of the subject
 */
async function* evidenceAbout(
  records: PastRecords,
  positions: readonly number[],
  addresses: ReadonlySet<string>,
): AsyncGenerator<Opening> {
  for await (const { mark } of marked(records, addresses)) {
    for (const position of await records.positions(suppressionEvidenceOf(mark))) {
      const opening = await records.opening(position);
      if (opening !== undefined && opening !== "erased") yield opening;
    }
  }
  for (const position of positions.slice(0, 1)) await ownOpening(records, position);
}

/** A change of the subject, which an erasure takes away with all the others: half of them must not look like all of them. */
async function ownOpening(records: PastRecords, position: number): Promise<Opening> {
  const opening = await records.opening(position);
  if (opening === undefined || opening === "erased") throw new StoreUnavailable("the subject was erased meanwhile");
  return opening;
}

/** Each address with its mark; none where nothing was ever stopped, as there is no key then. */
async function* marked(
  records: PastRecords,
  addresses: ReadonlySet<string>,
): AsyncGenerator<{ readonly address: string; readonly mark: string }> {
  const [key] = await records.newest([markingStream]);
  if (key === undefined) return;
  for (const [index, address] of [...addresses].entries()) {
    if (index % turnChanges === turnChanges - 1) await nextTurn();
    yield { address, mark: markOf(key.document, address) };
  }
}
