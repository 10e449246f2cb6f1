import type { MoveMarks } from "../move-marks.ts";
import type { Statements } from "./database.ts";

/** A log that was moved away and goes on here under another name is no longer the one that was moved. */
export const staysSql = "UPDATE saywhen.log_head SET moved_to = NULL, move_id = NULL WHERE moved_to IS NOT NULL";

interface MarksRow {
  readonly moved_to: string | null;
  readonly moved_from: string | null;
  readonly move_id: string | null;
}

/** What a database of an up-to-date schema says of a move. */
export async function readMarks(statements: Statements): Promise<MoveMarks> {
  const [row] = await statements.rows<MarksRow>("SELECT moved_to, moved_from, move_id FROM saywhen.log_head");
  return { movedTo: row?.moved_to ?? null, movedFrom: row?.moved_from ?? null, moveId: row?.move_id ?? null };
}

/**
 * What it says once whoever writes the log, clients or marks is through: until the transaction ends nobody else does, and
 * the next one finds what it says then.
 */
export async function lockMarks(transaction: Statements): Promise<MoveMarks> {
  await transaction.rows("SELECT FROM saywhen.log_head FOR UPDATE");
  await transaction.rows("SELECT FROM saywhen.client_version FOR UPDATE");
  return readMarks(transaction);
}

/** Says so in the database. The marks are locked. */
export async function writeMarks(transaction: Statements, { movedTo, movedFrom, moveId }: MoveMarks): Promise<void> {
  const values = [movedTo, movedFrom, moveId];
  await transaction.rows("UPDATE saywhen.log_head SET moved_to = $1, moved_from = $2, move_id = $3", values);
}
