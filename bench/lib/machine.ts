import { readFileSync } from "node:fs";
import { availableParallelism, release, totalmem } from "node:os";

/** The machine in a line: cores, model, memory, kernel, Node. */
export function describeMachine(): string {
  const model = /^model name\s*:\s*(.+)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? process.arch;
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} × ${model}, ${memory} GiB, Linux ${release()}, Node ${process.version}`;
}
