import { commitmentOf, type Entry } from "../audit/verify-receipt.ts";
import type { Change } from "../domain/change.ts";

/** A change as it is stored. */
export interface ChangeRow {
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The number of the stream that it belongs to. */
  readonly stream: number;
  /** The position of the stream's change before it. */
  readonly previous: number | null;
  readonly kind: string;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  /** The change's text. */
  readonly body: string;
}

/** What a change's text says: all but its place in the log. */
export type Said = Omit<Change, "position" | "previous">;

/** Whether the change went with its subject. */
export function isErased({ body }: Pick<ChangeRow, "body">): boolean {
  return body.startsWith(" ") && body.trim() === "";
}

/** What the row of a change that was not erased says, or a clause on how it does not fit the change's entry in the log. */
export function saidIn({ at, kind, salt, commitment, body }: ChangeRow): Said | string {
  if (!commitmentOf(salt, body).equals(commitment)) return "its text does not fit the commitment in its entry";
  const said = parsed(body);
  if (said === undefined) return "its text is not that of a change";
  return said.kind === kind && Date.parse(said.at) === at ? said : "its entry has another time or kind than its text";
}

/**
 * The change's entry in the log. Where a damaged time cannot be printed it is empty, so that any row gives an entry that
 * can be hashed, and compared with what was hashed before.
 *
 * @param printed the time, for whoever has it as text already
 */
export function entryOf(
  { at, kind, commitment }: Pick<ChangeRow, "at" | "commitment" | "kind">,
  printed = printTime(at),
): Entry {
  return { at: printed, kind, commitment: Buffer.from(commitment) };
}

function printTime(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}

/** Text that fits its commitment was written by us, or by somebody who forges changes. */
function parsed(body: string): Said | undefined {
  try {
    return Object(JSON.parse(body)) as Said;
  } catch {
    return undefined;
  }
}
