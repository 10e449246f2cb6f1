import type { Change } from "../domain/change.ts";
import { heldAddresses } from "../domain/held-addresses.ts";
import { markingStream, streamsOf, suppressionEvidenceOf } from "../domain/stream.ts";
import type { Subject } from "../domain/subject.ts";
import { markOf } from "./mark.ts";
import { type Outcome, rejected } from "./outcome.ts";
import { stopsAt } from "./read-suppressions.ts";
import { type Opening, type PastRecords, StoreUnavailable } from "./store.ts";
import type { SuppressionOfAddress } from "./suppression-view.ts";
import { nextTurn } from "./turns.ts";

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
  readonly suppressions: AsyncIterable<SuppressionOfAddress>;
  /** What was shown or said when any of them was stopped, and when that was lifted: to be read after the changes. */
  readonly evidence: AsyncIterable<Opening>;
}

/** Changes or addresses that are read before other requests get their turn: less than a millisecond of work. */
const turnReads = 50;

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
  for await (const position of inTurns(positions)) {
    const opening = await ownOpening(records, position);
    for (const normal of heldAddresses(opening.change.kind, opening.change.document)) addresses.add(normal);
    yield opening;
  }
}

async function* stopsOf(records: PastRecords, addresses: ReadonlySet<string>): AsyncGenerator<SuppressionOfAddress> {
  for await (const { address, mark } of marked(records, addresses)) {
    for (const stop of await stopsAt(records, mark)) yield { address, ...stop };
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
  for await (const position of inTurns(evidencePositions(records, addresses))) {
    const opening = await records.opening(position);
    if (opening !== undefined && opening !== "erased") yield opening;
  }
  const [first] = positions;
  if (first !== undefined) await ownOpening(records, first);
}

async function* evidencePositions(records: PastRecords, addresses: ReadonlySet<string>): AsyncGenerator<number> {
  for await (const { mark } of marked(records, addresses)) yield* await records.positions(suppressionEvidenceOf(mark));
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
  for await (const address of inTurns(addresses)) yield { address, mark: markOf(key.document, address) };
}

/** The same items; the requests beside get their turn in between. */
async function* inTurns<Item>(items: AsyncIterable<Item> | Iterable<Item>): AsyncGenerator<Item> {
  let read = 0;
  for await (const item of items) {
    yield item;
    read += 1;
    if (read % turnReads === 0) await nextTurn();
  }
}
