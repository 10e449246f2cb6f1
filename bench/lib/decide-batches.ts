import type { PostgresServer } from "../../test/support/postgres-server.ts";
import { type Aim, ratios } from "./aims.ts";
import { cpuMicroseconds, type Server } from "./children.ts";
import { databaseMicroseconds } from "./database.ts";
import type { DecideLine } from "./decide-line.ts";
import { askServer, askWithCpu, cpuOf, inRounds, ratesOf } from "./series.ts";

/** Sizes of batches that ask one question, and of those that ask one a line. */
const sizes = [10_000, 100_000, 1_000_000];
const sizesOfEach = [10_000, 100_000];

/** Lines that the table is asked of at most: a million take it longer than all else here. */
const tableLinesMax = 100_000;

export interface BatchOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Lines a second that are asked for. */
  readonly least: number;
}

/** The table in PostgreSQL, and the service in front of it that a user would write. */
interface Table {
  readonly server: Server;
  readonly postgres: PostgresServer;
}

/** Who answers batches, who asks, and what stands beside: an echo of the same body, and perhaps the table. */
export type BatchLine = Pick<DecideLine, "asker" | "customers" | "service"> & {
  readonly echo: Server;
  readonly table?: Table;
};

/** Measures batches over HTTP beside an echo of the same body and the same question to the table. */
export async function measureBatches(line: BatchLine, options: BatchOptions): Promise<Aim[]> {
  const aims: Aim[] = [];
  for (const lines of sizes.filter((size) => size <= line.customers)) {
    aims.push(...(await measureSize(line, lines, options)));
  }
  for (const lines of sizesOfEach.filter((size) => size <= line.customers)) {
    console.log(`A batch of ${grouped(lines)} lines, a question each …`);
    const given = { form: "each", lines, seconds: options.seconds };
    const ours = () => askServer(line.asker, line.service, "batch", given);
    const series = await inRounds(options.rounds, { ours });
    const title = `batch of ${grouped(lines)} about ${grouped(line.customers)}, a question a line`;
    aims.push({ title, values: ratesOf(series.ours), unit: "lines/s" });
  }
  return aims;
}

async function measureSize(line: BatchLine, lines: number, { rounds, seconds, least }: BatchOptions): Promise<Aim[]> {
  console.log(`A batch of ${grouped(lines)} lines …`);
  const { asker, customers, echo, table, service } = line;
  const given = { form: "once", lines, seconds };
  const series = await inRounds(rounds, {
    ours: () => askServer(asker, service, "batch", given),
    echo: () => askServer(asker, echo, "batch", { ...given, echo: 1 }),
  });
  const title = `batch of ${grouped(lines)} about ${grouped(customers)}`;
  const [ours, echoed] = [ratesOf(series.ours), ratesOf(series.echo)];
  return [
    { title, values: ours, unit: "lines/s", least },
    { title: `${title}: CPU`, values: cpuOf(series.ours), unit: "µs/line", digits: 3 },
    { title: `${title}: echo`, values: echoed, unit: "lines/s" },
    { title: `${title}: rate by that of the echo`, values: ratios(ours, echoed), digits: 3 },
    ...(table !== undefined && lines <= tableLinesMax ? await besideTable(line, table, title, given, rounds) : []),
  ];
}

/** Fewer rounds, for each takes the table long. */
async function besideTable(
  { asker, service }: BatchLine,
  { server, postgres }: Table,
  title: string,
  given: { readonly form: string; readonly lines: number; readonly seconds: number },
  rounds: number,
): Promise<Aim[]> {
  const few = Math.min(rounds, 3);
  const cpuOfBoth = () => databaseMicroseconds(postgres) + cpuMicroseconds(server.pid);
  const { ours, written, table } = await inRounds(few, {
    ours: () => askServer(asker, service, "batch", given),
    written: () => askWithCpu(asker, cpuOfBoth, "batch", { ...given, origin: server.origin }),
    table: () => askWithCpu(asker, () => databaseMicroseconds(postgres), "table-batch", given),
  });
  return [
    {
      title: `${title}: rate by that of node:http and PostgreSQL`,
      values: ratios(ratesOf(ours), ratesOf(written)),
      digits: 1,
      least: 15,
    },
    {
      title: `${title}: CPU of node:http and PostgreSQL by ours`,
      values: ratios(cpuOf(written), cpuOf(ours)),
      digits: 1,
    },
    { title: `${title}: node:http and PostgreSQL`, values: ratesOf(written), unit: "lines/s" },
    { title: `${title}: rate by the table's alone`, values: ratios(ratesOf(ours), ratesOf(table)), digits: 1 },
    { title: `${title}: CPU of the table alone by ours`, values: ratios(cpuOf(table), cpuOf(ours)), digits: 1 },
    { title: `${title}: table alone`, values: ratesOf(table), unit: "lines/s" },
  ];
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
