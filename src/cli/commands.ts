import { backupCommand } from "./backup.ts";
import { catalogueCommand } from "./catalogue.ts";
import { clientCommand } from "./client.ts";
import type { Command } from "./command.ts";
import { decideCommand } from "./decide.ts";
import { eraseCommand } from "./erase.ts";
import { exportCommand } from "./export.ts";
import { historyCommand } from "./history.ts";
import { logCommand } from "./log.ts";
import { migrateCommand } from "./migrate.ts";
import { moveCommand } from "./move.ts";
import { restoreCommand } from "./restore.ts";
import { serveCommand } from "./serve.ts";
import { showCommand } from "./show.ts";
import { verifyCommand } from "./verify.ts";

/** Every command, in the order in which `saywhen --help` lists them. */
export const commands: readonly Command[] = [
  // The service's own code is loaded only when it is needed, so that every other command answers at once.
  serveCommand(async (settings) => (await import("../compose.ts")).compose(settings)),
  clientCommand,
  catalogueCommand,
  showCommand,
  historyCommand,
  decideCommand,
  eraseCommand,
  exportCommand,
  verifyCommand(() => import("../compose-commands.ts")),
  logCommand(() => import("../compose-commands.ts")),
  backupCommand(async (...args) => (await import("../compose-commands.ts")).backUp(...args)),
  restoreCommand(async (...args) => (await import("../compose-commands.ts")).restore(...args)),
  moveCommand(async (...args) => (await import("../compose-commands.ts")).moveNow(...args)),
  migrateCommand(async (settings) => (await import("../compose-commands.ts")).migrateNow(settings)),
];
