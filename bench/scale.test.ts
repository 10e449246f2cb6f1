import assert from "node:assert/strict";
import { it } from "node:test";
import { bytes, count, loadOf } from "./scale.ts";

it("a load is what its flags say, and typical where they say nothing", () => {
  const flags = { subjects: "5e6", "changes-a-day": "2e5", "standby-ms": "2" };
  assert.deepEqual(loadOf(5e6, flags), {
    subjects: 5e6,
    changesADay: 2e5,
    questionsADay: 5e6,
    readsADay: 2.5e5,
    peakFactor: 5,
    years: 3,
    addresses: 2,
    standbyMs: 2,
  });
});

it("a flag that is no number of its kind is refused with its name", () => {
  assert.throws(() => loadOf(1, { subjects: "many" }), /^Error: --subjects is a number from 1 to 1e12, not many$/);
  assert.throws(() => loadOf(1, { "peak-factor": "0" }), /--peak-factor/);
  assert.throws(() => loadOf(1, { years: "" }), /--years/);
});

it("figures are printed short, with the word for their size", () => {
  assert.deepEqual([0, 0.58, 5, 994, 12_345, 1e5, 1e6, 2.5e9].map(count), [
    "0",
    "0.58",
    "5",
    "990",
    "12 thousand",
    "100 thousand",
    "1 million",
    "2.5 billion",
  ]);
  assert.deepEqual([4e8, 1e9, 1.26e12, 3e15].map(bytes), ["400 MB", "1 GB", "1.3 TB", "3 PB"]);
});
