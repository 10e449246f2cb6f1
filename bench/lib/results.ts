import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeMachine } from "./machine.ts";

const README = join(import.meta.dirname, "../README.md");

/**
 * Puts a benchmark's report where bench/README.md has its results, with the day, the machine and the command.
 *
 * @param name of the benchmark, as in the markers around its results
 * @param conditions what else the figures depend on
 */
export function writeResults(name: string, report: string, command: string, conditions: string): void {
  const date = new Date().toISOString().slice(0, 10);
  const head = `${date}, ${describeMachine()}; ${conditions}:\n\`${command}\``;
  const section = new RegExp(`(<!-- results of ${name} -->\\n)[^]*?(<!-- end -->)`);
  const text = readFileSync(README, "utf8");
  if (!section.test(text)) throw new Error(`bench/README.md has lost its markers for the results of ${name}`);
  writeFileSync(
    README,
    text.replace(section, (_, start, end) => `${start}\n${head}\n\n${report}\n\n${end}`),
  );
  console.log("Written to bench/README.md.");
}
