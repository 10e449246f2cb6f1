import { nearest } from "../config/nearest.ts";
import { readSettings, type Settings } from "../config/settings.ts";
import {
  type Command,
  type CommandContext,
  CommandFailure,
  type ExitCode,
  type OpenDatabase,
  type OpenRecords,
} from "./command.ts";
import { helpOn, overview } from "./help.ts";
import { version } from "./version.ts";

/** What a command's context is made of. */
export interface Surroundings extends Pick<CommandContext, "tell" | "print"> {
  readonly openDatabase: (settings: Settings) => Promise<OpenDatabase>;
  readonly openRecords: (settings: Settings, tell?: (line: string) => void) => Promise<OpenRecords>;
  /** Where the settings are read from; the environment by default. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Finds the command that the words ask for and carries it out.
 *
 * @param words the words after `saywhen`
 */
export async function run(
  words: readonly string[],
  commands: readonly Command[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  try {
    return await dispatch(words, commands, surroundings);
  } catch (error) {
    surroundings.tell(error instanceof CommandFailure ? error.message : unforeseen(error));
    return error instanceof CommandFailure ? error.exitCode : 1;
  }
}

async function dispatch(
  words: readonly string[],
  commands: readonly Command[],
  { print, tell, openDatabase, openRecords, env }: Surroundings,
): Promise<ExitCode> {
  const [name, ...args] = words;
  if (name === undefined) throw new CommandFailure(overview(commands), 2);
  if (name === "--version") return printed(version(), print);
  if (isHelp(name)) return printed(args[0] === undefined ? overview(commands) : helpOn(find(args[0], commands)), print);
  const command = find(name, commands);
  if (args.some(isHelp)) return printed(helpOn(command), print);
  const settings = settingsOf(env);
  return command.run(args, {
    settings,
    print,
    tell,
    openDatabase: () => openDatabase(settings),
    openRecords: () => openRecords(settings),
    openPast: () => openRecords(settings, tell),
  });
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h" || word === "help";
}

function printed(text: string, print: (line: string) => void): ExitCode {
  print(text);
  return 0;
}

function find(name: string, commands: readonly Command[]): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const names = commands.map((candidate) => candidate.name);
  const meant = nearest(name, names);
  const hint = meant === undefined ? `There are: ${names.join(", ")}.` : `Did you mean ${meant}?`;
  throw new CommandFailure(`There is no command ${name}. ${hint}`, 2);
}

function settingsOf(env: NodeJS.ProcessEnv | undefined): Settings {
  const answer = readSettings(env);
  if ("faults" in answer) throw new CommandFailure(answer.faults.join("\n"), 2);
  return answer.settings;
}

/** An error that nobody foresaw is a bug: its stack is what a report of it needs. */
function unforeseen(error: unknown): string {
  return `Something went wrong that nobody foresaw:\n${error instanceof Error ? error.stack : String(error)}`;
}
