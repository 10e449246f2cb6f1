import { parseArgs } from "node:util";
import { withPassword } from "../config/password-file.ts";
import { databaseAddress } from "../config/readers.ts";
import { type Settings, settingsTable } from "../config/settings.ts";
import type { MovedNow, MoveRequest } from "../compose-commands.ts";
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
      const moved = await inWords({ ...context.settings, database: request.from }, work);
      bar[Symbol.dispose]();
      tellAbout(moved, context);
      return 0;
    },
  };
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

function tellAbout({ from, to, size, sourceRoot, targetRoot, key }: MovedNow, { print }: CommandContext): void {
  const [before, after] = [sourceRoot.toString("base64"), targetRoot.toString("base64")];
  print(`${counted(size, "change")} moved; root hash of ${from}: ${before}, of ${to}: ${after}.`);
  print(
    `Set SAYWHEN_DATABASE to what --to was${key === undefined ? "" : ` and SAYWHEN_KEY to ${key}`}, and start the service.`,
  );
  print(`${from} takes no more changes; remove it once the new one is backed up.`);
}
