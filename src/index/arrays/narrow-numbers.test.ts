import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { NarrowNumbers } from "./narrow-numbers.ts";

const place = fc.integer({ min: 0, max: 9 }).map((number) => number * 30_000);
const value = fc.constantFrom(0, 1, 255, 256, 65_535, 65_536, 2 ** 32 - 1);

describe("narrow numbers", () => {
  it("are what was last written, however wide they have become", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(place, value)), (writes) => {
        const numbers = new NarrowNumbers();
        const map = new Map<number, number>();
        for (const [at, written] of writes) {
          numbers.set(at, written);
          map.set(at, written);
        }
        for (const [at, written] of map) assert.equal(numbers.get(at), written);
        assert.equal(numbers.get(17), 0);
        assert.equal(
          numbers.bytes > 0,
          [...writes].some(([, written]) => written > 0),
        );
      }),
    );
  });
});
