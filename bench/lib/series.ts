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

/** Has something asked by the client, and sets the server's CPU time (µs) against the lines. */
export async function askWithCpu(asker: Server, server: Server, task: string, given: Given) {
  const before = cpuMicroseconds(server.pid);
  const repeated = await ask<Repeated>(asker, task, { ...given, origin: server.origin });
  return { ...repeated, cpu: (cpuMicroseconds(server.pid) - before) / repeated.lines };
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

/** The rates of a series. */
export function ratesOf(series: readonly { readonly rate: number }[]): number[] {
  return series.map(({ rate }) => rate);
}
