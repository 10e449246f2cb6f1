import { commands } from "../../src/cli/commands.ts";
import { run } from "../../src/cli/run.ts";
import { openDatabase, openRecords } from "../../src/compose-commands.ts";

/** What came of a command: all that it wrote, by line. */
export interface Carried {
  readonly exitCode: number;
  readonly printed: string;
  readonly told: string;
}

/**
 * Carries a command of `saywhen` out in this process.
 *
 * @param env its settings; none of them is taken from the environment
 */
export async function carryOut(words: readonly string[], env: Readonly<Record<string, string>>): Promise<Carried> {
  const [printed, told]: [string[], string[]] = [[], []];
  const exitCode = await run(words, commands, {
    env,
    print: (line) => printed.push(line),
    tell: (line) => told.push(line),
    openDatabase,
    openRecords,
  });
  return { exitCode, printed: printed.join("\n"), told: told.join("\n") };
}
