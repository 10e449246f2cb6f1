import { parseArgs } from "node:util";
import type { PostgresServer } from "../test/support/postgres-server.ts";
import { type Aim, printAims, ratios } from "./lib/aims.ts";
import { bounded } from "./lib/arguments.ts";
import { type Ring, OTHER_CPU, startProgram } from "./lib/contestants.ts";
import { customersFile } from "./lib/customers-file.ts";
import { type DecideLine, startDecideLine, startGeneratedLine } from "./lib/decide-line.ts";
import { inRing } from "./lib/in-ring.ts";
import { writeResults } from "./lib/results.ts";
import { inRounds, ratesOf, type Repeated } from "./lib/series.ts";
import { spread } from "./lib/statistics.ts";
import { ask } from "./lib/tasks.ts";

const largeCustomers = 10_000_000;
const countMost = 3;
const streamLeast = 2_000_000;

/** What about half of all get, and what one in a hundred gets. */
const cells = ["common", "rare"] as const;

interface Options {
  readonly customers: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly large: boolean;
  readonly write: boolean;
}

/** Measures audiences: counted in process and over HTTP, and streamed, beside SQL and a scan of objects. */
export async function audience(args: string[]): Promise<void> {
  const options = read(args);
  await inRing(async (ring, postgres) => {
    if (postgres !== undefined) await measureAll(ring, postgres, options);
  }, OTHER_CPU);
}

function read(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      customers: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "1" },
      large: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const { large, write } = values;
  return {
    customers: bounded("customers", values.customers, 1_000_000),
    rounds: bounded("rounds", values.rounds, 20),
    seconds: bounded("seconds", values.seconds, 20),
    large,
    write,
  };
}

async function measureAll(ring: Ring, postgres: PostgresServer, options: Options): Promise<void> {
  const { customers, rounds, large, write } = options;
  const line = await startDecideLine(ring, postgres, customers);
  const aims: Aim[] = [];
  for (const cell of cells) aims.push(...(await measureBeside(line, cell, options)));
  // The rest takes minutes, and whoever builds an index of the file has to be alone with it.
  console.log(`\n${printAims(aims)}\n`);
  await ring.children.stop();
  aims.push(...(await measureInProcess(ring, { url: line.database.url, generated: 0 }, customers, rounds)));
  await ring.children.stop();
  if (large) aims.push(...(await measureLarge(ring, options)));
  const report = printAims(aims);
  console.log(`\n${report}\n`);
  const command = `npm run bench audience -- --rounds ${rounds}${large ? " --large" : ""} --write`;
  const place = "servers, PostgreSQL and the index in process on CPU 0, who asks on CPU 1";
  if (write) writeResults("audience", report, command, ring.children.pinned ? place : "nothing pinned");
}

/** Counts and streams an audience over HTTP, and asks the table the same. */
async function measureBeside(line: DecideLine, cell: string, { rounds, seconds }: Options): Promise<Aim[]> {
  console.log(`Who gets what is ${cell}, counted and streamed, beside SQL …`);
  const given = { origin: line.service.origin, cell, seconds };
  const askFor = (task: string) => () => ask<Repeated>(line.asker, task, given);
  const count = await inRounds(rounds, { ours: askFor("count"), table: askFor("table-count") });
  const stream = await inRounds(rounds, { ours: askFor("audience"), table: askFor("table-audience") });
  return [
    ...overHttp(line.customers, cell, count.ours, stream.ours),
    { title: `count, ${cell}: times as fast as SQL`, values: ratios(ratesOf(count.ours), ratesOf(count.table)) },
    { title: `count, ${cell}: SQL`, values: delaysOf(count.table), unit: "ms", digits: 1 },
    {
      title: `streamed, ${cell}: times as fast as SQL`,
      values: ratios(ratesOf(stream.ours), ratesOf(stream.table)),
      digits: 1,
    },
    { title: `streamed, ${cell}: SQL`, values: ratesOf(stream.table), unit: "subjects/s" },
  ];
}

function overHttp(customers: number, cell: string, counts: readonly Repeated[], streams: readonly Repeated[]): Aim[] {
  const among = `among ${customers.toLocaleString("en-US")}, over HTTP`;
  return [
    { title: `count, ${cell} ${among}`, values: delaysOf(counts), unit: "ms", digits: 2, most: countMost },
    { title: `streamed, ${cell} ${among}`, values: ratesOf(streams), unit: "subjects/s", least: streamLeast },
  ];
}

/** The delay of the middle of each round, in milliseconds. */
function delaysOf(series: readonly Repeated[]): number[] {
  return series.map(({ milliseconds }) => spread(milliseconds).median);
}

interface Counted {
  readonly count: number;
  readonly milliseconds: readonly number[];
}

/** Counts in a process of its own, with a scan of objects beside it where these fit into memory. */
async function measureInProcess(
  ring: Ring,
  from: { readonly url: string; readonly generated: number },
  customers: number,
  rounds: number,
): Promise<Aim[]> {
  console.log(`Counting among ${customers} in process …`);
  const index = await startProgram(ring, "index");
  await ask(index, "build", from);
  const objects =
    from.generated === 0 ? await startProgram(ring, "objects", { customers }, { readySeconds: 300 }) : undefined;
  const aims: Aim[] = [];
  for (const cell of cells) {
    const ours = () => ask<Counted>(index, "count", { cell });
    const scan = objects && (() => ask<Counted>(objects, "count", { cell }));
    const series = await inRounds<string, Counted>(rounds, { ours, ...(scan && { scan }) });
    const delays = (name: string) => (series[name] ?? []).map(({ milliseconds }) => spread(milliseconds).median);
    const title = `count, ${cell} among ${customers.toLocaleString("en-US")}, in process`;
    aims.push({ title, values: delays("ours"), unit: "ms", digits: 3, most: countMost });
    if (scan === undefined) continue;
    aims.push({ title: `count, ${cell}: scan of objects`, values: delays("scan"), unit: "ms", digits: 1 });
    aims.push({ title: `count, ${cell}: times as fast as a scan`, values: ratios(delays("scan"), delays("ours")) });
  }
  process.kill(index.pid);
  return aims;
}

async function measureLarge(ring: Ring, { rounds, seconds }: Options): Promise<Aim[]> {
  const { url } = await customersFile(0);
  const aims = await measureInProcess(ring, { url, generated: largeCustomers }, largeCustomers, rounds);
  const line = await startGeneratedLine(ring, largeCustomers);
  for (const cell of cells) {
    console.log(`Who gets what is ${cell} among ${largeCustomers} …`);
    const given = { origin: line.service.origin, cell, seconds };
    const askFor = (task: string) => () => ask<Repeated>(line.asker, task, given);
    const series = await inRounds(rounds, { count: askFor("count"), stream: askFor("audience") });
    aims.push(...overHttp(largeCustomers, cell, series.count, series.stream));
  }
  return aims;
}
