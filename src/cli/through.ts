import type { Fault } from "../domain/fault.ts";
import { problems } from "../domain/problem.ts";
import type { Outcome } from "../service/outcome.ts";
import { type Ask, ask, refusal } from "./ask.ts";
import { type CommandContext, CommandFailure, type OpenDatabase } from "./command.ts";
import { startFailure } from "./start-failure.ts";

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
  const database = await open(context);
  try {
    const outcome = await alone(database);
    if ("value" in outcome) return outcome.value;
    const { problem, faults } = outcome.rejected;
    throw refusal(problems[problem].title, problems[problem].help, faults.map(printed));
  } finally {
    await database.close();
  }
}

async function open({ settings, openDatabase }: CommandContext): Promise<OpenDatabase> {
  try {
    return await openDatabase();
  } catch (error) {
    const message = startFailure(error, settings);
    if (message === undefined) throw error;
    throw new CommandFailure(`Nothing serves at ${settings.url}; set SAYWHEN_URL if it does elsewhere. ${message}`);
  }
}

function printed({ path, message }: Fault): string {
  return `#${path.map((key) => `/${key}`).join("")}: ${message}`;
}
