import { parseArgs } from "node:util";
import type { PostgresServer } from "../test/support/postgres-server.ts";
import { type Aim, printAims } from "./lib/aims.ts";
import { bounded } from "./lib/arguments.ts";
import { type Ring, OTHER_CPU, SERVER_CPU, startProgram } from "./lib/contestants.ts";
import { pinDatabase } from "./lib/database.ts";
import { measureBatches } from "./lib/decide-batches.ts";
import { measureFromPostgres, measureIndex, measureSize } from "./lib/decide-index.ts";
import { startDecideLine, startGeneratedLine } from "./lib/decide-line.ts";
import { measureSingle } from "./lib/decide-single.ts";
import { requireGenerator } from "./lib/generator.ts";
import { inRing } from "./lib/in-ring.ts";
import { writeResults } from "./lib/results.ts";

const largeCustomers = 10_000_000;

/** Lines a second that are asked for at a million subjects, and at ten. */
const batchLeast = 3_000_000;
const largeBatchLeast = 1_000_000;

interface Options {
  readonly customers: number;
  readonly inPostgres: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly large: boolean;
  readonly write: boolean;
}

/** Measures decisions: single ones, batches, the index in process, its size and how fast it is built. */
export async function decide(args: string[]): Promise<void> {
  const options = read(args);
  requireGenerator();
  await inRing(async (ring, postgres) => {
    if (postgres !== undefined) await measureAll(ring, postgres, options);
  }, OTHER_CPU);
}

function read(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      customers: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "2" },
      large: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const { large, write } = values;
  return {
    customers: bounded("customers", values.customers, 1_000_000),
    inPostgres: large ? 200_000 : 20_000,
    rounds: bounded("rounds", values.rounds, 20),
    seconds: bounded("seconds", values.seconds, 20),
    large,
    write,
  };
}

async function measureAll(ring: Ring, postgres: PostgresServer, options: Options): Promise<void> {
  const { customers, inPostgres, rounds, seconds, large, write } = options;
  const line = await startDecideLine(ring, postgres, customers);
  const echo = await startProgram(ring, "echo");
  const table = { server: await startProgram(ring, "table", { postgres: line.tableUrl }), postgres };
  // Its connection came after the others: it belongs where it is measured.
  pinDatabase(ring.children, postgres, SERVER_CPU);
  const aims: Aim[] = [
    ...(await measureSingle(ring, line, options)),
    ...(await measureBatches({ ...line, echo, table }, { rounds, seconds, least: batchLeast })),
  ];
  // The rest takes minutes, and whoever builds an index of the file has to be alone with it.
  console.log(`\n${printAims(aims)}\n`);
  await ring.children.stop();
  aims.push(...(await measureIndex(ring, line.database.url, customers, rounds)));
  aims.push(...(await measureFromPostgres(ring, postgres, Math.min(inPostgres, customers), rounds)));
  await ring.children.stop();
  if (large) aims.push(...(await measureLarge(ring, options)));
  const report = printAims(aims);
  console.log(`\n${report}\n`);
  const command = `npm run bench decide -- --rounds ${rounds}${large ? " --large" : ""} --write`;
  const place = "servers, PostgreSQL and the index in process on CPU 0, who asks on CPU 1";
  if (write) writeResults("decide", report, command, ring.children.pinned ? place : "nothing pinned");
}

async function measureLarge(ring: Ring, { rounds, seconds }: Options): Promise<Aim[]> {
  const size = await measureSize(ring, largeCustomers);
  const line = await startGeneratedLine(ring, largeCustomers);
  const echo = await startProgram(ring, "echo");
  const asked = { rounds, seconds, least: largeBatchLeast };
  return [...size, ...(await measureBatches({ ...line, echo }, asked))];
}
