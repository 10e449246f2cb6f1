import { Client } from "pg";
import { cells, type Cell, choiceOf, customerOf } from "./customers.ts";

/** Rows that one statement adds. */
const rowsAtOnce = 60_000;

const tableSql = "CREATE TABLE choice (customer text NOT NULL, cell int2 NOT NULL, opted_in bool NOT NULL)";

const addSql = "INSERT INTO choice SELECT * FROM unnest($1::text[], $2::int2[], $3::bool[])";

/** The one index serves both the batch and the audience, and neither has to look at the table. */
const indexSql = "ALTER TABLE choice ADD PRIMARY KEY (cell, customer) INCLUDE (opted_in)";

/** The table that a user would write, with the numbers of cells in place of their names: it has a row for each choice. */
export async function loadTable(url: string, customers: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(tableSql);
  await client.query("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'");
  let columns: [string[], number[], boolean[]] = [[], [], []];
  for (let number = 0; number < customers; number += 1) {
    addRows(columns, number);
    if (columns[0].length < rowsAtOnce && number + 1 < customers) continue;
    await client.query(addSql, columns);
    columns = [[], [], []];
  }
  await client.query(indexSql);
  await client.query("VACUUM ANALYZE choice");
  await client.query("CHECKPOINT");
  await client.end();
}

function addRows([names, places, yes]: [string[], number[], boolean[]], number: number): void {
  const name = customerOf(number);
  for (const [place, cell] of cells.entries()) {
    const choice = choiceOf(number, cell);
    if (choice === undefined) continue;
    names.push(name);
    places.push(place);
    yes.push(choice === "opted-in");
  }
}

/** Asks the table on one connection. */
export class AskedTable {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async open(url: string): Promise<AskedTable> {
    const client = new Client({ connectionString: url });
    await client.connect();
    return new AskedTable(client);
  }

  /** How many of these said yes, and how many no: every row comes here, and is looked at. */
  async batch(names: readonly string[], cell: Cell): Promise<{ yes: number; no: number }> {
    const rows = await this.#about(names, cell);
    const yes = rows.reduce((sum, [, isYes]) => sum + (isYes === true ? 1 : 0), 0);
    return { yes, no: rows.length - yes };
  }

  /** What each of these said, as far as it is known. */
  async choices(names: readonly string[], cell: Cell): Promise<ReadonlyMap<unknown, boolean>> {
    const rows = await this.#about(names, cell);
    return new Map(rows.map(([name, isYes]) => [name, isYes === true]));
  }

  async count(cell: Cell): Promise<number> {
    const rows = await this.#rows("SELECT count(*)::int FROM choice WHERE cell = $1 AND opted_in", [
      cells.indexOf(cell),
    ]);
    return Number(rows[0]?.[0]);
  }

  /** @returns how many there are: every row comes here */
  async audience(cell: Cell): Promise<number> {
    const rows = await this.#rows("SELECT customer FROM choice WHERE cell = $1 AND opted_in", [cells.indexOf(cell)]);
    return rows.length;
  }

  /** No name needs quotes in a list, and to write the list oneself is faster than to have `pg` do it. */
  #about(names: readonly string[], cell: Cell): Promise<unknown[][]> {
    const sql = "SELECT customer, opted_in FROM choice WHERE cell = $1 AND customer = ANY($2::text[])";
    return this.#rows(sql, [cells.indexOf(cell), `{${names.join()}}`]);
  }

  async #rows(text: string, values: unknown[]): Promise<unknown[][]> {
    return (await this.#client.query<unknown[]>({ text, values, rowMode: "array" })).rows;
  }
}
