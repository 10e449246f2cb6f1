import type { MoveMarks } from "../move-marks.ts";
import { MoveFailed } from "./move-failed.ts";

/**
 * Refuses to go on where another run of the command has closed a source since.
 *
 * @param seen what the source said when this run began: what a run that broke off has left may be taken over
 * @throws MoveFailed
 */
export function refuseClosed(now: MoveMarks, seen: MoveMarks, name: string): void {
  if (now.movedFrom === null && (now.movedTo === null || now.moveId === seen.moveId)) return;
  throw new MoveFailed(`${name} was closed by another \`saywhen move\`, which began later or was faster.`);
}

/**
 * Refuses to begin where a target is no longer what it was when it was looked at.
 *
 * @throws MoveFailed
 */
export function refuseBegun(now: MoveMarks, seen: MoveMarks, isEmpty: boolean, name: string): void {
  const isSame = now.movedFrom === seen.movedFrom && now.moveId === seen.moveId;
  if (isSame && (isEmpty || now.movedFrom !== null)) return;
  throw new MoveFailed(`${name} was written to by somebody else just now.`);
}

/**
 * Refuses to write to a target that another run of the command has taken over since, and may have finished.
 *
 * @throws MoveFailed
 */
export function refuseTaken(now: MoveMarks, moveId: string | null, name: string): void {
  if (now.movedFrom !== null && now.moveId === moveId) return;
  throw new MoveFailed(`Another \`saywhen move\` has taken ${name} over: this one has done nothing more.`);
}
