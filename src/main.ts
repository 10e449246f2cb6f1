import { commands } from "./cli/commands.ts";
import { run } from "./cli/run.ts";

const exitCode = await run(process.argv.slice(2), commands, {
  print: (line) => process.stdout.write(`${line}\n`),
  tell: (line) => process.stderr.write(`${line}\n`),
  openDatabase: async (settings) => (await import("./compose-commands.ts")).openDatabase(settings),
  openRecords: async (settings, tell) => (await import("./compose-commands.ts")).openRecords(settings, tell),
});
process.exit(exitCode);
