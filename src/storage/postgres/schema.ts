import type { Statements } from "./database.ts";

// Of a partition, only what it does not have from its table. Names are printed alike whatever the search_path is; what is
// an administrator's own affair (owners, grants, tablespaces) is left out.
const linesSql = `
WITH thing AS (
  SELECT c.oid, c.relname AS name, c.relkind, c.relpersistence, c.reloptions, c.relispartition, c.relrowsecurity,
    parent.relname AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound
  FROM pg_class AS c
  LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
  LEFT JOIN pg_class AS parent ON parent.oid = i.inhparent
  WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'saywhen') AND c.relkind NOT IN ('i', 'I', 't', 'c')
), line (name, part, text) AS (
  SELECT name, 'a', concat(
    CASE relpersistence WHEN 'u' THEN 'unlogged ' WHEN 't' THEN 'temporary ' END,
    CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
      WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE relkind::text END,
    CASE WHEN parent IS NOT NULL THEN format(' of %s %s', parent, bound) END,
    CASE WHEN relkind = 'p' THEN ' partitioned by ' || pg_get_partkeydef(oid) END,
    CASE WHEN reloptions IS NOT NULL THEN format(' with (%s)', array_to_string(reloptions, ', ')) END,
    CASE WHEN relrowsecurity THEN ' with row security' END)
  FROM thing
  UNION ALL
  SELECT name, format('b%s', to_char(a.attnum, '0000')), concat('column ', a.attname, ' ',
    format_type(a.atttypid, a.atttypmod),
    CASE WHEN coll.collname <> 'default' THEN format(' collate "%s"', coll.collname) END,
    CASE WHEN a.attnotnull THEN ' not null' END,
    CASE WHEN a.attgenerated <> '' THEN ' generated' WHEN a.attidentity <> '' THEN ' identity' END,
    ' default ' || pg_get_expr(d.adbin, d.adrelid))
  FROM thing JOIN pg_attribute AS a ON a.attrelid = thing.oid
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_collation AS coll ON coll.oid = a.attcollation
  WHERE a.attnum > 0 AND NOT a.attisdropped AND NOT relispartition AND relkind <> 'S'
  UNION ALL
  SELECT thing.name, 'c' || con.conname, format('constraint %s %s%s', con.conname, pg_get_constraintdef(con.oid),
    CASE WHEN NOT con.convalidated THEN ' not valid' END)
  FROM thing JOIN pg_constraint AS con ON con.conrelid = thing.oid
  WHERE con.contype <> 'n' AND con.conparentid = 0 AND (con.conislocal OR NOT relispartition)
  UNION ALL
  SELECT thing.name, 'd' || index.relname, concat(pg_get_indexdef(index.oid),
    CASE WHEN NOT i.indisvalid OR NOT i.indisready THEN ' not valid' END)
  FROM thing JOIN pg_index AS i ON i.indrelid = thing.oid JOIN pg_class AS index ON index.oid = i.indexrelid
  WHERE NOT index.relispartition
  UNION ALL
  SELECT thing.name, 'e' || t.tgname, concat(pg_get_triggerdef(t.oid), CASE WHEN t.tgenabled <> 'O' THEN ' not enabled' END)
  FROM thing JOIN pg_trigger AS t ON t.tgrelid = thing.oid WHERE NOT t.tgisinternal AND t.tgparentid = 0
  UNION ALL
  SELECT thing.name, 'f' || r.rulename, pg_get_ruledef(r.oid)
  FROM thing JOIN pg_rewrite AS r ON r.ev_class = thing.oid
  UNION ALL
  SELECT thing.name, 'g' || p.polname, 'policy ' || p.polname FROM thing JOIN pg_policy AS p ON p.polrelid = thing.oid
  UNION ALL
  SELECT p.proname, 'function', pg_get_functiondef(p.oid)
  FROM pg_proc AS p
  WHERE p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'saywhen') AND p.prokind <> 'a'
)
SELECT name, CASE part WHEN 'function' THEN text ELSE replace(text, 'saywhen.', '') END AS text FROM line
ORDER BY name COLLATE "C", part COLLATE "C", text COLLATE "C"`;

/** One thing of the schema: a table or partition, a column, constraint, index, trigger or rule of it, or a function. */
export interface SchemaPart {
  /** The table's name, or the function's. */
  readonly name: string;
  /** What it is, in the database's own words. */
  readonly text: string;
}

/** Everything that the schema `saywhen` holds, in an order of its own: what two databases have alike reads alike. */
export async function describeSchema(statements: Statements): Promise<SchemaPart[]> {
  const parts = await statements.rows<SchemaPart>(linesSql);
  return parts.map(({ name, text }) => ({ name, text: text.trimEnd() }));
}

/** As a text to be kept: a part begins where a line is not indented. */
export function printSchema(parts: readonly SchemaPart[]): string {
  return parts.map(({ name, text }) => `${name}: ${text.replaceAll(/\n(?=.)/g, "\n  ")}\n`).join("");
}

/** What such a text was printed from. */
export function readSchema(printed: string): SchemaPart[] {
  return printed
    .trimEnd()
    .split(/\n(?=\S)/)
    .map((line) => {
      const end = line.indexOf(": ");
      return { name: line.slice(0, end), text: line.slice(end + 2).replaceAll("\n  ", "\n") };
    });
}
