import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Children } from "./children.ts";
import type { Load } from "./loads.ts";

/** As many connections as the goals are stated for. */
export const CONNECTIONS = 64;

/** What wrk saw in one round. */
export interface Seen {
  readonly requests: number;
  /** Length of the round as wrk measured it. */
  readonly seconds: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  /** Answers with a status above 399. */
  readonly refused: number;
  /** Connections refused or broken, and answers that took over ten seconds. */
  readonly broken: number;
}

/** @throws saying how to install it, when there is no wrk on this machine. */
export function requireGenerator(): void {
  if (spawnSync("wrk", ["--version"]).error === undefined) return;
  throw new Error("The load generator wrk is missing. Install it with `sudo apt-get install wrk` (Debian, Ubuntu).");
}

/** Writes the script that sends this load and answers with its path. */
export function writeScript(folder: string, load: Load): string {
  const path = join(folder, `${load.name}.lua`);
  writeFileSync(path, script(load));
  return path;
}

/** Runs one round of wrk against each origin, all at one time, on the CPU that is not the servers'. */
export async function generate(
  children: Children,
  scriptPath: string,
  origins: readonly string[],
  seconds: number,
  connections = CONNECTIONS,
): Promise<Seen> {
  const each = connections / origins.length;
  const seen = await Promise.all(
    origins.map((origin) => generateOne({ children, scriptPath, origin, seconds, connections: each })),
  );
  return together(seen);
}

/** Several loads that ran at one time, as one: of the slower one's p50 and p99, not of all answers'. */
function together(seen: readonly Seen[]): Seen {
  const each = (pick: (one: Seen) => number) => seen.map(pick);
  const sum = (figures: readonly number[]) => figures.reduce((total, figure) => total + figure, 0);
  return {
    requests: sum(each(({ requests }) => requests)),
    seconds: Math.max(...each(({ seconds }) => seconds)),
    p50Milliseconds: Math.max(...each(({ p50Milliseconds }) => p50Milliseconds)),
    p99Milliseconds: Math.max(...each(({ p99Milliseconds }) => p99Milliseconds)),
    refused: sum(each(({ refused }) => refused)),
    broken: sum(each(({ broken }) => broken)),
  };
}

interface Spell {
  readonly children: Children;
  readonly scriptPath: string;
  readonly origin: string;
  readonly seconds: number;
  readonly connections: number;
}

async function generateOne({ children, scriptPath, origin, seconds, connections }: Spell): Promise<Seen> {
  const output = await children.run({
    command: "wrk",
    args: ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", scriptPath, origin],
    cpu: 1,
    limitSeconds: seconds + 30,
  });
  const line = output.split("\n").find((text) => text.startsWith("{"));
  if (line === undefined) throw new Error(`wrk gave no result:\n${output}`);
  return JSON.parse(line) as Seen;
}

/**
 * Every request is made before the round starts, two for each customer with the other choice in one, and then drawn at
 * random: so the generator costs little, and about half of the PUTs change something.
 */
function script({ customers, method, path, headers, body }: Load): string {
  return `
local function filled(text, number, choice)
  return (text:gsub("@NUMBER@", number):gsub("@CHOICE@", choice))
end
local path = ${quote(path)}
local body = ${body === undefined ? "nil" : quote(body)}
local requests = {}
math.randomseed(os.time())
function init(args)
  for slot = 0, ${2 * customers - 1} do
    local number = string.format("%05d", slot % ${customers})
    local choice = slot < ${customers} and "Y" or "N"
    local headers = {}
${Object.entries(headers)
  .map(([name, value]) => `    headers[ ${quote(name)} ] = filled(${quote(value)}, number, choice)`)
  .join("\n")}
    requests[slot] = wrk.format("${method}", filled(path, number, choice), headers, body and filled(body, number, choice))
  end
end
function request()
  return requests[math.random(0, ${2 * customers - 1})]
end
function done(summary, latency)
  local errors = summary.errors
  io.write("\\n", string.format(
    '{"requests":%d,"seconds":%.6f,"p50Milliseconds":%.3f,"p99Milliseconds":%.3f,"refused":%d,"broken":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout), "\\n")
end
`;
}

/** A Lua string literal without escapes. As an index it needs a space before it, or the brackets run together. */
function quote(text: string): string {
  return `[==[${text}]==]`;
}
