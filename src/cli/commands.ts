import { catalogueCommand } from "./catalogue.ts";
import { clientCommand } from "./client.ts";
import type { Command } from "./command.ts";
import { serveCommand } from "./serve.ts";

/** Every command, in the order in which `saywhen --help` lists them. */
export const commands: readonly Command[] = [
  // The service's own code is loaded only when it is needed, so that every other command answers at once.
  serveCommand(async (settings) => (await import("../compose.ts")).compose(settings)),
  clientCommand,
  catalogueCommand,
];
