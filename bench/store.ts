import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import type { PostgresServer } from "../test/support/postgres-server.ts";
import { customer } from "../src/domain/subject.ts";
import { Log } from "../src/service/log.ts";
import { openKeyFiles } from "../src/storage/key-files.ts";
import { openPostgresStore, type PostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { bounded } from "./lib/arguments.ts";
import { Children } from "./lib/children.ts";
import { recordChange } from "./lib/changes.ts";
import { databaseMicroseconds, startDatabase } from "./lib/database.ts";
import { table } from "./lib/report.ts";
import { writeResults } from "./lib/results.ts";

/** Sizes of the groups whose rate is measured. */
const groupSizes = [1, 8, 64, 256];

/** How long (ms) each is measured. */
const spell = 3000;

/** How many customers the changes are spread over, by the changes. */
const shareOfCustomers = 0.5;

/** Measures what PostgreSQL itself carries: bytes on disk, and how many groups its log's head lets pass. */
export async function store(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { changes: { type: "string", default: "200000" }, write: { type: "boolean", default: false } },
  });
  const changes = bounded("changes", values.changes, 10_000_000);
  const children = new Children();
  await using postgres = await startDatabase(children, 1);
  const url = await postgres.createDatabase("store");
  const size = await measureSize(postgres, url, changes);
  const heads = await measureHead(postgres, url);
  const report = [...size, "", ...heads].join("\n");
  console.log(`\n${report}\n`);
  const command = `npm run bench store -- --changes ${changes} --write`;
  const place = children.pinned ? "PostgreSQL on CPU 1, the nodes in one process" : "nothing pinned";
  if (values.write) writeResults("store", report, command, place);
}

const sizeSql = `
  SELECT split_part(relname, '_', 1) AS name, sum(pg_total_relation_size(oid))::int8 AS bytes
  FROM pg_class WHERE relnamespace = 'saywhen'::regnamespace AND relkind = 'r' GROUP BY 1`;
const rowsSql = `
  SELECT (SELECT count(*) FROM saywhen.change) AS change, (SELECT count(*) FROM saywhen.stream) AS stream,
    (SELECT count(*) FROM saywhen.address) AS address`;

async function measureSize(postgres: PostgresServer, url: string, count: number): Promise<string[]> {
  console.log(`Recording ${count} changes …`);
  const store = await openPostgresStore({ url });
  const customers = Math.ceil(count * shareOfCustomers);
  const text = await load(store, 64, (number) => (number < count ? number : undefined), customers);
  const log = await Log.open({ store, keyFiles: openKeyFiles(":memory:"), onError: fail });
  await log.checkpoint();
  await log.close();
  await store.close();
  const sizes = new Map((await postgres.query(sizeSql, "store")).map(({ name, bytes }) => [name, Number(bytes)]));
  const [rows = {}] = await postgres.query(rowsSql, "store");
  const line = (name: string, one: string, by: string): string[] => {
    const [bytes, number] = [sizes.get(name) ?? 0, Number(rows[by])];
    return [one, String(number), `${(bytes / number).toFixed(0)} bytes`];
  };
  return table(
    ["on disk, with indexes", "rows", "each"],
    [
      line("change", `a change of ${text} bytes`, "change"),
      line("stream", "a stream, which is a subject's", "stream"),
      line("address", "an address of a stream", "address"),
      line("tile", "tiles, by the changes", "change"),
    ],
  );
}

/** Each size of group on one node and on two, as many groups one after the other as there is time for. */
async function measureHead(postgres: PostgresServer, url: string): Promise<string[]> {
  const rows: string[][] = [];
  for (const groupWrites of groupSizes) {
    for (const nodes of [1, 2]) {
      console.log(`Groups of ${groupWrites}, ${nodes === 1 ? "one node" : "two nodes"} …`);
      rows.push(await measureGroups(postgres, url, groupWrites, nodes));
    }
  }
  const columns = ["group", "nodes", "groups/s", "changes/s", "PostgreSQL's CPU µs/change", "million changes a day"];
  return table(columns, rows);
}

async function measureGroups(
  postgres: PostgresServer,
  url: string,
  groupWrites: number,
  nodes: number,
): Promise<string[]> {
  let groups = 0;
  let written = 0;
  const onGroup = ({ changes }: { readonly changes: number }) => {
    groups += 1;
    written += changes;
  };
  const stores = await Promise.all(
    Array.from({ length: nodes }, () => openPostgresStore({ url, groupWrites, onGroup })),
  );
  const before = databaseMicroseconds(postgres);
  const start = performance.now();
  const untilEnd = (number: number) => (performance.now() - start < spell ? number : undefined);
  await Promise.all(stores.map((store) => load(store, 2 * groupWrites, untilEnd, 1_000_000)));
  const seconds = (performance.now() - start) / 1000;
  const used = databaseMicroseconds(postgres) - before;
  for (const store of stores) await store.close();
  const rate = written / seconds;
  return [
    String(groupWrites),
    String(nodes),
    (groups / seconds).toFixed(0),
    rate.toFixed(0),
    (used / written).toFixed(0),
    ((rate * 86_400) / 1e6).toFixed(0),
  ];
}

/**
 * Records changes of customers drawn at random, so many at a time, for as long as numbers are given out.
 *
 * @returns the bytes of a change's text
 */
async function load(
  store: PostgresStore,
  atOnce: number,
  given: (number: number) => number | undefined,
  customers: number,
): Promise<number> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let number = given(next++); number !== undefined; number = given(next++)) {
      await recordChange(store, customer(String(Math.floor(Math.random() * customers))), number);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const opening = await store.opening(0);
  assert(opening !== undefined && opening !== "erased");
  return Buffer.byteLength(opening.text);
}

function fail(error: unknown): never {
  throw error;
}
