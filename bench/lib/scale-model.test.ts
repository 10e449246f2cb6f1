import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Figure, figures, type FigureValues, valuesOf } from "./scale-figures.ts";
import { changesKept, headLimit, type Load, planFor } from "./scale-model.ts";

const day = 86_400;
const load: Load = {
  subjects: 1_000_000,
  changesADay: day,
  questionsADay: 10 * day,
  readsADay: 10 * day,
  peakFactor: 5,
  years: 2,
  addresses: 2,
  standbyMs: 0,
};

/** Round figures, so that what comes out can be reckoned by head. */
const round: FigureValues = {
  ...valuesOf(),
  putMicroseconds: 1000,
  getMicroseconds: 1000,
  questionMicroseconds: 1000,
  nodeMegabytes: 500,
  sqlitePutMicroseconds: 1000,
  sqliteGetMicroseconds: 1000,
  databasePutMicroseconds: 12_000,
  databaseGetMicroseconds: 1200,
  lockedMicroseconds: 100,
  commitMilliseconds: 1,
  groupWrites: 100,
  connectionsANode: 8,
  changeBytes: 1000,
  streamBytes: 100,
  addressBytes: 200,
  tileBytes: 40,
  walBytes: 2000,
  sqliteChangeBytes: 1000,
  busyShare: 0.6,
  spareNodes: 1,
  walDays: 7,
  baseBackups: 2,
  freeShare: 0.5,
};

/** Loads up to a billion subjects. */
const loads: fc.Arbitrary<Load> = fc.record({
  subjects: fc.integer({ min: 1, max: 1e9 }),
  changesADay: fc.integer({ min: 0, max: 1e9 }),
  questionsADay: fc.integer({ min: 0, max: 1e11 }),
  readsADay: fc.integer({ min: 0, max: 1e10 }),
  peakFactor: fc.integer({ min: 1, max: 100 }),
  years: fc.integer({ min: 0, max: 30 }),
  addresses: fc.integer({ min: 0, max: 10 }),
  standbyMs: fc.integer({ min: 0, max: 200 }),
});

describe("the model of scale", () => {
  it("plans for the busiest second, not the average one", () => {
    assert.deepEqual(planFor(load, round).peak, { changes: 5, reads: 100 });
  });

  it("has as many nodes as the peak needs at the share that is planned with, and one to spare", () => {
    // 105 requests of 1 ms: 0.105 cores. Ten times that: 1.05 cores, at 0.6 each.
    assert.equal(planFor(load, round).nodes, 2);
    const tenfold = { ...load, peakFactor: 50 };
    assert.equal(planFor(tenfold, round).nodes, 3);
    assert.equal(planFor(tenfold, round).connections, 24);
  });

  it("reckons PostgreSQL's cores from what each request costs there", () => {
    // 5 changes of 12 ms, 100 reads of 1.2 ms: 0.18 cores, at 0.6: less than the two that it has anyway.
    assert.equal(planFor(load, round).databaseCores, 2);
    assert.equal(planFor({ ...load, peakFactor: 50 }, round).databaseCores, 3);
  });

  it("lays out the disk by what is kept, with room, and the backups apart from it", () => {
    const kept = 1_000_000 + day * 365 * 2;
    assert.equal(changesKept(load), kept);
    const { disk, databaseMemoryBytes } = planFor(load, round);
    const all = kept * 1040 + 1e6 * 100 + 2e6 * 200;
    assert.deepEqual(disk, {
      changes: kept * 1000,
      streams: 1e8,
      addresses: 4e8,
      tiles: kept * 40,
      primary: (all + day * 2000) / 0.5,
      backup: all * 2 + day * 2000 * 7,
    });
    assert.equal(databaseMemoryBytes, 2e9 + 5e8);
  });

  it("lets groups pass the log's head one after the other", () => {
    // 100 changes of 0.1 ms and a commit of 1 ms: 100 in 11 ms; with a standby 9 ms away, 100 in 20 ms.
    assert.equal(headLimit(0, round), 100_000 / 11);
    assert.equal(headLimit(9, round), 5000);
    const plan = planFor({ ...load, standbyMs: 9 }, round);
    assert.equal(plan.headShare, 5 / 5000);
    assert.equal(plan.changesADayAtLimit, (5000 * day) / 5);
  });

  it("says of SQLite that it carries a load that fits one core and a file that can still be copied", () => {
    assert.equal(planFor(load, round).fitsSqlite, true);
    assert.equal(planFor({ ...load, peakFactor: 50 }, round).fitsSqlite, false);
    assert.equal(planFor({ ...load, subjects: 1e8 }, round).fitsSqlite, false);
  });

  it("never needs less for more of anything, and the head's share is 1 at the limit", () => {
    const names = ["subjects", "changesADay", "questionsADay", "readsADay", "peakFactor", "years"] as const;
    fc.assert(
      fc.property(loads, fc.constantFrom(...names), (one, name) => {
        const less = planFor(one);
        const more = planFor({ ...one, [name]: one[name] * 2 });
        assert.ok(more.nodes >= less.nodes && more.databaseCores >= less.databaseCores);
        assert.ok(more.disk.primary >= less.disk.primary && more.disk.backup >= less.disk.backup);
        assert.ok(more.headShare >= less.headShare);
        const atLimit = planFor({ ...one, changesADay: less.changesADayAtLimit });
        assert.ok(Math.abs(atLimit.headShare - 1) < 1e-9);
      }),
    );
  });

  it("reckons with figures that are numbers above 0 and say where they come from", () => {
    for (const [name, { value, unit, from }] of Object.entries<Figure>(figures)) {
      assert.ok(value > 0 && Number.isFinite(value), name);
      assert.ok(unit !== "" && from !== "", name);
    }
  });
});
