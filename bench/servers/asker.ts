import { parseArgs } from "node:util";
import { audienceOf, type Batch, batchOf, countChoices, numbersOf } from "../lib/batches.ts";
import { type Cell, common, customerOf, rare } from "../lib/customers.ts";
import { AskedTable } from "../lib/customers-postgres.ts";
import { exchange, type Target } from "../lib/exchange.ts";
import { numberIn, serveTasks, textIn } from "../lib/tasks.ts";

/**
 * The client of the benchmarks `decide` and `audience`, told over HTTP what to ask of whom. It holds everything that it
 * sends, and everything that must come back, ready in memory.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    customers: { type: "string", default: "0" },
    token: { type: "string", default: "" },
    postgres: { type: "string", default: "" },
  },
});

const customers = Number(values.customers);
const ndjson = "application/x-ndjson";
const headers = { authorization: `Bearer ${values.token}`, "content-type": ndjson, accept: ndjson };
const table = values.postgres === "" ? undefined : AskedTable.open(values.postgres);

serveTasks(Number(values.port), {
  /** Sends the same batch again and again for some seconds, and once at least. */
  async batch(given) {
    const [form, lines, seconds] = [textIn(given, "form"), numberIn(given, "lines"), numberIn(given, "seconds")];
    const batch = remembered(`${form} ${lines}`, () => batchOf(form === "each" ? "each" : "once", lines, customers));
    const isEcho = given.get("echo") === "1";
    const target = { url: `${textIn(given, "origin")}/v1/decisions`, headers };
    return repeat(seconds, lines, () => send(target, batch, isEcho));
  },
  async "table-batch"(given) {
    const [lines, seconds] = [numberIn(given, "lines"), numberIn(given, "seconds")];
    const { names, expected } = remembered(`names ${lines}`, () => namesOf(lines));
    return repeat(seconds, lines, async () => {
      const { yes, no } = await (await tableToAsk()).batch(names, common);
      same(`${yes} yes, ${no} no`, `${expected.yes} yes, ${expected.no} no`);
    });
  },
  async audience(given) {
    const cell = cellIn(given);
    const { answer, lines } = remembered(`audience ${cell.channel}`, () => audienceOf(cell, customers));
    const target = audienceTarget(given, ndjson);
    return repeat(numberIn(given, "seconds"), lines, async () => void (await exchange(target, askedOf(cell), answer)));
  },
  async "table-audience"(given) {
    const cell = cellIn(given);
    const expected = sizeOf(cell);
    const audience = async () => same(await (await tableToAsk()).audience(cell), expected);
    return repeat(numberIn(given, "seconds"), expected, audience);
  },
  async count(given) {
    const cell = cellIn(given);
    const expected = Buffer.from(JSON.stringify({ count: sizeOf(cell) }));
    const target = audienceTarget(given, "application/json");
    return repeat(numberIn(given, "seconds"), 1, async () => void (await exchange(target, askedOf(cell), expected)));
  },
  async "table-count"(given) {
    const cell = cellIn(given);
    const expected = sizeOf(cell);
    const count = async () => same(await (await tableToAsk()).count(cell), expected);
    return repeat(numberIn(given, "seconds"), 1, count);
  },
});

const made = new Map<string, unknown>();

function remembered<Made>(name: string, make: () => Made): Made {
  if (!made.has(name)) made.set(name, make());
  return made.get(name) as Made;
}

/**
 * Asks once before the clock starts: whoever was measured before has left nothing of this one in the processor's caches.
 *
 * @returns all the lines, the first time's too; the lines a second since then, and what each time took in milliseconds
 */
async function repeat(seconds: number, lines: number, once: () => Promise<void>) {
  await once();
  const milliseconds: number[] = [];
  const start = performance.now();
  do {
    const began = performance.now();
    await once();
    milliseconds.push(performance.now() - began);
  } while (performance.now() - start < 1000 * seconds);
  const took = (performance.now() - start) / 1000;
  return { lines: lines * (1 + milliseconds.length), rate: (lines * milliseconds.length) / took, milliseconds };
}

async function send(target: Target, { sent, answer }: Batch, isEcho: boolean): Promise<void> {
  await exchange(target, sent, isEcho ? sent : answer);
}

function namesOf(lines: number) {
  const numbers = numbersOf(lines, customers);
  return { names: Array.from(numbers, customerOf), expected: countChoices(numbers, common, customers) };
}

function sizeOf(cell: Cell): number {
  return remembered(`audience ${cell.channel}`, () => audienceOf(cell, customers)).lines;
}

function cellIn(given: URLSearchParams): Cell {
  return given.get("cell") === "rare" ? rare : common;
}

function askedOf({ category, channel }: Cell): Buffer {
  return Buffer.from(JSON.stringify({ category, channel }));
}

function audienceTarget(given: URLSearchParams, accept: string): Target {
  const url = `${textIn(given, "origin")}/v1/audiences`;
  return { url, headers: { ...headers, "content-type": "application/json", accept } };
}

async function tableToAsk(): Promise<AskedTable> {
  if (table === undefined) throw new Error("there is no table to be asked");
  return table;
}

function same<Value>(value: Value, expected: Value): void {
  if (value !== expected) throw new Error(`the table answers ${String(value)} instead of ${String(expected)}`);
}
