import assert from "node:assert/strict";
import { test } from "node:test";
import { aimRow, printAims, ratios } from "./aims.ts";

test("what should be large, or small, is judged by the median of its rounds", () => {
  const rates = { title: "rate", values: [900_000, 1_200_000, 1_100_000], unit: "lines/s" };
  assert.deepEqual(aimRow({ ...rates, least: 1e6 }), [
    "rate",
    "≥ 1,000,000 lines/s",
    "1,100,000 (900,000–1,200,000) lines/s",
    "met",
  ]);
  assert.equal(aimRow({ ...rates, most: 1e6 })[3], "NOT MET");
  assert.deepEqual(aimRow({ title: "ratio", values: [0.85], digits: 2, least: 0.6, stretch: 0.8 }), [
    "ratio",
    "≥ 0.6 (stretch 0.8)",
    "0.85",
    "met, stretch too",
  ]);
});

test("goals stand before the figures beside them", () => {
  const lines = printAims([
    { title: "beside", values: [1] },
    { title: "asked", values: [2], most: 3 },
  ]).split("\n");
  const place = (name: string) => lines.findIndex((line) => line.includes(`| ${name}`));
  assert.ok(place("asked") < place("beside"));
  assert.deepEqual(ratios([4, 9], [2, 3]), [2, 3]);
});
