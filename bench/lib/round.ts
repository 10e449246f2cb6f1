import { setTimeout as sleep } from "node:timers/promises";
import { type Children, cpuMicroseconds, type Server } from "./children.ts";
import { generate, type Seen } from "./generator.ts";

/** One contestant: a server under one kind of load. */
export interface Entrant {
  readonly name: string;
  readonly server: Server;
  /** The wrk script of its load. */
  readonly script: string;
}

/** What one round gave. */
export interface Measured {
  readonly name: string;
  /** The server's CPU time, all threads, by the requests answered. */
  readonly cpuPerRequest: number;
  readonly rate: number;
  readonly seen: Seen;
}

/** Lets a server finish what the round left behind (a checkpoint, the log's last lines), so that its CPU time counts. */
const SETTLE_MILLISECONDS = 200;

/** Loads one server for `seconds` and sets its CPU time against the requests it answered. */
export async function measure(
  children: Children,
  { name, server, script }: Entrant,
  seconds: number,
): Promise<Measured> {
  const before = cpuMicroseconds(server.pid);
  const seen = await generate(children, script, server.origin, seconds);
  await sleep(SETTLE_MILLISECONDS);
  const cpuPerRequest = (cpuMicroseconds(server.pid) - before) / seen.requests;
  return { name, cpuPerRequest, rate: seen.requests / seen.seconds, seen };
}
