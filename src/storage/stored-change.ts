import type { Change, Draft } from "../domain/change.ts";
import { type ChangeRow, isErased, saidIn } from "../service/change-row.ts";
import { type LoggedChange, type NewestChange, type Opening, RecordDamaged } from "../service/store.ts";

/** A stream's row, with the position of its newest change. */
export interface StreamRow {
  readonly row: number;
  readonly head: number;
}

/**
 * The change that a row holds, with what opens its commitment.
 *
 * @throws RecordDamaged when the row does not fit the change's entry in the log, says nothing any more, or leads to what
 *   cannot be its stream's change before it
 */
export function openingOf(row: ChangeRow): Opening {
  const { position, previous, salt, body } = row;
  if (isErased(row)) throw new RecordDamaged(position, "something points at it, but it was erased");
  const said = saidIn(row);
  if (typeof said === "string") throw new RecordDamaged(position, said);
  if (previous !== null && previous >= position)
    throw new RecordDamaged(position, "its stream's change before it is not before it");
  const change: { -readonly [Name in keyof Change]: Change[Name] } = said as Change;
  change.position = position;
  if (previous !== null) change.previous = previous;
  return { change, text: body, salt: Buffer.from(salt) };
}

/** What a row tells of its place in the log, with the change, unless that was erased. */
export function loggedIn(row: ChangeRow): LoggedChange {
  const { position, stream: place } = row;
  const change = isErased(row) ? undefined : openingOf(row).change;
  return { position, place, commitment: Buffer.from(row.commitment), change };
}

/** A stream's row with its newest change; without a position where that is missing. */
export type HeadRow = StreamRow & (ChangeRow | { readonly position: null });

/** What a stream's row, and the newest change to which it leads, come to. */
export function placedIn(row: HeadRow): NewestChange {
  if (row.position === null) throw new RecordDamaged(row.head, "it is missing");
  if (row.stream !== row.row) throw new RecordDamaged(row.position, "another stream's row leads to it");
  return { place: row.row, commitment: Buffer.from(row.commitment), change: openingOf(row).change };
}

/**
 * The change that a draft has become: what reading it back would show.
 *
 * @param at its time, RFC 3339
 * @param previous the position of its stream's change before it
 */
export function appended(draft: Draft, position: number, at: string, previous: number | undefined): Change {
  const { actor, client, document, evidence, kind, stream, trackingId } = draft;
  return {
    actor,
    at,
    client,
    document,
    kind,
    position,
    stream,
    ...(evidence === undefined ? undefined : { evidence }),
    ...(previous === undefined ? undefined : { previous }),
    ...(trackingId === undefined ? undefined : { trackingId }),
  };
}
