import { verifierKeyOf } from "../audit/checkpoint.ts";
import type { Settings } from "../config/settings.ts";
import type { ContinuedNow } from "../compose-commands.ts";
import type { ErasedAgain } from "../service/erasure-book.ts";
import type { KeyFiles } from "../service/key-files.ts";
import type { LogIdentity } from "../service/log-store.ts";
import { whyStopped } from "../service/why-stopped.ts";
import type { Rebuilt } from "../storage/derive-anew.ts";
import { type Command, type CommandContext, CommandFailure, misunderstood } from "./command.ts";
import { inWords, withRecords } from "./opened.ts";

const usage = `saywhen log
saywhen log continue [--new-key]
saywhen log rebuild
continue: go on under a new name, after the database was set back
--new-key: go on with a new key, because the log's is lost or in wrong hands
rebuild: derive everything anew that is derived from the changes`;

/** What the command needs of the composition root, which is loaded when it is needed. */
export interface LogTools {
  readonly openKeys: (settings: Settings) => KeyFiles;
  readonly continueNow: (settings: Settings, options: { readonly newKey: boolean }) => Promise<ContinuedNow>;
  readonly rebuildNow: (settings: Settings) => Promise<Rebuilt>;
}

/** Shows how the log stands, and mends it. */
export function logCommand(tools: () => Promise<LogTools>): Command {
  return {
    name: "log",
    usage,
    summary: "Show how the log stands; continue it under a new name; rebuild what is derived.",
    async run(args, context) {
      const words = args.join(" ");
      if (words === "") await show(tools, context);
      else if (words === "continue") await goOn(tools, context, false);
      else if (words === "continue --new-key") await goOn(tools, context, true);
      else if (words === "rebuild") await rebuild(tools, context);
      else throw misunderstood(usage);
      return 0;
    },
  };
}

async function show(tools: () => Promise<LogTools>, context: CommandContext): Promise<void> {
  const { settings, print } = context;
  const keyFiles = (await tools()).openKeys(settings);
  await withRecords(context, async (records) => {
    const [current, ...earlier] = (await records.identities()).toReversed();
    print(`entries       ${await records.size()}`);
    if (current === undefined) return print("It was never signed; starting the service gives it a name and a key.");
    print(`origin        ${current.origin}`);
    print(`verifier key  ${keyOf(current)}`);
    for (const identity of earlier) print(`before        ${keyOf(identity)}`);
    print(`signed        ${current.checkpoint === undefined ? "nothing yet" : `${current.checkpoint.size} entries:`}`);
    if (current.checkpoint !== undefined) print(`\n${current.checkpoint.note.trimEnd()}`);
    const stopped = await whyStopped(records, keyFiles);
    if (stopped !== undefined) throw new CommandFailure(`Nothing is signed. ${stopped}`);
  });
}

function keyOf({ origin, publicKey }: LogIdentity): string {
  return verifierKeyOf(origin, publicKey);
}

async function goOn(tools: () => Promise<LogTools>, { settings, tell, print }: CommandContext, newKey: boolean) {
  const { continueNow } = await tools();
  const { origin, verifierKey, position, again } = await inWords(settings, () => continueNow(settings, { newKey }));
  tell(`The log goes on as ${origin}, since change ${position}. Its verifier key, for whoever verifies it:`);
  print(verifierKey);
  if (typeof again === "string") tell(`Whoever was erased since is not erased again: ${again}`);
  else tellErasedAgain(again, settings, tell);
}

/** Says what came of erasing again, in a database that was set back, what was erased since. */
export function tellErasedAgain(
  { erased, lines, unreadable }: ErasedAgain,
  { key }: Settings,
  tell: (line: string) => void,
): void {
  if (erased > 0) tell(`Erased again, as they were since: ${counted(erased, "subject")}.`);
  if (lines === 0) tell(`There is no line in ${key}.erased: if somebody was erased since, they are not erased again.`);
  if (unreadable > 0)
    tell(
      `Perhaps not erased again: whom ${counted(unreadable, "line")} of ${key}.erased are about cannot be told: ` +
        `written with another key than ${key}, or cut short.`,
    );
}

/** A number of things, in words. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

async function rebuild(tools: () => Promise<LogTools>, { settings, tell }: CommandContext): Promise<void> {
  const { rebuildNow } = await tools();
  const { size, mended, isClean } = await inWords(settings, () => rebuildNow(settings));
  const was = mended === 1 ? "1 thing was" : `${mended} things were`;
  tell(`Everything is derived anew from ${size} changes, and verified; ${was} wrong before.`);
  if (!isClean)
    tell("Somebody still reads the file as it was: what was overwritten is gone from it with the next start.");
}
