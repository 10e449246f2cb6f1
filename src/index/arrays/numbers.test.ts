import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Numbers } from "./numbers.ts";
import { pagePlaces } from "./pages.ts";

describe("numbers by number", () => {
  const index = fc.constantFrom(0, 1, pagePlaces - 1, pagePlaces, 2 * pagePlaces + 7, 150 * pagePlaces);
  const value = fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31));

  it("are what was last written, and 0 elsewhere", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(index, value)), index, (written, other) => {
        const [numbers, expected] = [new Numbers(), new Map<number, number>()];
        for (const [at, one] of written) {
          numbers.set(at, one);
          expected.set(at, one);
        }
        for (const at of [...expected.keys(), other]) assert.equal(numbers.get(at), expected.get(at) ?? 0);
      }),
    );
  });

  it("take a page when something other than 0 is written on it", () => {
    const numbers = new Numbers();
    numbers.set(pagePlaces, 0);
    assert.deepEqual([numbers.pages, numbers.bytes, numbers.hasPage(1)], [0, 0, false]);
    numbers.set(pagePlaces, 7);
    assert.deepEqual([numbers.pages, numbers.bytes], [2, pagePlaces * 4]);
    assert.deepEqual([numbers.hasPage(0), numbers.hasPage(1), numbers.page(1)[0]], [false, true, 7]);
  });
});
