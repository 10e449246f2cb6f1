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

/** Builds the index from a real file, of codes and of changes, and asks it in process beside a Map of objects. */
export async function measureIndex(ring: Ring, url: string, customers: number, rounds: number): Promise<Aim[]> {
  console.log("The index in a process of its own: built from the file, and asked …");
  const changes = await measureBuilding(ring, "SQLite", url, 1, "changes");
  const ofChanges = await startProgram(ring, "index");
  const { check, parse } = await ask<{ check: number; parse: number }>(ofChanges, "steps");
  process.kill(ofChanges.pid);
  await keepCodes(ring, url);
  const codes = await measureBuilding(ring, "SQLite", url, rounds, "codes");
  const index = await startProgram(ring, "index");
  const built = await build(index, { url, generated: 0, of: "codes" });
  return [
    ...codes,
    ...changes,
    { title: "a change: the check of the commitment", values: [check], ...micros },
    { title: "a change: JSON.parse", values: [parse], ...micros },
    ...sizeOf(built),
    ...(await measureAnswers(ring, index, customers, rounds)),
  ];
}

const micros = { unit: "CPU µs", digits: 2 } as const;

/** Builds the index some times, each in a process of its own. */
async function measureBuilding(
  ring: Ring,
  name: string,
  url: string,
  rounds: number,
  of: "changes" | "codes",
): Promise<Aim[]> {
  const [rates, all, read]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round += 1) {
    const index = await startProgram(ring, "index");
    const reading = await ask<{ cpuSeconds: number }>(index, "read", { url, of });
    const { subjects, seconds, cpuSeconds } = await build(index, { url, generated: 0, of });
    rates.push(subjects / seconds);
    all.push((1e6 * cpuSeconds) / subjects);
    read.push((1e6 * reading.cpuSeconds) / subjects);
    process.kill(index.pid);
  }
  const title = `building from ${name}, of ${of}`;
  return [
    { title, values: rates, unit: "subjects/s", ...(of === "codes" && { least: buildLeast }) },
    { title: `${title}: a subject`, values: all, ...micros },
    { title: `${title}: of this, reading`, values: read, ...micros },
  ];
}

/** As the service does, once it has built the index of changes. */
async function keepCodes(ring: Ring, url: string): Promise<void> {
  const index = await startProgram(ring, "index");
  await build(index, { url, generated: 0, of: "codes" });
  process.kill(index.pid);
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
export async function measureFromPostgres(
  ring: Ring,
  postgres: PostgresServer,
  customers: number,
  rounds: number,
): Promise<Aim[]> {
  console.log(`Recording ${customers} customers in PostgreSQL, and building the index from them …`);
  const url = await postgres.createDatabase("customers");
  const store = await openPostgresStore({ url });
  await begin(store);
  await record(store, customers);
  await store.close();
  const name = `PostgreSQL (${customers} of them)`;
  const changes = await measureBuilding(ring, name, url, 1, "changes");
  await keepCodes(ring, url);
  return [...(await measureBuilding(ring, name, url, rounds, "codes")), ...changes];
}

/**
 * Builds the index from customers that are made up on the way, and of a tenth of them before: by how much the process grew
 * beyond that tells what the customers take, and not what building anything takes.
 */
export async function measureSize(ring: Ring, customers: number): Promise<Aim[]> {
  console.log(`The index of ${customers} customers that are made up on the way …`);
  const { url } = await customersFile(0);
  const small = await startProgram(ring, "index");
  const tenth = await build(small, { url, generated: Math.floor(customers / 10) });
  process.kill(small.pid);
  const index = await startProgram(ring, "index");
  const built = await build(index, { url, generated: customers });
  const { rate } = await ask<{ rate: number }>(index, "answers", { customers });
  process.kill(index.pid);
  const more = (built.grown - tenth.grown) / (built.subjects - tenth.subjects);
  return [
    ...sizeOf(built, bytesMost),
    {
      title: `memory of each subject beyond ${tenth.subjects}, as the process grew`,
      values: [more],
      unit: "bytes",
      most: bytesMost,
    },
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

/** @param most what a subject may take in the index */
function sizeOf({ subjects, bytes, grown }: Built, most?: number): Aim[] {
  const [title, unit] = [`memory of ${subjects} subjects`, "bytes each"];
  return [
    {
      title: `${title}, as the index counts it`,
      values: [bytes / subjects],
      unit,
      ...(most !== undefined && { most }),
    },
    { title: `${title}, as the process grew`, values: [grown / subjects], unit },
  ];
}
