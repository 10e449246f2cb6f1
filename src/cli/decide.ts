import { parseArgs } from "node:util";
import { visible } from "../domain/sentence.ts";
import { catalogueStream } from "../domain/stream.ts";
import { CatalogueInForce } from "../service/catalogue.ts";
import { type AskedDecision, type Decision, decide } from "../service/decide.ts";
import { printDecision } from "../wire/decisions.ts";
import { type Command, CommandFailure, misunderstood, type OpenRecords } from "./command.ts";
import { rejection, withPast, withRecords } from "./opened.ts";

const usage = `saywhen decide <customer> --category <name> --channel <name> [--time-zone <zone>]
saywhen decide <organisation or user> --module <name> [--metadata <node>=<label>]…
saywhen decide <organisation or user> --alert <name>
with each: [--at <instant>] [--json]
a subject: customer:123456789, organisation:3, user:5
--at: as of then, with its offset: 2026-03-03T14:05:00Z; --json: as the service answers it, each selection explained`;

/** Asks one question of what is recorded. */
export const decideCommand: Command = {
  name: "decide",
  usage,
  summary: "May this be sent to this subject? With the reason, now or at an instant.",
  async run(args, context) {
    const { asked, isJson } = read(args);
    const within = asked.at === undefined ? withRecords : withPast;
    const decision = await within(context, (records) => answerFrom(records, asked));
    for (const line of isJson ? [printDecision(decision, true)] : linesOf(decision)) context.print(line);
    return 0;
  },
};

const options = {
  category: { type: "string" },
  channel: { type: "string" },
  "time-zone": { type: "string" },
  module: { type: "string" },
  metadata: { type: "string", multiple: true },
  alert: { type: "string" },
  at: { type: "string" },
  json: { type: "boolean" },
} as const;

/** What was asked for. Throws CommandFailure when it cannot be understood. */
function read(args: readonly string[]): { readonly asked: AskedDecision; readonly isJson: boolean } {
  const { positionals, values } = parsed(args);
  const [subject, ...rest] = positionals;
  if (subject === undefined || rest.length > 0) throw misunderstood(usage);
  const { category, channel, "time-zone": timeZone, module, metadata, alert: alertService, at, json = false } = values;
  const asked: AskedDecision = {
    subject,
    ...(category !== undefined && { category }),
    ...(channel !== undefined && { channel }),
    ...(timeZone !== undefined && { timeZone }),
    ...(module !== undefined && { module, metadata: metadataIn(metadata ?? []) }),
    ...(alertService !== undefined && { alertService }),
    ...(at !== undefined && { at }),
  };
  return { asked, isJson: json };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch {
    throw misunderstood(usage);
  }
}

/** Labels by node, from `Countries=Algeria` and so on. */
function metadataIn(pairs: readonly string[]): Record<string, string[]> {
  const labels = new Map<string, string[]>();
  for (const pair of pairs) {
    const [node = "", label] = pair.split(/=(.*)/s);
    if (label === undefined) throw misunderstood(usage);
    labels.set(node, [...(labels.get(node) ?? []), label]);
  }
  return Object.fromEntries(labels);
}

async function answerFrom(records: OpenRecords, asked: AskedDecision): Promise<Decision> {
  const [newest] = await records.newest([catalogueStream]);
  if (newest === undefined) throw new CommandFailure("There is no catalogue yet: start the service once.");
  const outcome = await decide(
    { records, past: records, catalogue: new CatalogueInForce(newest), now: Date.now },
    asked,
  );
  if ("rejected" in outcome) throw rejection(outcome.rejected);
  return outcome.value;
}

function linesOf(decision: Decision): string[] {
  const { subject, verdict, reason, change } = decision;
  const by = change === undefined ? "nothing was recorded" : `by change ${change}`;
  const head = `${subject}: ${verdict}, ${reason}; ${by}`;
  if ("addresses" in decision) {
    const { addresses, notBefore } = decision;
    const until = notBefore === undefined ? "" : `, not before ${new Date(notBefore).toISOString()}`;
    return [head + until, ...addresses.map(({ type, value }) => visible(`${type}  ${value}`))];
  }
  const { frequency, from } = decision;
  const whose = from === undefined ? "" : ` of ${from}`;
  return [`${head}${whose}${frequency === undefined ? "" : `, ${frequency}`}`];
}
