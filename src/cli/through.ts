import type { Settings } from "../config/settings.ts";
import type { Outcome } from "../service/outcome.ts";
import { type Ask, ask } from "./ask.ts";
import type { CommandContext, OpenDatabase, OpenRecords } from "./command.ts";
import { inWords, rejection, withRecords } from "./opened.ts";

/**
 * Does something through the running service, or, when nothing serves, with the database itself: whoever may open
 * the file needs no token.
 *
 * @throws CommandFailure when it is refused, in the same words either way
 */
export async function through<Value>(
  context: CommandContext,
  request: Ask<Value>,
  alone: (database: OpenDatabase) => Outcome<Value> | Promise<Outcome<Value>>,
): Promise<Value> {
  const reply = await ask(context.settings, request);
  if (reply !== undefined) return reply.value;
  const { settings, openDatabase } = context;
  const database = await inWords(settings, openDatabase, nobodyAt(settings));
  try {
    return valueOf(await alone(database));
  } finally {
    await database.close();
  }
}

/**
 * The same for what only reads: the database is opened so that nothing can be recorded.
 *
 * @throws CommandFailure when it is refused, in the same words either way
 */
export async function readThrough<Value>(
  context: CommandContext,
  request: Ask<Value>,
  alone: (records: OpenRecords) => Promise<Outcome<Value>>,
): Promise<Value> {
  const reply = await ask(context.settings, request);
  if (reply !== undefined) return reply.value;
  return withRecords(context, async (records) => valueOf(await alone(records)), nobodyAt(context.settings));
}

function nobodyAt({ url }: Settings): string {
  return `Nothing serves at ${url}; set SAYWHEN_URL if it does elsewhere. `;
}

function valueOf<Value>(outcome: Outcome<Value>): Value {
  if ("value" in outcome) return outcome.value;
  throw rejection(outcome.rejected);
}
