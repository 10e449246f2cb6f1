import type { DatabaseSync } from "node:sqlite";
import type { MoveMarks } from "../move-marks.ts";

/** What a file of an up-to-date schema says of a move. */
export function readMarks(db: DatabaseSync): MoveMarks {
  const row = db.prepare("SELECT moved_to, moved_from, move_id FROM move").get();
  return {
    movedTo: textOf(row?.["moved_to"]),
    movedFrom: textOf(row?.["moved_from"]),
    moveId: textOf(row?.["move_id"]),
  };
}

/** Says so in the file, in the transaction under way where there is one. */
export function writeMarks(db: DatabaseSync, { movedTo, movedFrom, moveId }: MoveMarks): void {
  db.prepare("UPDATE move SET moved_to = ?, moved_from = ?, move_id = ?").run(movedTo, movedFrom, moveId);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
