import type { PostgresServer } from "../../test/support/postgres-server.ts";
import { openPostgresStore } from "../../src/storage/postgres/postgres-store.ts";
import { type Aim, ratios } from "./aims.ts";
import type { Server } from "./children.ts";
import { type Ring, startProgram } from "./contestants.ts";
import { begin, customersFile, record } from "./customers-file.ts";
import { inRounds, ratesOf } from "./series.ts";
import { ask, type Given } from "./tasks.ts";

/** What a build gave: bytes by the index's own count, and by how much the process grew. */
interface Built {
  readonly subjects: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly grown: number;
}

const buildLeast = 250_000;
const bytesMost = 80;
const answersLeast = 1_000_000;

/** Builds the index from a real file, by steps, and asks it in process beside a Map of objects. */
export async function measureIndex(ring: Ring, url: string, customers: number, rounds: number): Promise<Aim[]> {
  console.log("The index in a process of its own: built from the file, and asked …");
  const index = await startProgram(ring, "index");
  const read = await ask<{ cpuSeconds: number }>(index, "read", { url });
  const { check, parse } = await ask<{ check: number; parse: number }>(index, "steps");
  const built = await build(index, { url, generated: 0 });
  const micros = (seconds: number) => (1e6 * seconds) / customers;
  const step = (title: string, value: number): Aim => ({
    title: `building: ${title}`,
    values: [value],
    unit: "CPU µs/subject",
    digits: 2,
  });
  return [
    { title: "building from SQLite", values: [built.subjects / built.seconds], unit: "subjects/s", least: buildLeast },
    step("all of it", micros(built.cpuSeconds)),
    step("reading the rows, checked and parsed", micros(read.cpuSeconds)),
    step("of this, the check of the commitment", check),
    step("of this, JSON.parse", parse),
    step("taking them in: the rest", micros(built.cpuSeconds - read.cpuSeconds)),
    ...sizeOf(built),
    ...(await measureAnswers(ring, index, customers, rounds)),
  ];
}

async function measureAnswers(ring: Ring, index: Server, customers: number, rounds: number): Promise<Aim[]> {
  const objects = await startProgram(ring, "objects", { customers }, { readySeconds: 300 });
  const series = await inRounds(rounds, {
    index: () => ask<{ rate: number }>(index, "answers", { customers }),
    objects: () => ask<{ rate: number }>(objects, "answers", { customers }),
  });
  const [ours, theirs] = [ratesOf(series.index), ratesOf(series.objects)];
  return [
    { title: "verdict and reason, in process", values: ours, unit: "subjects/s", least: answersLeast },
    { title: "verdict and reason, by those of a Map of objects", values: ratios(ours, theirs), digits: 2 },
    { title: "verdict and reason, Map of objects", values: theirs, unit: "subjects/s" },
  ];
}

/** Builds the index from a PostgreSQL with so many customers. */
export async function measureFromPostgres(ring: Ring, postgres: PostgresServer, customers: number): Promise<Aim[]> {
  console.log(`Recording ${customers} customers in PostgreSQL, and building the index from them …`);
  const url = await postgres.createDatabase("customers");
  const store = await openPostgresStore({ url });
  await begin(store);
  await record(store, customers);
  await store.close();
  const { subjects, seconds } = await build(await startProgram(ring, "index"), { url, generated: 0 });
  return [{ title: `building from PostgreSQL, ${customers}`, values: [subjects / seconds], unit: "subjects/s" }];
}

/** Builds the index from customers that are made up on the way. */
export async function measureSize(ring: Ring, customers: number): Promise<Aim[]> {
  console.log(`The index of ${customers} customers that are made up on the way …`);
  const { url } = await customersFile(0);
  const index = await startProgram(ring, "index");
  const built = await build(index, { url, generated: customers });
  const { rate } = await ask<{ rate: number }>(index, "answers", { customers });
  process.kill(index.pid);
  const [own, grown] = sizeOf(built);
  return [
    ...(own === undefined ? [] : [{ ...own, most: bytesMost }]),
    ...(grown === undefined ? [] : [{ ...grown, most: bytesMost }]),
    {
      title: `building from the generator, ${customers}`,
      values: [built.subjects / built.seconds],
      unit: "subjects/s",
    },
    { title: `verdict and reason, in process, ${customers}`, values: [rate], unit: "subjects/s" },
  ];
}

function build(index: Server, given: Given): Promise<Built> {
  return ask<Built>(index, "build", given);
}

function sizeOf({ subjects, bytes, grown }: Built): Aim[] {
  return [
    { title: `memory of ${subjects} subjects, as the index counts it`, values: [bytes / subjects], unit: "bytes each" },
    { title: `memory of ${subjects} subjects, as the process grew`, values: [grown / subjects], unit: "bytes each" },
  ];
}
