import { readdirSync, readFileSync } from "node:fs";

/** One step of a schema: `migrations/0007-some-words.sql`. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** Its first line is `-- breaking`: servers that do not know it can no longer use the database. */
  readonly breaking: boolean;
}

/** A step as a database has noted it down. */
export type AppliedMigration = Pick<Migration, "breaking" | "name" | "number">;

/** The database cannot be used by this version of the program; the message says why and what to do. */
export class SchemaMismatch extends Error {
  override readonly name = "SchemaMismatch";
}

/** The migrations of a folder, in order. */
export function readMigrations(folder: URL): Migration[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => {
      const sql = readFileSync(new URL(file, folder), "utf8");
      const name = file.slice(0, -".sql".length);
      return { number: Number.parseInt(name, 10), name, sql, breaking: sql.startsWith("-- breaking\n") };
    });
}

/**
 * What a database lacks of the migrations that this program knows.
 *
 * @throws SchemaMismatch when a newer version has changed it in a way that this one does not understand
 */
export function pendingOf(known: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  for (const { number, name, breaking } of applied) {
    if (!breaking || known.some((migration) => migration.number === number)) continue;
    throw new SchemaMismatch(
      `The database was changed by a newer version (${name}), in a way that this one does not understand; ` +
        "use that version, or restore a backup made before it.",
    );
  }
  return known.filter((migration) => !applied.some(({ number }) => number === migration.number));
}
