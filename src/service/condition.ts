import { randomBytes } from "node:crypto";
import type { Log } from "./log.ts";

/**
 * What a document was when somebody read it: `<position it rests on, or none>.<catalogue version>`, and once the log was
 * continued, `.<continuation>`. The catalogue is part of it because a document prints differently under another
 * catalogue; the continuation, because positions that were lost are given again.
 */
export type Version = string;

/** What tells the positions of a log from those of another under its key; undefined while there was no other. */
export type LogContinuation = string | undefined;

/**
 * The version of a document as it is read now.
 *
 * @param restsOn position of the change that it rests on; undefined when nothing was ever chosen
 */
export function versionOf(
  restsOn: number | undefined,
  catalogueVersion: number,
  continuation: LogContinuation,
): Version {
  const version = `${restsOn ?? "none"}.${catalogueVersion}`;
  return continuation === undefined ? version : `${version}.${continuation}`;
}

/**
 * Tells the continuation that a log is in: the part that only its newest origin has. How often it was continued would
 * not do, as an older backup knows of fewer continuations than there were.
 *
 * @param log one that is stopped does not extend what was signed before: it was set back, and is yet to be continued.
 *   From then on each process is a continuation of its own
 * @returns to be asked each time, as a database can be set back while it is served
 */
export function continuationOf(log: Pick<Log, "branch" | "stoppedBecause">): () => LogContinuation {
  const own = randomBytes(4).toString("hex");
  return () => (log.stoppedBecause === undefined ? log.branch : own);
}

/** The conditions of RFC 9110 §13.1.1 and §13.1.2 under which a write may go ahead. */
export interface Condition {
  /** One of these versions must be the current one; `*`: a document of the subject's own must be recorded. */
  readonly match?: readonly Version[] | "*";
  /** None of these versions may be the current one; `*`: no document of the subject's own may be recorded. */
  readonly noneMatch?: readonly Version[] | "*";
}

/**
 * Whether a write may go ahead.
 *
 * @param current answers with the version of the document in force; asked only where the condition names versions
 * @param hasOwnDocument whether a document of the subject's own is recorded, which is what `*` asks
 */
export function isMet(condition: Condition, current: () => Version, hasOwnDocument: boolean): boolean {
  const names = (versions: readonly Version[] | "*") =>
    versions === "*" ? hasOwnDocument : versions.includes(current());
  if (condition.match !== undefined && !names(condition.match)) return false;
  return condition.noneMatch === undefined || !names(condition.noneMatch);
}
