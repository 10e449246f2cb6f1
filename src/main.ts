import { constants } from "node:os";
import { commands } from "./cli/commands.ts";
import { run } from "./cli/run.ts";

// Whoever reads the output has had enough, as `head` has: the shell's number for that, and no word about it.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(128 + constants.signals.SIGPIPE);
});

const exitCode = await run(process.argv.slice(2), commands, {
  print: (line) => process.stdout.write(`${line}\n`),
  tell: (line) => process.stderr.write(`${line}\n`),
  openDatabase: async (settings) => (await import("./compose-commands.ts")).openDatabase(settings),
  openRecords: async (settings, tell) => (await import("./compose-commands.ts")).openRecords(settings, tell),
});
process.exit(exitCode);
