import type { Settings } from "../config/settings.ts";
import { type Command, misunderstood } from "./command.ts";
import { inWords } from "./opened.ts";

const usage = `saywhen migrate

A file's database while nothing serves it; PostgreSQL's also beside nodes, unless CHANGELOG.md calls a migration breaking.`;

/** What was applied, and what the operator should know of the server. */
interface Migrated {
  readonly migrated: readonly string[];
  readonly warnings?: readonly string[];
}

/** Brings the database's schema up to date without serving it. */
export function migrateCommand(migrate: (settings: Settings) => Promise<Migrated>): Command {
  return {
    name: "migrate",
    usage,
    summary: "Bring the database up to date, as every start does.",
    async run(args, { settings, print, tell }) {
      if (args.length > 0) throw misunderstood(usage);
      const { migrated, warnings = [] } = await inWords(settings, () => migrate(settings));
      for (const warning of warnings) tell(warning);
      for (const name of migrated) print(`${name}: applied.`);
      if (migrated.length === 0) print("The database is up to date.");
      return 0;
    },
  };
}
