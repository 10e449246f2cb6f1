import { cpuMicroseconds, type Server } from "./children.ts";
import { ask, type Given } from "./tasks.ts";

/** What asking the same again and again for a while gave. */
export interface Repeated {
  /** Over all. */
  readonly lines: number;
  /** Lines a second. */
  readonly rate: number;
  /** What each time took. */
  readonly milliseconds: readonly number[];
}

export interface WithCpu extends Repeated {
  /** µs a line. */
  readonly cpu: number;
}

/** Has something asked by the client, and sets the CPU time (µs) of who answers against the lines. */
export async function askWithCpu(asker: Server, used: () => number, task: string, given: Given): Promise<WithCpu> {
  const before = used();
  const repeated = await ask<Repeated>(asker, task, given);
  return { ...repeated, cpu: (used() - before) / repeated.lines };
}

/** Has something asked of a server. */
export function askServer(asker: Server, { origin, pid }: Server, task: string, given: Given): Promise<WithCpu> {
  return askWithCpu(asker, () => cpuMicroseconds(pid), task, { ...given, origin });
}

/**
 * Lets several do the same, one after the other, for some rounds; the order turns, so that drift does not take sides. A
 * first time beforehand does not count.
 *
 * @returns what each gave, round by round
 */
export async function inRounds<Name extends string, Outcome>(
  rounds: number,
  each: Readonly<Record<Name, () => Promise<Outcome>>>,
): Promise<Record<Name, Outcome[]>> {
  const names = Object.keys(each) as Name[];
  const series = Object.fromEntries(names.map((name) => [name, [] as Outcome[]])) as Record<Name, Outcome[]>;
  for (const name of names) await each[name]();
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) series[name].push(await each[name]());
  }
  return series;
}

/** The CPU times (µs a line) of a series. */
export function cpuOf(series: readonly WithCpu[]): number[] {
  return series.map(({ cpu }) => cpu);
}

/** The rates of a series. */
export function ratesOf(series: readonly { readonly rate: number }[]): number[] {
  return series.map(({ rate }) => rate);
}
