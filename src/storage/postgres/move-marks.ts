import type { MoveMarks } from "../move-marks.ts";
import type { Statements } from "./database.ts";

/** What a database of an up-to-date schema says of a move. */
export async function readMarks(statements: Statements): Promise<MoveMarks> {
  const [row] = await statements.rows<{ moved_to: string | null; moved_from: string | null }>(
    "SELECT moved_to, moved_from FROM saywhen.log_head",
  );
  return { movedTo: row?.moved_to ?? null, movedFrom: row?.moved_from ?? null };
}

/** Says so in the database. Whoever writes the log or clients is through by then, and the next one finds it said. */
export async function writeMarks(transaction: Statements, { movedTo, movedFrom }: MoveMarks): Promise<void> {
  await transaction.rows("SELECT FROM saywhen.log_head FOR UPDATE");
  await transaction.rows("SELECT FROM saywhen.client_version FOR UPDATE");
  await transaction.rows("UPDATE saywhen.log_head SET moved_to = $1, moved_from = $2", [movedTo, movedFrom]);
}
