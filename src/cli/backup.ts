import type { Settings } from "../config/settings.ts";
import type { BackedUp } from "../storage/sqlite/backup.ts";
import { type Command, misunderstood } from "./command.ts";
import { inWords } from "./opened.ts";
import { untilSignal } from "./signals.ts";

const usage = "saywhen backup <file>\n\nBeside a running service as well. The log's key is not in it.";

type BackUp = (settings: Settings, file: string, signal: AbortSignal) => Promise<BackedUp>;

/** Writes a copy of the database to a file of its own. */
export function backupCommand(backUp: BackUp): Command {
  return {
    name: "backup",
    usage,
    summary: "Write a verified copy of the database, also while it is served.",
    async run([file, ...rest], { settings, print }) {
      if (!file || rest.length > 0 || file.startsWith("--")) throw misunderstood(usage);
      const work = () => untilSignal((calledOff) => backUp(settings, file, calledOff));
      const { bytes, changes, at, verifierKey, derived } = await inWords(settings, work, "There is no backup. ");
      const megabytes = (bytes / 1e6).toFixed(1);
      print(`${file}: ${megabytes} MB, ${changes} changes${at === undefined ? "" : `, the last of ${at}`}; verified.`);
      if (derived > 0)
        print("Something that is derived is wrong in it, as in the database: `saywhen log rebuild` mends it.");
      print(`The key is not in it; keep it apart, with the files named after it: ${settings.key}`);
      if (verifierKey !== undefined) print(`Its verifier key: ${verifierKey}`);
      return 0;
    },
  };
}
