import { DatabaseSync } from "node:sqlite";
import type { SchemaDifference } from "../schema-difference.ts";
import { inMemory } from "./database-file.ts";
import { migrate } from "./migrate.ts";

interface Part {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

const partsSql =
  "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL";
const migrationsSql = "SELECT count(*) AS number FROM migration";

/**
 * How the schema differs from the one that the migrations make. Tables that are there besides are no part of it: nothing
 * reads or writes them. Of a database that a newer version has changed nothing can be said.
 */
export function differencesOf(db: DatabaseSync): SchemaDifference[] {
  using own = new DatabaseSync(inMemory);
  migrate(own, "");
  if (countOf(db) > countOf(own)) return [];
  const [there, made] = [partsOf(db), partsOf(own)];
  const wrong = made.filter((part) => !there.some((other) => isSame(part, other)));
  const besides = there.filter((part) => part.type !== "table" && !made.some(({ name }) => name === part.name));
  return [
    ...wrong.map(({ type, name, sql }) => {
      return { type, name, expected: sql, isThere: there.some((other) => other.name === name) };
    }),
    ...besides.map(({ type, name }) => ({ type, name, expected: undefined, isThere: true })),
  ];
}

/** Takes away what should not be there, triggers before all: they would have a say in what is written next. */
export function dropForeign(db: DatabaseSync, differences: readonly SchemaDifference[]): void {
  for (const { type, name, isThere } of differences) {
    if (isThere && type !== "table") db.exec(`DROP ${type} "${name.replaceAll('"', '""')}"`);
  }
}

/** Makes what should be there, once what was there instead is gone. */
export function makeMissing(db: DatabaseSync, differences: readonly SchemaDifference[]): void {
  for (const { type, expected } of differences) if (expected !== undefined && type !== "table") db.exec(expected);
}

function partsOf(db: DatabaseSync): Part[] {
  return db.prepare(partsSql).all() as unknown as Part[];
}

function countOf(db: DatabaseSync): number {
  return Number(db.prepare(migrationsSql).get()?.["number"]);
}

/** Versions of SQLite differ in how they quote the name of what was renamed. */
function isSame(one: Part, other: Part): boolean {
  return one.type === other.type && one.name === other.name && bare(one) === bare(other);
}

function bare({ sql }: Part): string {
  return sql.replaceAll(/["\s]/g, "");
}
