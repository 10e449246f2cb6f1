import { readFileSync } from "node:fs";
import type { StorageFault } from "../../service/inspection.ts";
import { readMigrations } from "../migrations.ts";
import { faultOf, type SchemaDifference } from "../schema-difference.ts";
import type { Statements } from "./database.ts";
import { describeSchema, readSchema, type SchemaPart } from "./schema.ts";

const migrationsSql = "SELECT count(*) AS number FROM saywhen.migration";

/** The parts that a table's lines tell of, by how the lines begin. */
const partPattern =
  /^(?:CREATE )?(?:UNIQUE |CONSTRAINT )?(column|constraint|index|trigger|rule|policy) ("(?:[^"]|"")+"|\S+)/i;
const functionPattern = /^CREATE OR REPLACE (?:FUNCTION|PROCEDURE) /;
const partitionPattern = /^table of /;

/**
 * How the schema differs from the one that the migrations make. Tables and views that are there besides are no part of it:
 * nothing reads or writes them. Nor is how tables and indexes are tuned. Of a database that a newer version has changed
 * nothing can be said.
 */
export async function schemaFaults(statements: Statements): Promise<StorageFault[]> {
  const [applied] = await statements.rows<{ number: number }>(migrationsSql);
  if (Number(applied?.number) > readMigrations(new URL("./migrations/", import.meta.url)).length) return [];
  const there = (await describeSchema(statements)).map(untuned);
  const made = readSchema(readFileSync(new URL("./schema.txt", import.meta.url), "utf8")).map(untuned);
  return differences(there, [...made, ...laterPartitions(made, there)]).map(faultOf);
}

function differences(there: readonly SchemaPart[], made: readonly SchemaPart[]): SchemaDifference[] {
  const [lacking, others] = [without(made, there), without(there, made)];
  const names = new Set(made.map(({ name }) => name));
  const isOurs = ({ name, text }: SchemaPart) =>
    names.has(name) || partitionPattern.test(text) || functionPattern.test(text);
  const besides = others.filter((part) => isOurs(part) && !has(lacking, part));
  return [
    ...lacking.map((part) => ({ ...titleOf(part), expected: part.text, isThere: has(others, part) })),
    ...besides.map((part) => ({ ...titleOf(part), expected: undefined, isThere: true })),
  ];
}

/** Those that the others do not have just so. */
function without(parts: readonly SchemaPart[], others: readonly SchemaPart[]): SchemaPart[] {
  const known = new Set(others.map(({ name, text }) => `${name}: ${text}`));
  return parts.filter(({ name, text }) => !known.has(`${name}: ${text}`));
}

function has(parts: readonly SchemaPart[], wanted: SchemaPart): boolean {
  const { type, name } = titleOf(wanted);
  return parts.map(titleOf).some((title) => title.type === type && title.name === name);
}

function titleOf({ name, text }: SchemaPart): Pick<SchemaDifference, "name" | "type"> {
  if (functionPattern.test(text)) return { type: "function", name };
  const [, type, part] = partPattern.exec(text) ?? [];
  if (type === undefined || part === undefined) return { type: "table", name };
  return { type: type.toLowerCase(), name: /index/i.test(type) ? part : `${part} of ${name}` };
}

/** The parts of those partitions of the changes that were added as the log grew: as the first one's. */
function laterPartitions(made: readonly SchemaPart[], there: readonly SchemaPart[]): SchemaPart[] {
  const first = made.filter(({ name }) => name === "change_0");
  const numbers = there.flatMap(({ name, text }) =>
    text.startsWith("table of change ") ? (/^change_([1-9]\d*)$/.exec(name)?.[1] ?? []) : [],
  );
  return numbers.flatMap((number) =>
    first.map(({ text }) => ({ name: `change_${number}`, text: nthPartition(text, Number(number)) })),
  );
}

function nthPartition(text: string, number: number): string {
  return text.replace(/\('0'\) TO \('(\d+)'\)/, (_, each: string) => {
    return `('${number * Number(each)}') TO ('${(number + 1) * Number(each)}')`;
  });
}

/** Without what an administrator may set to make it faster, and without whether an index is finished. */
function untuned({ name, text }: SchemaPart): SchemaPart {
  const bare = text.replace(/ with \(\w[\w.]*=[^)]*\)/i, "");
  return { name, text: /^CREATE .*INDEX /.test(bare) ? bare.replace(/ not valid$/, "") : bare };
}
