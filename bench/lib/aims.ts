import { table } from "./report.ts";
import { printSpread, spread } from "./statistics.ts";

/** What some rounds gave, and what it should reach; a figure that only stands beside others should reach nothing. */
export interface Aim {
  readonly title: string;
  /** One a round. */
  readonly values: readonly number[];
  readonly unit?: string;
  /** Behind the point. */
  readonly digits?: number;
  readonly least?: number;
  readonly stretch?: number;
  readonly most?: number;
}

/** What was asked for, what came out as median (min–max), and whether that will do. */
export function aimRow(aim: Aim): string[] {
  const { title, values, unit = "", digits = 0 } = aim;
  const print = (value: number): string => grouped(value, digits);
  const measured = spread(values);
  const text = values.length === 1 ? print(measured.median) : printSpread(measured, print);
  return [title, askedText(aim), `${text} ${unit}`.trimEnd(), verdictOn(aim, measured.median)];
}

/** Two tables, in Markdown: what should reach something, then the figures beside it. */
export function printAims(aims: readonly Aim[]): string {
  const asked = aims.filter(({ least, most }) => least !== undefined || most !== undefined);
  const beside = aims.filter((aim) => !asked.includes(aim));
  return [
    ...table(["goal", "asked", "measured", ""], asked.map(aimRow)),
    "",
    ...table(
      ["beside it", "measured"],
      beside.map(aimRow).map(([title = "", , text = ""]) => [title, text]),
    ),
  ].join("\n");
}

/** The ratios of two series, round by round. */
export function ratios(values: readonly number[], yardsticks: readonly number[]): number[] {
  return values.map((value, round) => value / (yardsticks[round] ?? Number.NaN));
}

function askedText({ least, most, stretch, unit = "" }: Aim): string {
  const further = stretch === undefined ? "" : ` (stretch ${stretch})`;
  if (least !== undefined) return `≥ ${grouped(least)} ${unit}`.trimEnd() + further;
  if (most !== undefined) return `≤ ${grouped(most)} ${unit}`.trimEnd() + further;
  return "–";
}

function verdictOn({ least, most, stretch }: Aim, median: number): string {
  if (least === undefined && most === undefined) return "";
  const isMet = median >= (least ?? Number.NEGATIVE_INFINITY) && median <= (most ?? Number.POSITIVE_INFINITY);
  if (!isMet) return "NOT MET";
  return stretch !== undefined && median >= stretch ? "met, stretch too" : "met";
}

/** Large numbers in groups of three digits, so that millions are told from hundreds of thousands. */
function grouped(value: number, digits?: number): string {
  const options = digits === undefined ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString("en-US", options);
}
