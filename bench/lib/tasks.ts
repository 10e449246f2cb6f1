import { createServer } from "node:http";
import type { Server } from "./children.ts";

/** What a task is given: the names and values of its call. */
export type Given = Readonly<Record<string, string | number>>;

type Task = (given: URLSearchParams) => Promise<object>;

/** Does what it is told over HTTP, one task after the other: a process of the benchmark that is not measured as a server. */
export function serveTasks(port: number, tasks: Readonly<Record<string, Task>>): void {
  createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const task = tasks[pathname.slice(1)] ?? (async () => ({}));
    task(searchParams)
      .then((outcome) => response.end(JSON.stringify(outcome)))
      .catch((error: unknown) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)));
  }).listen(port, "127.0.0.1");
}

/**
 * Has a task done.
 *
 * @throws with what went wrong there
 */
export async function ask<Outcome>({ name, origin }: Server, task: string, given: Given = {}): Promise<Outcome> {
  const query = new URLSearchParams(
    Object.entries(given).map(([key, value]): [string, string] => [key, String(value)]),
  );
  const response = await fetch(`${origin}/${task}?${query.toString()}`);
  if (response.status !== 200) throw new Error(`${name} failed at ${task}: ${await response.text()}`);
  return (await response.json()) as Outcome;
}

/** The number that a task was given under a name. */
export function numberIn(given: URLSearchParams, name: string): number {
  const value = Number(given.get(name) ?? Number.NaN);
  if (Number.isNaN(value)) throw new Error(`no number is given as ${name}`);
  return value;
}

/** The text that a task was given under a name. */
export function textIn(given: URLSearchParams, name: string): string {
  const value = given.get(name);
  if (value === null) throw new Error(`nothing is given as ${name}`);
  return value;
}

/** CPU time of this process, all threads, in seconds: on a machine that does other things as well, it is the steadier. */
export function secondsSince(used: NodeJS.CpuUsage): number {
  const { system, user } = process.cpuUsage(used);
  return (system + user) / 1e6;
}
