import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

/** The parts of Chrome's .cpuprofile format that are read here. */
interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** The node that was on top of the stack at each sample. */
  readonly samples: readonly number[];
  /** µs from the sample before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** `npm run bench profile -- <file>`: prints where the time of a profile went, by function. */
export async function profile(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { top: { type: "string", default: "40" }, last: { type: "string", default: "Infinity" } },
  });
  const [file] = positionals;
  if (file === undefined) throw new Error("Which profile? Give the path of a .cpuprofile file.");
  console.log(printTop(file, Number(values.top), Number(values.last)));
}

/** The functions with the most self time (their own, without what they called) in the profile's last `seconds`. */
export function printTop(file: string, count: number, seconds = Number.POSITIVE_INFINITY): string {
  const times = selfTimes(JSON.parse(readFileSync(file, "utf8")) as CpuProfile, seconds * 1e6);
  const idle = times.get("(idle)") ?? 0;
  times.delete("(idle)");
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0);
  const rows = [...times].toSorted(([, a], [, b]) => b - a).slice(0, count);
  const head = `${(busy / 1e6).toFixed(2)} s busy, ${(idle / 1e6).toFixed(2)} s idle; self time:`;
  return [head, ...rows.map(([name, time]) => `${((100 * time) / busy).toFixed(1).padStart(6)} %  ${name}`)].join("\n");
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, lastMicroseconds: number): Map<string, number> {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  let left = lastMicroseconds;
  for (let index = samples.length - 1; index >= 0 && left > 0; index -= 1) {
    // A sample holds until the next one, so its time is the delta that follows it.
    const time = timeDeltas[index + 1] ?? 0;
    const name = names.get(samples[index] ?? -1) ?? "(unknown)";
    times.set(name, (times.get(name) ?? 0) + time);
    left -= time;
  }
  return times;
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  const place = url.split("/").slice(-3).join("/");
  return `${name}  ${place}:${lineNumber + 1}`;
}
