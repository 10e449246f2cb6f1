import type { Act, Change } from "../domain/change.ts";
import { type Difference, differencesBetween } from "../domain/differences.ts";
import type { Fault } from "../domain/fault.ts";
import { type Stream, streamsOf } from "../domain/stream.ts";
import type { Subject } from "../domain/subject.ts";
import { type Outcome, rejected } from "./outcome.ts";
import type { PastRecords } from "./store.ts";

/** A change of a subject, with what it changed. */
export interface PastChange
  extends Pick<Act, "actor" | "client" | "trackingId">,
    Pick<Change, "at" | "kind" | "position"> {
  /** What it changed of the document that it belongs to; empty when it said what was there already. */
  readonly differences: readonly Difference[];
}

/** A part of a subject's history, the newest first. */
export interface HistoryPage {
  readonly changes: readonly PastChange[];
  /** Where the part that follows begins; absent when this is the last. */
  readonly next?: HistoryPlace;
}

/** Where a history goes on: of each of the subject's streams the position of its next change, or undefined at its end. */
export type HistoryPlace = readonly (number | undefined)[];

/**
 * A part of a subject's history over all its streams, the newest first. From part to part no change is missed and none
 * comes twice, also while new ones are recorded: those are newer than where it goes on.
 *
 * @param limit how many changes at most
 * @param from where it goes on; absent: with the newest change
 * @returns the part; `subject-unknown` when nothing is recorded; `invalid` with a fault at `cursor` when `from` leads to
 *   something that is not, or not any more, the subject's
 */
export async function readHistory(
  records: PastRecords,
  subject: Subject,
  limit: number,
  from?: HistoryPlace,
): Promise<Outcome<HistoryPage>> {
  const streams = streamsOf(subject);
  const place = from ?? (await records.newest(streams)).map((change) => change?.position);
  const lines: Line[] = [];
  for (const [index, position] of place.entries()) {
    // One more than may be shown: the last needs the document before it, and the next part a place to go on.
    const stream = streams[index] as Stream;
    const changes = position === undefined ? [] : await records.history(stream, limit + 1, position);
    if (changes === undefined) return from === undefined ? unknown : rejected("invalid", [foreignCursor]);
    lines.push({ stream, changes, taken: 0 });
  }
  if (lines.every(({ changes }) => changes.length === 0)) return unknown;
  const changes = merged(lines, limit);
  const rest = lines.map((line) => line.changes[line.taken]?.position);
  const isLast = rest.every((position) => position === undefined);
  return { value: { changes, ...(isLast ? {} : { next: rest }) } };
}

/** What a cursor carries: a place in the history of a subject of this kind, or a fault when it was given out for none. */
export function readCursor(
  subject: Subject,
  cursor: string,
): { readonly place: HistoryPlace } | { readonly fault: string } {
  const place = Buffer.from(cursor, "base64url")
    .toString("latin1")
    .split(",")
    .map((part) => (part === "" ? undefined : Number(part)));
  const leadsOn = place.length === streamsOf(subject).length && place.some((position) => position !== undefined);
  // What is not printed as it was sent was not printed here: other characters, leading zeros, something left over.
  const isOurs = leadsOn && place.every(isPosition) && cursorOf(place) === cursor;
  return isOurs ? { place } : { fault: foreignCursor.message };
}

const unknown = rejected("subject-unknown");

const foreignCursor: Fault = {
  problem: "value-invalid",
  path: ["cursor"],
  message: "leads nowhere in this history; leave it out to begin with the newest change",
};

/** The changes of one of the subject's streams, and how many of them the part has so far. */
interface Line {
  readonly stream: Stream;
  readonly changes: readonly Change[];
  taken: number;
}

/** The newest of all lines, one by one. */
function merged(lines: readonly Line[], limit: number): PastChange[] {
  const changes: PastChange[] = [];
  while (changes.length < limit) {
    const line = lines.reduce((best, other) => (nextOf(other) > nextOf(best) ? other : best));
    const change = line.changes[line.taken];
    if (change === undefined) break;
    line.taken += 1;
    changes.push(told(change, line.changes[line.taken]));
  }
  return changes;
}

function nextOf({ changes, taken }: Line): number {
  return changes[taken]?.position ?? -1;
}

function told(
  { position, at, kind, actor, client, trackingId, stream, document }: Change,
  before?: Change,
): PastChange {
  const differences = differencesBetween(stream, before?.document, document);
  return { position, at, kind, actor, client, ...(trackingId === undefined ? {} : { trackingId }), differences };
}

/** The text that carries a place: whoever gets it need not know what it says. */
export function cursorOf(place: HistoryPlace): string {
  return Buffer.from(place.map((position) => position ?? "").join(","), "latin1").toString("base64url");
}

function isPosition(position: number | undefined): boolean {
  return position === undefined || (Number.isSafeInteger(position) && position >= 0);
}
