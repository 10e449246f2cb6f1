import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { committed, erase, put, saveCodes, streamOf } from "../../../test/contract/store-support.ts";
import { sha256 } from "../../audit/verify-receipt.ts";
import { subjectKeyBytes } from "../../domain/subject-key.ts";
import type { ChangeCode } from "../../service/change-code.ts";
import { StoreUnavailable } from "../../service/store.ts";
import { rebuild } from "./rebuild.ts";
import { openSqliteStore, type SqliteStore } from "./sqlite-store.ts";

// Law 10, of names that stand beside codes: no page of them is ever copied, so of an erased one nothing is left.

const folder = mkdtempSync(join(tmpdir(), "saywhen-codes-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

const streams = 1500;

/** Bytes that are nowhere else. */
function nameOf(place: number): Buffer {
  return sha256(Buffer.from(`name ${place}`)).subarray(0, subjectKeyBytes);
}

function coded(place: number, position: number, length = place % 90): ChangeCode {
  return { place, position, name: nameOf(place), said: sha256(Buffer.from(`${place}`)).subarray(0, length) };
}

/** What stands in a file and its WAL. */
function bytesIn(file: string): Buffer {
  return Buffer.concat([file, `${file}-wal`].filter(existsSync).map((path) => readFileSync(path)));
}

function countIn(bytes: Buffer, name: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + 1)) count += 1;
  return count;
}

/** A store with `streams` streams, and the positions of their newest changes by their places. */
async function filled(file: string): Promise<{ readonly store: SqliteStore; readonly heads: number[] }> {
  const store = await openSqliteStore({ file });
  const subjects = Array.from({ length: streams }, (_, index) => `customer:${index + 1}`);
  await Promise.all(subjects.map((subject) => put(store, subject, "a")));
  return { store, heads: [-1, ...subjects.keys()] };
}

/** A few that come late: were they added then, pages would be split, and copies be left behind. */
const late = [
  { from: 1, count: streams, step: 1, but: 37, isTurned: false },
  { from: 37, count: 40, step: 37, but: streams, isTurned: false },
];

/** How many streams come without a code. */
async function countUncoded(store: SqliteStore): Promise<number> {
  let others = 0;
  for await (const { changes } of store.everyCoded()) others += changes.length;
  return others;
}

/** A save of codes: of how many places from where on, in which steps, and without those that are times what. */
const saves = fc.record({
  from: fc.integer({ min: 1, max: streams }),
  count: fc.integer({ min: 1, max: 900 }),
  step: fc.integer({ min: 1, max: 7 }),
  but: fc.integer({ min: 2, max: 99 }),
  isTurned: fc.boolean(),
});

describe("the names beside codes in a file", () => {
  it("stand there once, in whatever order they came, and nowhere once they were erased", async () => {
    const erased = fc.uniqueArray(fc.integer({ min: 1, max: streams }), { minLength: 30, maxLength: 30 });
    const property = fc.asyncProperty(fc.array(saves, { minLength: 1, maxLength: 12 }), erased, async (steps, gone) => {
      const file = newFile();
      const { store, heads } = await filled(file);
      const kept = new Set<number>();
      for (const { from, count, step, but, isTurned } of steps) {
        const range = Array.from({ length: count }, (_, index) => from + index * step);
        const places = range.filter((place) => place <= streams && place % but > 0);
        for (const place of places) kept.add(place);
        // The same ones are longer and shorter each time.
        const made = places.map((place) => coded(place, heads[place] ?? 0, (place * kept.size) % 200));
        const codes = await committed(store, made);
        await Promise.all([store.saveCodes(isTurned ? codes.toReversed() : codes), put(store, "customer:x", "b")]);
      }
      for (const place of gone) await erase(store, streamOf(`customer:${place}`));
      await store.scrubbed();
      const bytes = bytesIn(file);
      for (let place = 1; place <= streams; place += 1) {
        const count = countIn(bytes, nameOf(place));
        assert.equal(count, kept.has(place) && !gone.includes(place) ? 1 : 0, `${place}`);
      }
      await store.close();
      using db = new DatabaseSync(file);
      const left = db.prepare("SELECT count(*) AS number FROM code WHERE stream IN (SELECT value FROM json_each(?))");
      assert.equal(left.get(JSON.stringify(gone))?.["number"], 0);
    });
    await fc.assert(property, { examples: [[late, [1, 2, 3]]], numRuns: 5, endOnFailure: true });
  });

  it("are gone once all was derived anew, and stand there once when they are kept again", async () => {
    const file = newFile();
    const { store, heads } = await filled(file);
    const codes = heads.slice(1).map((position, index) => coded(index + 1, position));
    await saveCodes(store, codes);
    await store.close();
    const countAll = () => {
      const bytes = bytesIn(file);
      return codes.reduce((sum, { place }) => sum + countIn(bytes, nameOf(place)), 0);
    };
    assert.equal(countAll(), streams);
    assert.equal((await rebuild(file)).isClean, true);
    assert.equal(countAll(), 0);
    const again = await openSqliteStore({ file });
    await saveCodes(again, codes);
    assert.equal(await countUncoded(again), 0);
    await again.close();
    assert.equal(countAll(), streams);
  });

  it("stay away where a row of them is missing or has another length, and so does the code", async () => {
    const file = newFile();
    const { store, heads } = await filled(file);
    await saveCodes(store, [coded(streams, heads[streams] ?? 0)]);
    using db = new DatabaseSync(file);
    db.exec("DELETE FROM name WHERE stream = 3; UPDATE name SET name = x'00' WHERE stream = 4");
    await saveCodes(
      store,
      heads.slice(1, 11).map((position, index) => coded(index + 1, position)),
    );
    assert.equal(await countUncoded(store), streams - 9);
    for (const place of [3, 4]) assert.equal(countIn(bytesIn(file), nameOf(place)), 0);
    db.exec("UPDATE name SET name = x'00' WHERE stream = 5");
    assert.equal(await countUncoded(store), streams - 8);
    await assert.rejects(saveCodes(store, [{ ...coded(6, 5), name: Buffer.alloc(11) }]), /names are equally long/);
    await store.close();
  });
});

describe("codes in a file", () => {
  it("are refused, and read no further, when the store is closed meanwhile", async () => {
    const { store, heads } = await filled(newFile());
    const made = heads.slice(1).map((position, index) => coded(index + 1, position));
    const codes = await committed(store, made);
    const refused = assert.rejects(store.saveCodes(codes), StoreUnavailable);
    // A read that is under way may come to its end before the file is let go of.
    const read = countUncoded(store).catch((error: unknown) => assert(error instanceof StoreUnavailable));
    await store.close();
    await Promise.all([refused, read]);
    await assert.rejects(countUncoded(store), StoreUnavailable);
  });

  it("are not written once more where they stand already", async () => {
    const file = newFile();
    const { store, heads } = await filled(file);
    const codes = await committed(store, [coded(1, heads[1] ?? 0), coded(2, heads[2] ?? 0)]);
    await store.saveCodes(codes);
    using db = new DatabaseSync(file);
    const version = () => db.prepare("PRAGMA data_version").get();
    const before = version();
    await store.saveCodes(codes);
    assert.deepEqual(version(), before);
    await saveCodes(store, [coded(1, heads[1] ?? 0, 7)]);
    assert.notDeepEqual(version(), before);
    await store.close();
  });
});
