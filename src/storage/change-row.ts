import { commitmentOf } from "../audit/verify-receipt.ts";
import type { Change } from "../domain/change.ts";
import { type Opening, RecordDamaged } from "../service/store.ts";

/** A change as it stands in its row. */
export interface ChangeRow {
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The stream's row. */
  readonly stream: number;
  readonly previous: number | null;
  readonly kind: string;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly body: string;
}

/** What to select for a ChangeRow. */
export const changeColumns = "position, at, change.stream, previous, kind, salt, commitment, body";

/** Leaves a change's text and salt as long as they are, so that no page is written anew with a copy of them left behind. */
export const blankSql =
  "UPDATE change SET salt = zeroblob(length(salt)), body = printf('%*s', octet_length(body), '') WHERE position = ?";

/** Whether the change went with its subject. */
export function isErased({ body }: Pick<ChangeRow, "body">): boolean {
  return body.startsWith(" ") && body.trim() === "";
}

/** What is wrong with the row of a change that was not erased; undefined when it fits its entry. */
export function damageOf(row: ChangeRow): string | undefined {
  return fits(row) ? undefined : "its text does not fit the commitment in its entry";
}

function fits({ salt, commitment, body }: ChangeRow): boolean {
  return commitmentOf(salt, body).equals(commitment);
}

/**
 * The change that a row holds, with what opens its commitment.
 *
 * @throws RecordDamaged when the row does not fit the change's entry in the log, or says nothing any more
 */
export function openingOf(row: ChangeRow): Opening {
  const { position, at, previous, kind, salt, body } = row;
  if (isErased(row)) throw new RecordDamaged(position, "something points at it, but it was erased");
  const damage = damageOf(row);
  if (damage !== undefined) throw new RecordDamaged(position, damage);
  const change = JSON.parse(body) as { -readonly [Name in keyof Change]: Change[Name] };
  if (change.kind !== kind || Date.parse(change.at) !== at) {
    throw new RecordDamaged(position, "its entry has another time or kind than its text");
  }
  change.position = position;
  if (previous !== null) change.previous = previous;
  return { change, text: body, salt: Buffer.from(salt) };
}
