import { parseArgs } from "node:util";
import { withPassword } from "../config/password-file.ts";
import { databaseAddress } from "../config/readers.ts";
import { type Settings, settingsTable } from "../config/settings.ts";
import type { MovedNow, MoveRequest } from "../compose-commands.ts";
import { MovedBefore } from "../storage/move/move-failed.ts";
import { type Command, type CommandContext, CommandFailure, misunderstood } from "./command.ts";
import { counted } from "./log.ts";
import { inWords } from "./opened.ts";
import { ProgressBar } from "./progress-bar.ts";

const usage = `saywhen move --from <file or postgres://…> --to <file or postgres://…>

Most of it is copied while the service runs. A file must not be served at the end: then the command says so, and goes on
when it is called again. With PostgreSQL the nodes go on reading, and refuse writes from then on. Cut off, it goes on
when it is called again.`;

type Move = (
  settings: Settings,
  request: MoveRequest,
  onProgress: (done: number, total: number) => void,
) => Promise<MovedNow>;

/** Moves the whole log to another database. */
export function moveCommand(move: Move): Command {
  return {
    name: "move",
    usage,
    summary: "Move everything to another database: SQLite to PostgreSQL, or back.",
    async run(args, context) {
      const request = read(args);
      using bar = new ProgressBar(process.stderr);
      const work = () => move(context.settings, request, (done, total) => bar.show(done, total));
      const moved = await inWords({ ...context.settings, database: request.from }, () => unlessBefore(work));
      bar[Symbol.dispose]();
      if (typeof moved === "string") context.print(moved);
      else tellAbout(moved, context);
      return 0;
    },
  };
}

/** What was moved, or that it was moved before, in words: whoever calls the command again has what was asked for. */
async function unlessBefore(work: () => Promise<MovedNow>): Promise<MovedNow | string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MovedBefore) return error.message;
    throw error;
  }
}

function read(args: readonly string[]): MoveRequest {
  const one = { type: "string" } as const;
  let values: { from?: string; to?: string };
  try {
    ({ values } = parseArgs({ args: [...args], options: { from: one, to: one } }));
  } catch {
    throw misunderstood(usage);
  }
  if (!values.from || !values.to) throw misunderstood(usage);
  return { from: addressIn("--from", values.from), to: addressIn("--to", values.to) };
}

function addressIn(option: string, text: string): string {
  const address = databaseAddress(text);
  if (address !== undefined) return withPassword(address);
  throw new CommandFailure(`${option} must be ${settingsTable.database.values}.`, 2);
}

function tellAbout(moved: MovedNow, { print, tell }: CommandContext): void {
  const { from, to, size, sourceRoot, targetRoot, key, erasures, unbooked } = moved;
  const [before, after] = [sourceRoot.toString("base64"), targetRoot.toString("base64")];
  print(`${counted(size, "change")} moved; root hash of ${from}: ${before}, of ${to}: ${after}.`);
  print(
    `Set SAYWHEN_DATABASE to what --to was${key === undefined ? "" : ` and SAYWHEN_KEY to ${key}`}, and start the service.`,
  );
  print(`${from} takes no more changes; remove it once the new one is backed up.`);
  if (unbooked > 0)
    tell(
      `The log has ${counted(erasures, "erasure")}, and ${key ?? "the key"}.erased lacks ${counted(unbooked, "line")}: whom ` +
        "they are about would not be erased again after a restore. Put the books of all nodes together before their " +
        "folders are removed: docs/operate.md, The book of erasures.",
    );
}
