import { parseArgs } from "node:util";
import { table } from "./lib/report.ts";
import { figures } from "./lib/scale-figures.ts";
import { changesKept, headLimit, type Load, type Plan, planFor } from "./lib/scale-model.ts";

/** What is looked at when nothing else is asked for: one in a hundred changes on a day, each is asked about once. */
const typicalSubjects = [1e5, 1e6, 1e7, 1e8, 1e9];

/** Every flag, with what it is for each subject when it is not given. */
const options = {
  subjects: { type: "string" },
  "changes-a-day": { type: "string" },
  "questions-a-day": { type: "string" },
  "reads-a-day": { type: "string" },
  "peak-factor": { type: "string" },
  years: { type: "string" },
  addresses: { type: "string" },
  "standby-ms": { type: "string" },
} as const;

/** Computes what installations of some sizes need, or one of the size that is told. Measures nothing. */
export async function scale(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options });
  const sizes = values.subjects === undefined ? typicalSubjects : [Number(values.subjects)];
  const loads = sizes.map((subjects) => loadOf(subjects, values));
  console.log(
    `\n${table(["", ...loads.map(({ subjects }) => `${count(subjects)} subjects`)], rowsOf(loads)).join("\n")}`,
  );
  const { peakFactor, standbyMs } = loadOf(1, values);
  const most = headLimit(standbyMs);
  console.log(
    `\nThe log's head lets through ${count(most)} changes a second, on any number of nodes: ` +
      `${count((most * 86_400) / peakFactor)} a day, with a peak of ${peakFactor} times the average.`,
  );
  console.log(`\n${table(["figure", "value", "unit", "from"], figureRows()).join("\n")}`);
}

/** @throws when a flag is no number of its kind */
export function loadOf(subjects: number, flags: Readonly<Partial<Record<keyof typeof options, string>>>): Load {
  const given = (name: keyof typeof options, standard: number, least: number): number => {
    const text = flags[name] ?? String(standard);
    const value = Number(text);
    if (text.trim() !== "" && value >= least && value <= 1e12) return value;
    throw new Error(`--${name} is a number from ${least} to 1e12, not ${text}`);
  };
  return {
    subjects: given("subjects", subjects, 1),
    changesADay: given("changes-a-day", subjects / 100, 0),
    questionsADay: given("questions-a-day", subjects, 0),
    readsADay: given("reads-a-day", subjects / 20, 0),
    peakFactor: given("peak-factor", 5, 1),
    years: given("years", 3, 0),
    addresses: given("addresses", 2, 0),
    standbyMs: given("standby-ms", 0, 0),
  };
}

function rowsOf(loads: readonly Load[]): string[][] {
  const plans = loads.map((load) => ({ load, plan: planFor(load) }));
  const row = (title: string, print: (plan: Plan, load: Load) => string): string[] => [
    title,
    ...plans.map(({ load, plan }) => print(plan, load)),
  ];
  return [
    row("changes a day", (_, { changesADay }) => count(changesADay)),
    row("questions and reads a day", (_, { questionsADay, readsADay }) => count(questionsADay + readsADay)),
    row("changes/s, busiest second", ({ peak }) => count(peak.changes)),
    row("questions and reads/s", ({ peak }) => count(peak.reads)),
    row("SQLite, one process", ({ fitsSqlite }) => (fitsSqlite ? "carries it" : "no")),
    row("nodes, one to spare", ({ nodes }) => String(nodes)),
    row("memory, each node", ({ nodeBytes }) => bytes(nodeBytes)),
    row("connections", ({ connections }) => count(connections)),
    row("PostgreSQL: cores", ({ databaseCores }) => String(databaseCores)),
    row("PostgreSQL: memory", ({ databaseMemoryBytes }) => bytes(databaseMemoryBytes)),
    row("changes in the log", (_, load) => count(changesKept(load))),
    row("disk: changes", ({ disk }) => bytes(disk.changes)),
    row("disk: streams, addresses", ({ disk }) => bytes(disk.streams + disk.addresses)),
    row("disk: tiles", ({ disk }) => bytes(disk.tiles)),
    row("volume of the primary", ({ disk }) => bytes(disk.primary)),
    row("backups and WAL archive", ({ disk }) => bytes(disk.backup)),
    row("share of the log's head", ({ headShare }) => `${(100 * headShare).toPrecision(2)} %`),
  ];
}

function figureRows(): string[][] {
  return Object.entries(figures).map(([name, { value, unit, from }]) => [name, String(value), unit, from]);
}

/** Two digits that count, and a word: `1.2 million`. */
export function count(value: number): string {
  return sized(value, [
    [1e9, " billion"],
    [1e6, " million"],
    [1e3, " thousand"],
    [1, ""],
  ]);
}

/** Two digits that count, and a unit: `1.2 GB`. */
export function bytes(value: number): string {
  return sized(value, [
    [1e15, " PB"],
    [1e12, " TB"],
    [1e9, " GB"],
    [1e6, " MB"],
  ]);
}

function sized(value: number, sizes: readonly (readonly [size: number, word: string])[]): string {
  const rounded = Number(value.toPrecision(2));
  const [size, word] = sizes.find(([least]) => rounded >= least) ?? sizes.at(-1) ?? [1, ""];
  return `${Number((rounded / size).toPrecision(2))}${word}`;
}
