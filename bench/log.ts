import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { verifyReceipt } from "../src/audit/verify-receipt.ts";
import { customer } from "../src/domain/subject.ts";
import { Log } from "../src/service/log.ts";
import { readHistory } from "../src/service/read-history.ts";
import { verifyLog } from "../src/service/verify-log.ts";
import { openKeyFiles } from "../src/storage/key-files.ts";
import { openSqliteRecords } from "../src/storage/sqlite/open-records.ts";
import { openSqliteStore, type SqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import { aimRow } from "./lib/aims.ts";
import { bounded } from "./lib/arguments.ts";
import { recordChange } from "./lib/changes.ts";
import { discard, diskFolder } from "./lib/folder.ts";
import { table } from "./lib/report.ts";
import { writeResults } from "./lib/results.ts";

/** Writes that wait for one transaction, as they do behind 64 connections. */
const GROUP = 64;

/** How many customers the changes are spread over; one more has a history of its own. */
const CUSTOMERS = 20_000;
const HISTORY = 1000;
const oneWithHistory = customer("99999999");

/** A figure of the table: what was asked for, and what came out. */
type Figure = readonly string[];

/** Measures what the log costs: bytes a change, a page of history, verifying it all, a proof among ten million. */
export async function log(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      entries: { type: "string", default: "10000000" },
      changes: { type: "string", default: "1000000" },
      write: { type: "boolean", default: false },
    },
  });
  const entries = bounded("entries", values.entries, 20_000_000);
  const changes = bounded("changes", values.changes, 10_000_000);
  const folder = diskFolder();
  try {
    const figures = [
      ...(await measureChanges(join(folder, "changes.db"), changes)),
      ...(await measureProofs(folder, entries)),
    ];
    const report = table(["", "asked", "measured", ""], figures).join("\n");
    console.log(`\n${report}\n`);
    const command = `npm run bench log -- --entries ${entries} --changes ${changes} --write`;
    if (values.write) writeResults("log", report, command, "one process, nothing pinned");
  } finally {
    discard(folder);
  }
}

async function measureChanges(file: string, count: number): Promise<Figure[]> {
  console.log(`Recording ${count} changes …`);
  const store = await openSqliteStore({ file });
  const { bytes, milliseconds } = await record(store, count);
  const opened = await openLog(store);
  await opened.checkpoint();
  await opened.close();
  await store.close();
  const onDisk = statSync(file).size / (count + HISTORY);
  console.log("Reading a history, and verifying everything …");
  return [
    [
      `recording a change of ${bytes} bytes, ${GROUP} at a time`,
      "–",
      `${((1000 * milliseconds) / count).toFixed(1)} µs`,
      "",
    ],
    aimRow({ title: "disk, a change of that size", most: 1300, values: [onDisk], unit: "bytes" }),
    await measureHistory(file),
    await measureVerify(file, count + HISTORY),
  ];
}

/** @returns the length of a change's text, and the time that all took */
async function record(store: SqliteStore, count: number): Promise<{ bytes: number; milliseconds: number }> {
  const historyEvery = Math.max(1, Math.floor(count / HISTORY));
  let recorded = 0;
  const start = performance.now();
  for (let change = 0; change < count; change += GROUP) {
    const group = Array.from({ length: Math.min(GROUP, count - change) }, (_, index) => change + index);
    const writes = group.map((number) => recordChange(store, customer(String((number * 7919) % CUSTOMERS)), number));
    for (; recorded < HISTORY && recorded * historyEvery <= change; recorded += 1) {
      writes.push(recordChange(store, oneWithHistory, change));
    }
    await Promise.all(writes);
  }
  const milliseconds = performance.now() - start;
  for (; recorded < HISTORY; recorded += 1) await recordChange(store, oneWithHistory, recorded);
  const opening = await store.opening(0);
  assert(opening !== undefined && opening !== "erased");
  return { bytes: Buffer.byteLength(opening.text), milliseconds };
}

/** Each time with a connection of its own, so that nothing is remembered from the time before. */
async function measureHistory(file: string): Promise<Figure> {
  const times: number[] = [];
  for (let round = 0; round < 25; round += 1) {
    const records = await openSqliteRecords(file);
    const start = performance.now();
    const page = await readHistory(records, oneWithHistory, 50);
    times.push(performance.now() - start);
    await records.close();
    assert("value" in page && page.value.changes.length === 50);
  }
  const title = `first page of a history of ${HISTORY} changes`;
  return aimRow({ title, most: 10, values: times, unit: "ms", digits: 2 });
}

async function measureVerify(file: string, count: number): Promise<Figure> {
  const records = await openSqliteRecords(file);
  const start = performance.now();
  const { findings, size } = await verifyLog(records.inspection());
  const seconds = (performance.now() - start) / 1000;
  await records.close();
  assert.deepEqual([findings, size], [[], count]);
  const title = `verifying ${count} entries and all that is derived`;
  return aimRow({ title, most: (60 * count) / 1_000_000, values: [seconds], unit: "s", digits: 1 });
}

/** Entries alone, without the changes that they stand for: it is the tree that has to be large. */
async function measureProofs(folder: string, entries: number): Promise<Figure[]> {
  console.log(`Making a log of ${entries} entries …`);
  const file = join(folder, "entries.db");
  await (await openSqliteStore({ file })).close();
  addEntries(file, entries);
  const store = await openSqliteStore({ file });
  const opened = await openLog(store);
  console.log("Building its tree, and proving entries at random …");
  const start = performance.now();
  await opened.checkpoint();
  const seconds = (performance.now() - start) / 1000;
  const times: number[] = [];
  for (let round = 0; round < 2000; round += 1) {
    const position = Math.floor(Math.random() * entries);
    const from = performance.now();
    const receipt = await opened.receipt(position);
    times.push(performance.now() - from);
    assert(receipt !== undefined && verifyReceipt(receipt, opened.verifierKey).ok);
  }
  await opened.close();
  await store.close();
  const slowest = times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? 0;
  return [
    ["building the tree, an entry", "–", `${((1e6 * seconds) / entries).toFixed(1)} µs`, ""],
    aimRow({ title: `proof of any of ${entries} entries`, most: 1, values: times, unit: "ms", digits: 2 }),
    ["the same, 99 of 100", "–", `${slowest.toFixed(2)} ms`, ""],
  ];
}

function addEntries(file: string, count: number): void {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA synchronous = OFF");
  const add = db.prepare(
    `WITH RECURSIVE n (i) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
     INSERT INTO change (position, at, stream, previous, kind, salt, commitment, body)
     SELECT i, 1772546700123 + i / 10, 1, NULL, 'preferences', zeroblob(0), randomblob(32), '' FROM n`,
  );
  const batch = 100_000;
  for (let from = 0; from < count; from += batch) add.run(from, Math.min(from + batch, count));
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}

function openLog(store: SqliteStore): Promise<Log> {
  return Log.open({
    store,
    keyFiles: openKeyFiles(":memory:"),
    onError: (error) => {
      throw error;
    },
  });
}
