import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { expiryOf } from "../../domain/expiry.ts";
import { Expiry } from "./times.ts";

const dayMs = 24 * 60 * 60 * 1000;
const durations = ["P1D", "P30D", "P1W", "P1M", "P1M1D", "P6M", "P11M30D", "P1Y", "P2Y3M4D", "P9999Y9999M9999D"];

describe("consents that are over at an instant", () => {
  it("are those whose expiry is not after it, around month ends too", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...durations),
        fc.integer({ min: Date.UTC(1999, 0, 1), max: Date.UTC(2032, 0, 1) }),
        fc.constantFrom(0, 0, 1, -1, 1000, dayMs, -dayMs),
        fc.array(fc.integer({ min: -5 * dayMs, max: 5 * dayMs })),
        (duration, consent, off, others) => {
          const at = expiryOf(consent, duration) + off;
          const expiry = new Expiry(duration, at);
          for (const one of [
            consent,
            consent - 1,
            consent + 1,
            ...others.map((by) => consent + by),
            0,
            at,
            Number.NaN,
          ]) {
            assert.equal(expiry.isOver(one), !(at < expiryOf(one, duration)), new Date(one).getTime().toString());
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
