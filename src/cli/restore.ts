import { parseArgs } from "node:util";
import type { Settings } from "../config/settings.ts";
import type { Lost } from "../service/take-up-backup.ts";
import type { Restored } from "../storage/sqlite/restore.ts";
import { type Command, type CommandContext, misunderstood } from "./command.ts";
import { counted, tellErasedAgain } from "./log.ts";
import { inWords } from "./opened.ts";

const usage = `saywhen restore <file> [--new-key]
--new-key: go on with a new key, because the log's is lost`;

type Restore = (settings: Settings, file: string, options: { readonly newKey: boolean }) => Promise<Restored>;

/** Puts a backup in the place of the database. */
export function restoreCommand(restore: Restore): Command {
  return {
    name: "restore",
    usage,
    summary: "Verify a backup wholly, then put it in the place of the database.",
    async run(args, context) {
      const { file, newKey } = read(args);
      const { settings } = context;
      const work = () => restore(settings, file, { newKey });
      tellAbout(await inWords(settings, work, "Nothing was replaced. "), context);
      return 0;
    },
  };
}

function read(args: readonly string[]): { file: string; newKey: boolean } {
  try {
    const options = { "new-key": { type: "boolean" } } as const;
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [file, ...rest] = positionals;
    if (file && rest.length === 0) return { file, newKey: values["new-key"] ?? false };
  } catch {
    // Falls through to the same answer.
  }
  throw misunderstood(usage);
}

function tellAbout(restored: Restored, { print, settings }: CommandContext): void {
  const { size, at, before, lost, continued, unsigned } = restored;
  print(
    `${settings.database} is restored: ${counted(size, "change")}${at === undefined ? "" : `, the last of ${at}`}.`,
  );
  if (before !== undefined) print(`What was there before is ${before}; remove it when you need it no more.`);
  print("Clients are as they were then: revoke and rotate again what was since (`saywhen client list`).");
  tellErasedAgain(restored, settings, print);
  if (lost !== undefined) print(inSentences(lost));
  if (unsigned !== undefined) print(`The log is signed at the next start: ${unsigned}`);
  if (continued !== undefined) print(`The log goes on under a new name. Its verifier key: ${continued.verifierKey}`);
}

function inSentences({ from, to, checkpoint }: Lost): string {
  const isOne = to - from === 1;
  const positions = isOne
    ? `Lost: the change at position ${from}`
    : `Lost: the changes at positions ${from} to ${to - 1}`;
  if (checkpoint === undefined) return `${positions}, which nothing was signed for yet.`;
  const signed =
    checkpoint.size < to
      ? `, of which those up to ${checkpoint.size - 1} were signed for`
      : ", for which this was signed";
  return `${positions}${signed}:\n${checkpoint.note.trimEnd()}`;
}
