import { parseArgs } from "node:util";
import { differencesBetween } from "../domain/differences.ts";
import { readInstant } from "../domain/instant.ts";
import { visible } from "../domain/sentence.ts";
import { preferencesOf } from "../domain/stream.ts";
import { isCustomer, readSubject, type Subject } from "../domain/subject.ts";
import {
  type CustomerChoices,
  type EmailPreferencesInForce,
  readCustomerChoices,
  readPreferencesInForce,
} from "../service/read-past-preferences.ts";
import { customerChoices, preferencesInForce } from "../wire/subjects.ts";
import { type Command, CommandFailure, type CommandContext, misunderstood, type OpenRecords } from "./command.ts";
import { rejection, withPast, withRecords } from "./opened.ts";
import { worded } from "./worded.ts";

const usage = `saywhen show <subject> [--at <instant>] [--json]
a subject: customer:123456789, organisation:3, user:5
--at: as of then, with its offset: 2026-03-03T14:05:00Z; --json: as the service answers it`;

/** Shows what counts for a subject, or counted at an instant. */
export const showCommand: Command = {
  name: "show",
  usage,
  summary: "Show what a subject has chosen, now or at an instant, and which change it rests on.",
  async run(args, context) {
    const wish = read(args);
    const within = wish.at === undefined ? withRecords : withPast;
    for (const line of await within(context, (records) => linesOf(wish, records, context))) context.print(line);
    return 0;
  },
};

interface Wish {
  readonly subject: Subject;
  readonly at: number | undefined;
  readonly isJson: boolean;
}

/** What was asked for. Throws CommandFailure when it cannot be understood. */
function read(args: readonly string[]): Wish {
  const { words, at, json = false } = parse(args);
  const [word = "", ...rest] = words;
  const subject = rest.length === 0 ? readSubject(word) : undefined;
  if (subject === undefined) throw misunderstood(usage);
  const instant = at === undefined ? undefined : readInstant(at);
  if (instant !== undefined && "fault" in instant) throw new CommandFailure(`--at ${instant.fault}`, 2);
  return { subject, at: instant?.ms, isJson: json };
}

function parse(args: readonly string[]): { words: string[]; at?: string; json?: boolean } {
  try {
    const options = { at: { type: "string" }, json: { type: "boolean" } } as const;
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { words: positionals, ...values };
  } catch {
    throw misunderstood(usage);
  }
}

async function linesOf(
  { subject, at, isJson }: Wish,
  records: OpenRecords,
  { settings }: CommandContext,
): Promise<string[]> {
  if (isCustomer(subject)) {
    const choices = await readCustomerChoices(records, subject, at);
    return isJson ? [customerChoices.print(choices, "json")] : choiceLines(choices);
  }
  const outcome = await readPreferencesInForce({ records, subjects: settings.subjects }, subject, at);
  if ("rejected" in outcome) throw rejection(outcome.rejected);
  return isJson ? [preferencesInForce.print(outcome.value, "json")] : documentLines(outcome.value);
}

function choiceLines({ subject, from, change, choices }: CustomerChoices): string[] {
  const rows = choices.map((choice) => {
    const address = choice.state === "never-asked" ? "" : choice.value;
    return [choice.category, choice.channel, choice.type, choice.state, address, String(choice.change ?? "")];
  });
  const table = inColumns([["category", "channel", "type", "state", "address", "since change"], ...rows]);
  return [headLine(subject, from, change), ...table];
}

function documentLines({ subject, from, change, preferences }: EmailPreferencesInForce): string[] {
  const said = preferences === undefined ? [] : differencesBetween(preferencesOf(subject), undefined, preferences);
  return [headLine(subject, from, change), ...inColumns(said.map(({ path, to }) => [path, worded(to)]))];
}

function headLine(subject: Subject, from: string, change: number | undefined): string {
  if (change === undefined) return `${subject}: nothing was recorded`;
  return `${subject}: ${from === "own" ? "its own" : `that of ${from}`}, by change ${change}`;
}

/** Rows whose columns stand under each other, two blanks apart. */
function inColumns(rows: readonly (readonly string[])[]): string[] {
  const shown = rows.map((row) => row.map(visible));
  const widths = shown[0]?.map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0))) ?? [];
  return shown.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
