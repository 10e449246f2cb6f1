import type { Outcome } from "../service/outcome.ts";
import { type Ask, ask } from "./ask.ts";
import type { CommandContext, OpenDatabase } from "./command.ts";
import { inWords, rejection } from "./opened.ts";

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
  const nobody = `Nothing serves at ${settings.url}; set SAYWHEN_URL if it does elsewhere. `;
  const database = await inWords(settings, openDatabase, nobody);
  try {
    const outcome = await alone(database);
    if ("value" in outcome) return outcome.value;
    throw rejection(outcome.rejected);
  } finally {
    await database.close();
  }
}
