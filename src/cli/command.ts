import type { Settings } from "../config/settings.ts";
import type { CatalogueInForce } from "../service/catalogue.ts";
import type { ClientRegistry } from "../service/clients.ts";
import type { Inspectable } from "../service/inspection.ts";
import type { LogRecords } from "../service/log-store.ts";
import type { Records, Store } from "../service/store.ts";

/**
 * 0: done; 1: it could not be done; 2: it was asked for wrongly. `verify` alone has more: 3: a change or its entry is
 * wrong; 4: only what is derived is; 5: the log does not extend a checkpoint.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5;

/** One command of `saywhen`. */
export interface Command {
  /** The word that calls it. */
  readonly name: string;
  /** How it is called: a line for each form, then what else there is to say. */
  readonly usage: string;
  /** What it does, in one line. */
  readonly summary: string;
  /**
   * Carries the command out.
   * @param args the words after the command's name
   * @throws CommandFailure when it could not be done, or was asked for wrongly
   */
  run(args: readonly string[], context: CommandContext): Promise<ExitCode>;
}

/** What a command has to work with. */
export interface CommandContext {
  readonly settings: Settings;
  /** Opens the database itself, for when nothing serves. */
  readonly openDatabase: () => Promise<OpenDatabase>;
  /** Opens what is recorded, to be read only: also beside a running server. */
  readonly openRecords: () => Promise<OpenRecords>;
  /** The same for what tells of the past: on the replica, where there is one; says on standard error how that is. */
  readonly openPast: () => Promise<OpenRecords>;
  /** Writes a line of what was asked for to standard output. */
  readonly print: (line: string) => void;
  /** Writes a line about it, for people, to standard error. */
  readonly tell: (line: string) => void;
}

/** What is recorded, as of one moment. */
export type OpenRecords = Records & LogRecords & Inspectable;

/** The database without a server in front, its lock held until it is closed. */
export interface OpenDatabase {
  readonly store: Store;
  readonly clients: ClientRegistry;
  readonly catalogue: CatalogueInForce;
  close(): Promise<void>;
}

/** The command could not be carried out. The message is all that its caller sees: a sentence, with what would help. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The words after the command's name make no sense: says how it is called. */
export function misunderstood(usage: string): CommandFailure {
  return new CommandFailure(`Usage:\n${usage}`, 2);
}
