import { setTimeout as sleep } from "node:timers/promises";
import { type Children, cpuMicroseconds, type Server } from "./children.ts";
import { generate, type Seen } from "./generator.ts";

/** One contestant: a server under one kind of load, or several that share it. */
export interface Entrant {
  readonly name: string;
  readonly servers: readonly Server[];
  /** The wrk script of its load. */
  readonly script: string;
  /** CPU time in µs that the database beside it has used so far; undefined where there is none. */
  readonly databaseMicroseconds?: (() => number) | undefined;
}

/** What one round gave. */
export interface Measured {
  readonly name: string;
  /** The servers' CPU time, all threads, by the requests answered. */
  readonly cpuPerRequest: number;
  /** The same of the database beside them. */
  readonly databasePerRequest?: number;
  readonly rate: number;
  readonly seen: Seen;
}

/** What each entrant gave in one round, by the entrant's name. */
export type Round = ReadonlyMap<string, Measured>;

/** A server is warm when it has answered this often, or has had this many spells of a few seconds. */
const WARM_REQUESTS = 20_000;
const WARM_SPELLS = 5;
const WARM_SPELL_SECONDS = 3;

/** Lets a server finish what the round left behind (a checkpoint, the log's last lines), so that its CPU time counts. */
const SETTLE_MILLISECONDS = 200;

/** Lets the server's code be compiled for the load; by requests, because a busy machine does little in a second. */
export async function warmUp(children: Children, { script, servers }: Entrant): Promise<void> {
  const origins = servers.map(({ origin }) => origin);
  let requests = 0;
  for (let spell = 0; spell < WARM_SPELLS && requests < WARM_REQUESTS; spell += 1) {
    requests += (await generate(children, script, origins, WARM_SPELL_SECONDS)).requests;
  }
}

/** Loads one entrant for `seconds` and sets the CPU time against the requests it answered. */
export async function measure(children: Children, entrant: Entrant, seconds: number): Promise<Measured> {
  const { name, servers, script, databaseMicroseconds } = entrant;
  const origins = servers.map(({ origin }) => origin);
  const used = () => servers.reduce((sum, { pid }) => sum + cpuMicroseconds(pid), 0);
  const before = used();
  const databaseBefore = databaseMicroseconds?.() ?? 0;
  const seen = await generate(children, script, origins, seconds);
  await sleep(SETTLE_MILLISECONDS);
  const cpuPerRequest = (used() - before) / seen.requests;
  const measured = { name, cpuPerRequest, rate: seen.requests / seen.seconds, seen };
  if (databaseMicroseconds === undefined) return measured;
  return { ...measured, databasePerRequest: (databaseMicroseconds() - databaseBefore) / seen.requests };
}

/**
 * Measures the entrants one after the other, so that each has the machine for itself.
 *
 * @param number the how-manieth round this is: the order turns from one to the next, so that drift does not take sides
 */
export async function measureRound(
  children: Children,
  entrants: readonly Entrant[],
  number: number,
  seconds: number,
): Promise<Round> {
  const measured: Measured[] = [];
  for (const entrant of number % 2 === 0 ? entrants : entrants.toReversed()) {
    measured.push(await measure(children, entrant, seconds));
  }
  return new Map(measured.map((one) => [one.name, one]));
}
