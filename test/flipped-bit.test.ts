import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { Change } from "../src/domain/change.ts";
import type { Stream } from "../src/domain/stream.ts";
import { RecordDamaged } from "../src/service/store.ts";
import { verifyLog } from "../src/service/verify-log.ts";
import { openSqliteRecords } from "../src/storage/sqlite/open-records.ts";
import { NotRebuildable } from "../src/storage/derive-anew.ts";
import { rebuild } from "../src/storage/sqlite/rebuild.ts";
import { flipBit, type Flipped, flipOf } from "./support/flip.ts";
import { keepCodes } from "./support/kept-codes.ts";
import { act, type Act, acts, openHistory } from "./support/history.ts";

// Law 9: one flipped bit anywhere is found and named. What is asserted after every step of a random history is that the
// whole log verifies; then one bit of it is flipped.

const folder = mkdtempSync(join(tmpdir(), "saywhen-flipped-"));
after(() => rmSync(folder, { recursive: true }));
const beginning = join(folder, "beginning.db");
const history = join(folder, "history.db");
const file = join(folder, "flipped.db");
const flips = fc.array(flipOf, { minLength: 12, maxLength: 12 });

async function verified(database: string) {
  const records = await openSqliteRecords(database);
  try {
    return await verifyLog(records.inspection());
  } finally {
    await records.close();
  }
}

/** The changes of every subject's streams, the newest first. */
type Histories = ReadonlyMap<Stream, readonly Change[]>;

async function historiesIn(database: string): Promise<Histories> {
  const records = await openSqliteRecords(database);
  const histories = new Map<Stream, Change[]>();
  for await (const stream of records.everySubjectStream()) {
    histories.set(stream, (await records.history(stream, 1000)) ?? []);
  }
  await records.close();
  return histories;
}

/** Lets a history begin with enough changes for a tile, and takes it on from there. */
async function grow(steps: readonly Act[]): Promise<void> {
  for (const part of ["", ".key"]) copyFileSync(`${beginning}${part}`, `${history}${part}`);
  for (const part of ["-wal", "-shm", ".key.checkpoint"]) rmSync(`${history}${part}`, { force: true });
  const open = await openHistory(history);
  try {
    for (const step of steps) {
      await act(open, step);
      // Of one of three steps the codes are older than the log.
      if (step.id % 3 > 0) await keepCodes(open.store);
      const { findings } = await verified(history);
      assert.deepEqual(findings, []);
    }
  } finally {
    await open.close();
  }
}

/** What a flipped bit may be that nothing tells from what is right. */
function isFree({ table, column, before, after: now }: Flipped): boolean {
  // A row without a name may as well stand for a stream that came since.
  if (table === "name" && column === "stream") return now < 1000;
  // The order of identities, of which there is one; and how long the log was when it got its first.
  if (table === "log") return column === "number" || column === "since";
  // Who was erased, and with what id, nobody knows any more: how many there ever were has some play.
  return table === "directory_size" && column === "ever" && now > 0 && now < 1e15 && before !== now;
}

describe("One flipped bit", () => {
  before(async () => {
    const open = await openHistory(beginning);
    for (let id = 1; id <= 250; id += 1)
      await act(open, { what: "customer", id: id % 40, address: `a${id}@example.com` }, false);
    for (const what of ["user", "organisation", "erase-user", "erase-customer", "customer"] as const) {
      await act(open, { what, id: 1, address: "b@example.com" }, false);
    }
    for (let id = 1; id <= 20; id += 1) await act(open, { what: "user", id, address: `u${id}@example.com` }, id === 20);
    await keepCodes(open.store);
    await open.log.checkpoint();
    await open.close();
  });

  it("is found and named, wherever it is, and mended where it is in anything derived", async () => {
    const property = fc.asyncProperty(fc.array(acts, { maxLength: 6 }), flips, async (steps, wanted) => {
      await grow(steps);
      const known = await historiesIn(history);
      for (const flip of wanted) {
        copyFileSync(history, file);
        for (const part of ["-wal", "-shm"]) rmSync(`${file}${part}`, { force: true });
        const flipped = flipBit(file, flip);
        if (flipped === undefined) continue;
        await assertServesNobodyElses(flipped, known);
        await assertFound(flipped);
      }
    });
    await fc.assert(property, { numRuns: 5, endOnFailure: true });
  });
});

async function assertFound(flipped: Flipped): Promise<void> {
  const { findings, counts } = await verified(file);
  const said = JSON.stringify({ flipped, findings, counts });
  if (findings.length === 0) return assert(isFree(flipped), said);
  const { position, isErased } = flipped;
  const isNamed = findings.some((finding) => finding.position === position);
  // Of an erased change the entry is all that there is: past the last tile nothing but a checkpoint vouches for it.
  if (position !== undefined) assert(isNamed || (isErased && position >= 256), said);
  if (counts.log + counts.checkpoint > 0) {
    await assert.rejects(rebuild(file), NotRebuildable, said);
    await assertServesAllBut(position);
  } else {
    assert((await rebuild(file)).mended > 0, said);
    assert.deepEqual((await verified(file)).findings, [], said);
  }
}

/** Every change is answered as it was recorded, but the damaged one, which is answered to nobody. */
async function assertServesAllBut(damaged: number | undefined): Promise<void> {
  const records = await openSqliteRecords(file);
  try {
    for (let position = 0; position < 256; position += 1) {
      if (position !== damaged) await records.opening(position);
      else
        await assert.rejects(async () => {
          const opening = await records.opening(position);
          if (opening === undefined || opening === "erased") throw new RecordDamaged(position, "it is not there");
        }, RecordDamaged);
    }
  } finally {
    await records.close();
  }
}

/**
 * Whoever asks for a stream, as it is or as it was, gets what was recorded in it, or is told of the damage. Where the bit
 * is in what leads to a stream's changes, one that is not the newest may pass for it until somebody verifies.
 */
async function assertServesNobodyElses({ table, position }: Flipped, known: Histories): Promise<void> {
  const records = await openSqliteRecords(file);
  try {
    for (const [stream, changes] of known) {
      const isDamaged = table === "stream" || changes.some((change) => change.position === position);
      const history = (await unlessDamaged(isDamaged, records.history(stream, 1000))) ?? [];
      if (isDamaged) assertOwn(history, changes);
      else assert.deepEqual(history, changes);
      for (const count of [100, 200, 1000]) {
        const [then] = (await unlessDamaged(isDamaged, records.newestAmong(count, [stream]))) ?? [];
        if (!isDamaged)
          assert.deepEqual(
            then,
            changes.find((change) => change.position < count),
          );
        else if (then !== undefined) assertOwn([then], changes);
      }
    }
  } finally {
    await records.close();
  }
}

/** Of the links nothing but their place is vouched for. */
function assertOwn(found: readonly Change[], recorded: readonly Change[]): void {
  const said = ({ previous: _, ...rest }: Change) => rest;
  for (const change of found) {
    const own = recorded.find(({ position }) => position === change.position);
    assert.deepEqual(said(change), own && said(own));
  }
}

/** Undefined where there is a damage and the call was refused because of it. */
async function unlessDamaged<Value>(isDamaged: boolean, asked: Promise<Value>): Promise<Value | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isDamaged && error instanceof RecordDamaged) return undefined;
    throw error;
  }
}
