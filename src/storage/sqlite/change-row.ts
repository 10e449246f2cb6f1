import type { Change } from "../../domain/change.ts";
import { type ChangeRow, isErased, saidIn } from "../../service/change-row.ts";
import { type Opening, RecordDamaged } from "../../service/store.ts";

/**
 * What to select for a ChangeRow. Whatever the disk has made of a row, each column has its type, so that what is wrong
 * with it is found by what it says: numbers beyond those of JavaScript would otherwise be thrown about.
 */
export const changeColumns =
  "CAST(position AS REAL) AS position, CAST(at AS REAL) AS at, CAST(change.stream AS REAL) AS stream, " +
  "CAST(previous AS REAL) AS previous, CAST(kind AS TEXT) AS kind, coalesce(CAST(salt AS BLOB), x'') AS salt, " +
  "coalesce(CAST(commitment AS BLOB), x'') AS commitment, coalesce(CAST(body AS TEXT), '') AS body";

/** Leaves a change's text and salt as long as they are, so that no page is written anew with a copy of them left behind. */
export const blankSql =
  "UPDATE change SET salt = zeroblob(length(salt)), body = printf('%*s', octet_length(body), '') WHERE position = ?";

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
