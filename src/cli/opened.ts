import type { Settings } from "../config/settings.ts";
import type { Rejection } from "../service/outcome.ts";
import { problems } from "../domain/problem.ts";
import { refusal } from "./ask.ts";
import { type CommandContext, CommandFailure, type OpenRecords } from "./command.ts";
import { startFailure } from "./start-failure.ts";

/**
 * Does something with what is recorded in the file itself: also beside a running server.
 *
 * @param before what is to be said before the sentence that says what went wrong
 * @throws CommandFailure when the database cannot be opened or read, or what it holds is damaged
 */
export function withRecords<Value>(
  { settings, openRecords }: CommandContext,
  read: (records: OpenRecords) => Promise<Value>,
  before?: string,
): Promise<Value> {
  return inWords(settings, () => closing(openRecords, read), before);
}

/** The same with what tells of the past, which may be read on a replica. */
export function withPast<Value>(
  { settings, openPast }: CommandContext,
  read: (records: OpenRecords) => Promise<Value>,
): Promise<Value> {
  return inWords(settings, () => closing(openPast, read));
}

async function closing<Value>(
  open: () => Promise<OpenRecords>,
  read: (records: OpenRecords) => Promise<Value>,
): Promise<Value> {
  const records = await open();
  try {
    return await read(records);
  } finally {
    await records.close();
  }
}

/**
 * Does something that needs the database, and puts what was foreseen to go wrong in a sentence.
 *
 * @param before what is to be said before that sentence
 */
export async function inWords<Value>(settings: Settings, work: () => Promise<Value>, before = ""): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof CommandFailure ? undefined : startFailure(error, settings);
    if (message === undefined) throw error;
    throw new CommandFailure(`${before}${message}`);
  }
}

/** A use case that was not carried out, in the words in which the service would say so. */
export function rejection({ problem, faults }: Rejection): CommandFailure {
  const places = faults.map(({ path, message }) => `#${path.map((key) => `/${key}`).join("")}: ${message}`);
  return refusal(problems[problem].title, problems[problem].help, places);
}
