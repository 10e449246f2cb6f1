import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseCheckpoint, parseKey, ReceiptInvalid, verifyReceipt } from "../audit/verify-receipt.ts";
import type { Settings } from "../config/settings.ts";
import type { KeyFiles } from "../service/key-files.ts";
import { type KeptCheckpoint, type VerifiedLog, verifyLog } from "../service/verify-log.ts";
import { type Command, type CommandContext, CommandFailure, type ExitCode, misunderstood } from "./command.ts";
import { inWords, withPast } from "./opened.ts";
import { ProgressBar } from "./progress-bar.ts";

const usage = `saywhen verify [--checkpoint <file> …] [--key <verifier key> …]
saywhen verify --receipt <file> --key <verifier key> [--change <file>]
The first form goes through the whole log, also beside a running server; the second needs no database.
A verifier key may also be the name of a file with one.
Exit codes: 0 all is well; 1 it could not be done; 2 asked for wrongly; 3 a change or its entry is wrong, or the
receipt proves nothing; 4 only what is derived is wrong; 5 the log does not extend a checkpoint.`;

/** How many findings are printed. */
const printedFindings = 20;

/** What the command needs of the composition root, which is loaded when it is needed. */
export interface VerifyTools {
  openKeys(settings: Settings): KeyFiles;
}

/** Verifies the whole log, or one receipt. */
export function verifyCommand(tools: () => Promise<VerifyTools>): Command {
  return {
    name: "verify",
    usage,
    summary: "Verify every change, what is derived, the log against checkpoints; or a receipt.",
    async run(args, context) {
      const { receipt, change, checkpoints, keys } = read(args);
      if (receipt === undefined && change === undefined) return verifyWhole(tools, context, checkpoints, keys);
      const [key, ...others] = keys;
      const isWhole = receipt !== undefined && key !== undefined && others.length === 0 && checkpoints.length === 0;
      if (!isWhole) throw misunderstood(usage);
      return verifyOne(context, receipt, key, change);
    },
  };
}

/** What was asked for. Throws CommandFailure when it cannot be understood. */
function read(args: readonly string[]) {
  const many = { type: "string", multiple: true } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { receipt: many, change: many, checkpoint: many, key: many },
    });
    const { receipt = [], change = [], checkpoint = [], key = [] } = values;
    // Of a word that comes twice the last alone would be looked at.
    if (receipt.length > 1 || change.length > 1) throw misunderstood(usage);
    return { receipt: receipt[0], change: change[0], checkpoints: checkpoint, keys: key.map(keyIn) };
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw misunderstood(usage);
  }
}

async function verifyWhole(
  tools: () => Promise<VerifyTools>,
  context: CommandContext,
  files: readonly string[],
  keys: readonly string[],
): Promise<ExitCode> {
  const { settings } = context;
  // Read before the database is opened: a checkpoint of a later moment would be ahead of what is seen of the log.
  const given = files.map((file) => ({ note: checkpointIn(file), where: `in ${file}` }));
  const own = await inWords(settings, async () => keptBy((await tools()).openKeys(settings)));
  const log = await withPast(context, async (records) => {
    using bar = new ProgressBar(process.stderr);
    const checkpoints = [...given, ...own];
    return await verifyLog(records.inspection(), {
      checkpoints,
      keys,
      onProgress: (...progress) => bar.show(...progress),
    });
  });
  return told(log, context);
}

function keptBy(keyFiles: KeyFiles): KeptCheckpoint[] {
  const note = keyFiles.keptCheckpoint();
  return note === undefined ? [] : [{ note, where: `in ${keyFiles.path}.checkpoint` }];
}

function told(log: VerifiedLog, context: CommandContext): ExitCode {
  const { losses, counts } = log;
  const isSound = counts.log + counts.derived + counts.checkpoint === 0;
  const code = isSound ? toldSound(log, context) : toldFindings(log, context);
  if (losses.length > 0) context.print("On record, and owned up to when the log was continued:");
  for (const { position, what } of losses.slice(0, printedFindings)) context.print(`position ${position}: ${what}`);
  return code;
}

function toldSound({ size, root, checkpoints, losses }: VerifiedLog, { print }: CommandContext): ExitCode {
  const fits = size === 1 ? "1 change fits its entry" : `${size} changes fit their entries`;
  print(`All ${losses.length > 0 ? "that is left " : ""}is well: ${fits}, and everything derived fits the changes.`);
  print(extended(checkpoints));
  print(`Its root hash is ${root.toString("base64")}.`);
  return 0;
}

function extended(checkpoints: number): string {
  if (checkpoints === 0) return "There was no checkpoint to compare the log with.";
  const which = checkpoints === 1 ? "the one checkpoint" : `all ${checkpoints} checkpoints`;
  return `The log extends ${which} that it was compared with.`;
}

function toldFindings({ size, findings, counts }: VerifiedLog, { print, tell }: CommandContext): ExitCode {
  const all = counts.log + counts.derived + counts.checkpoint;
  for (const { position, what } of findings.slice(0, printedFindings)) {
    print(position === undefined ? what : `position ${position}: ${what}`);
  }
  const of = size === 1 ? "1 change" : `${size} changes`;
  if (all > printedFindings) print(`… and ${all - printedFindings} more.`);
  tell(
    `Of ${of}: ${counts.log} wrong in the log, ${counts.derived} in what is derived, ${counts.checkpoint} with checkpoints.`,
  );
  tell(counts.log > 0 ? advice.log : counts.checkpoint > 0 ? advice.checkpoint : advice.derived);
  return counts.log > 0 ? 3 : counts.checkpoint > 0 ? 5 : 4;
}

const advice = {
  log: "What a change said cannot be made anew: keep this database, and restore a backup that has it (docs/verify.md).",
  checkpoint:
    "The log lost changes, or was rewritten, after it was signed: keep this database, and restore a backup (docs/verify.md).",
  derived: "No change is damaged: stop the service and run `saywhen log rebuild`.",
} as const;

function verifyOne({ print }: CommandContext, receipt: string, key: string, opening: string | undefined): ExitCode {
  const verdict = verifyReceipt(textIn(receipt), key, opening === undefined ? undefined : openingIn(opening));
  if (!verdict.ok) {
    print(`The receipt proves nothing. ${verdict.why}`);
    return 3;
  }
  const { origin, position, size, at, kind, change } = verdict;
  print(`position  ${position}`);
  print(`time      ${at}`);
  print(`kind      ${kind}`);
  print(`log       ${origin}, of ${size} entries when it was signed`);
  if (change !== undefined) print(`change    ${JSON.stringify(change, null, 2)}`);
  return 0;
}

// What is no key, checkpoint or change at all is a wrong file, and not one that was altered: a script has to tell them apart.

/** A verifier key as it was given, or as it stands in a file. */
function keyIn(text: string): string {
  const key = /^\S+\+[0-9a-f]{8}\+\S+$/.test(text) ? text : textIn(text).trim();
  return legible(`${text} is no verifier key`, () => (parseKey(key), key));
}

function checkpointIn(file: string): string {
  const note = textIn(file);
  const end = note.lastIndexOf("\n\n") + 1;
  if (!note.startsWith("\n— ", end)) throw new CommandFailure(`${file} is no checkpoint: it has no signature.`, 2);
  return legible(`${file} is no checkpoint`, () => (parseCheckpoint(note.slice(0, end)), note));
}

function openingIn(file: string): string {
  const text = textIn(file);
  if (isOpening(text)) return text;
  throw new CommandFailure(`${file} is no change as GET /v1/changes/{position} answers it.`, 2);
}

const openingMembers = ["position", "salt", "change"] as const;

function isOpening(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && openingMembers.every((member) => member in value);
  } catch {
    return false;
  }
}

/** @param what is said when it cannot be read, without the reason */
function legible(what: string, read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ReceiptInvalid)) throw error;
    throw new CommandFailure(`${what}: ${error.message}`, 2);
  }
}

function textIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandFailure(`The file cannot be read: ${(error as Error).message}`);
  }
}
