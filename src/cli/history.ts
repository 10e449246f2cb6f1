import { parseArgs } from "node:util";
import { wholeNumber } from "../config/readers.ts";
import type { Difference } from "../domain/differences.ts";
import { limits } from "../domain/limits.ts";
import { visible } from "../domain/sentence.ts";
import { readSubject, type Subject } from "../domain/subject.ts";
import { type HistoryPlace, type PastChange, readHistory } from "../service/read-history.ts";
import type { Records } from "../service/store.ts";
import { type Command, misunderstood } from "./command.ts";
import { rejection, withPast } from "./opened.ts";
import { worded } from "./worded.ts";

const usage = `saywhen history <subject> [--limit <changes>] [--json]
a subject: customer:123456789, organisation:3, user:5
--limit: the newest ones alone; --json: one JSON object a change a line`;

/** Shows what was recorded about a subject: every change, and what it changed. */
export const historyCommand: Command = {
  name: "history",
  usage,
  summary: "Show every change of a subject, the newest first: when, by whom, and what differs.",
  async run(args, context) {
    const { subject, limit, isJson } = read(args);
    await withPast(context, async (records) => {
      for await (const change of newest(records, subject, limit)) {
        for (const line of isJson ? [JSON.stringify(change)] : linesOf(change)) context.print(line);
      }
    });
    return 0;
  },
};

interface Wish {
  readonly subject: Subject;
  readonly limit: number;
  readonly isJson: boolean;
}

/** What was asked for. Throws CommandFailure when it cannot be understood. */
function read(args: readonly string[]): Wish {
  const { words, limit: given, json = false } = parse(args);
  const [word = "", ...rest] = words;
  const subject = rest.length === 0 ? readSubject(word) : undefined;
  const limit = given === undefined ? Number.POSITIVE_INFINITY : wholeNumber(1, limits.largestId)(given);
  if (subject === undefined || limit === undefined) throw misunderstood(usage);
  return { subject, limit, isJson: json };
}

function parse(args: readonly string[]): { words: string[]; limit?: string; json?: boolean } {
  try {
    const options = { limit: { type: "string" }, json: { type: "boolean" } } as const;
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { words: positionals, ...values };
  } catch {
    throw misunderstood(usage);
  }
}

/** A subject's newest changes, read page by page. Throws CommandFailure when it has none. */
async function* newest(records: Records, subject: Subject, limit: number): AsyncGenerator<PastChange> {
  let left = limit;
  let next: HistoryPlace | undefined;
  do {
    const outcome = await readHistory(records, subject, Math.min(left, limits.largestHistoryChanges), next);
    if ("rejected" in outcome) throw rejection(outcome.rejected);
    yield* outcome.value.changes;
    left -= outcome.value.changes.length;
    next = outcome.value.next;
  } while (left > 0 && next !== undefined);
}

function linesOf({ position, at, kind, actor, client, trackingId, differences }: PastChange): string[] {
  const by = actor === client ? `by ${client}` : `by ${actor} through ${client}`;
  const head = [position, at, kind, by, ...(trackingId === undefined ? [] : [`tracking id ${trackingId}`])];
  const told = differences.length === 0 ? ["nothing differs"] : differences.map(differenceLine);
  return [visible(head.join("  ")), ...told.map((line) => visible(`    ${line}`))];
}

function differenceLine({ path, from, to }: Difference): string {
  return `${path}: ${worded(from)} → ${worded(to)}`;
}
