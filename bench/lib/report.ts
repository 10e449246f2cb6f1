import type { Measured, Round } from "./round.ts";
import { printSpread, spread } from "./statistics.ts";

/** A ratio of two entrants of the same round, and what it should reach. */
export interface Goal {
  readonly title: string;
  readonly least: number;
  readonly stretch?: number;
  readonly ratio: (round: Round) => number;
}

/** Of the round's entrant; an entrant that is not there is a mistake in the benchmark. */
export function of(round: Round, name: string): Measured {
  const measured = round.get(name);
  if (measured === undefined) throw new Error(`no ${name} in this round`);
  return measured;
}

/** CPU time per request of `yardstick` by that of `name`: 0.5 means that `name` needs twice as much. */
export function cpuRatio(yardstick: string, name: string): (round: Round) => number {
  return (round) => of(round, yardstick).cpuPerRequest / of(round, name).cpuPerRequest;
}

/** Requests a second of `name` by those of `yardstick`. */
export function rateRatio(name: string, yardstick: string): (round: Round) => number {
  return (round) => of(round, name).rate / of(round, yardstick).rate;
}

/** The two tables, in Markdown: what was measured, and the goals; every figure as median (min–max) over the rounds. */
export function printReport(rounds: readonly Round[], goals: readonly Goal[]): string {
  const names = [...(rounds[0]?.keys() ?? [])];
  const figures = names.map((name) => figuresOf(rounds.map((round) => of(round, name))));
  const isBeside = [...(rounds[0]?.values() ?? [])].some(({ databasePerRequest }) => databasePerRequest !== undefined);
  const columns = ["", "CPU µs/request", "requests/s", "p50 ms", "p99 ms"];
  const verdicts = goals.map((goal) => verdictOn(goal, rounds));
  return [
    ...(isBeside ? table([...columns, "PostgreSQL's CPU µs/request"], figures) : table(columns, figures)),
    "",
    ...table(["goal", "asked", "measured", ""], verdicts),
  ].join("\n");
}

/** What makes a run worthless: answers that were not successes, broken connections, rounds without an answer. */
export function troubles(rounds: readonly Round[]): string[] {
  return rounds.flatMap((round, index) =>
    [...round.values()]
      .filter(({ seen }) => seen.refused > 0 || seen.broken > 0 || seen.requests === 0)
      .map(({ name, seen }) => {
        const counts = `${seen.requests} answers, ${seen.refused} of them refusals, ${seen.broken} socket errors`;
        return `round ${index + 1}, ${name}: ${counts}`;
      }),
  );
}

function figuresOf(series: readonly Measured[]): string[] {
  const column = (pick: (measured: Measured) => number, digits: number): string =>
    printSpread(spread(series.map(pick)), (value) => value.toFixed(digits));
  const isBeside = series.some(({ databasePerRequest }) => databasePerRequest !== undefined);
  return [
    series[0]?.name ?? "",
    column(({ cpuPerRequest }) => cpuPerRequest, 1),
    column(({ rate }) => rate, 0),
    column(({ seen }) => seen.p50Milliseconds, 1),
    column(({ seen }) => seen.p99Milliseconds, 1),
    ...(isBeside ? [column(({ databasePerRequest = 0 }) => databasePerRequest, 1)] : []),
  ];
}

function verdictOn({ title, least, stretch, ratio }: Goal, rounds: readonly Round[]): string[] {
  const ratios = spread(rounds.map(ratio));
  const asked = stretch === undefined ? `≥ ${least}` : `≥ ${least} (stretch ${stretch})`;
  const verdict = ratios.median >= least ? "met" : "NOT MET";
  const beyond = stretch !== undefined && ratios.median >= stretch;
  return [title, asked, printSpread(ratios, (value) => value.toFixed(2)), beyond ? `${verdict}, stretch too` : verdict];
}

/** A Markdown table, its columns padded so that it reads well in a terminal too. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}
