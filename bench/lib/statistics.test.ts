import assert from "node:assert/strict";
import { test } from "node:test";
import { printSpread, spread } from "./statistics.ts";

test("the middle of an odd number of rounds is one of them, of an even number the mean of two", () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
});

test("a spread prints its median first", () => {
  assert.equal(
    printSpread({ median: 2, min: 1, max: 3 }, (value) => value.toFixed(1)),
    "2.0 (1.0–3.0)",
  );
});

test("no rounds are a mistake, not a zero", () => {
  assert.throws(() => spread([]), /no values/);
});
