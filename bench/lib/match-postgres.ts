import { Client } from "pg";
import type { PostgresServer } from "../../test/support/postgres-server.ts";
import { itemOf } from "./match-model.ts";
import { countSql, labelRows, wishIndex, wishTables } from "./match-sql.ts";
import type { MatchAnswer } from "./match-worker.ts";
import { labelsOf, wishesOf } from "./match-wishes.ts";

/** Rows of one statement while the tables are filled. */
const batch = 50_000;

/** The same tables in PostgreSQL, on a connection that stays open until `end`. */
export async function openPostgresMatcher(
  postgres: PostgresServer,
  subjects: number,
): Promise<{ readonly ask: (item: number) => Promise<MatchAnswer>; readonly end: () => Promise<void> }> {
  const client = new Client({ connectionString: await postgres.createDatabase("match") });
  await client.connect();
  await client.query(wishTables);
  await fill(client, subjects);
  await client.query(wishIndex);
  const text = countSql("= ANY($1)", "$2");
  const ask = async (item: number): Promise<MatchAnswer> => {
    const question = itemOf(item);
    const values = [labelsOf(question), question.module.name];
    const start = performance.now();
    const { rows } = await client.query<{ frequency: string; count: string }>({ name: "match", text, values });
    const milliseconds = performance.now() - start;
    return { milliseconds, counts: Object.fromEntries(rows.map((row) => [row.frequency, Number(row.count)])) };
  };
  return { ask, end: () => client.end() };
}

async function fill(client: Client, subjects: number): Promise<void> {
  const wish = table(client, "INSERT INTO wish SELECT * FROM unnest($1::int[], $2::text[], $3::int[])");
  const governs = table(client, "INSERT INTO governs SELECT * FROM unnest($1::text[], $2::int[])");
  const labels = table(client, "INSERT INTO wish_label SELECT * FROM unnest($1::int[], $2::int[], $3::int[])");
  let wishes = 0;
  for (const one of wishesOf(subjects)) {
    await wish.add(wishes, one.frequency, one.nodes.length);
    for (const module of one.modules) await governs.add(module, wishes);
    for (const { node, label } of labelRows(one)) await labels.add(wishes, node, label);
    wishes += 1;
  }
  for (const { end } of [wish, governs, labels]) await end();
}

/** Rows for a statement that takes a column an array. */
function table(client: Client, text: string) {
  let rows: (string | number)[][] = [];
  const end = async (): Promise<void> => {
    const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]));
    if (rows.length > 0) await client.query(text, columns);
    rows = [];
  };
  const add = (...row: (string | number)[]): Promise<void> | undefined => {
    rows.push(row);
    return rows.length >= batch ? end() : undefined;
  };
  return { add, end };
}
