import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { expiryOf, isDuration } from "./expiry.ts";

function expiry(consent: string, duration: string): string {
  return new Date(expiryOf(Date.parse(consent), duration)).toISOString();
}

describe("a consent expires", () => {
  it("by the calendar in UTC, at the time of day at which it was given", () => {
    for (const [consent, duration, end] of [
      ["2026-03-03T14:05:00.001Z", "P2Y", "2028-03-03T14:05:00.001Z"],
      ["2026-03-03T14:05:00.000Z", "P6M", "2026-09-03T14:05:00.000Z"],
      ["2026-03-03T14:05:00.000Z", "P30D", "2026-04-02T14:05:00.000Z"],
      ["2026-03-03T14:05:00.000Z", "P2W", "2026-03-17T14:05:00.000Z"],
      ["2026-12-15T23:59:59.999Z", "P1M", "2027-01-15T23:59:59.999Z"],
      ["2026-11-03T00:00:00.000Z", "P1Y2M3D", "2028-01-06T00:00:00.000Z"],
      ["2026-03-03T00:00:00.000Z", "P18M", "2027-09-03T00:00:00.000Z"],
      ["2026-03-03T00:00:00.000Z", "P0Y1M", "2026-04-03T00:00:00.000Z"],
    ] as const) {
      assert.equal(expiry(consent, duration), end, `${consent} ${duration}`);
    }
  });

  it("on the last day of a month that is too short", () => {
    for (const [consent, duration, end] of [
      ["2024-02-29T12:00:00.000Z", "P1Y", "2025-02-28T12:00:00.000Z"],
      ["2024-02-29T12:00:00.000Z", "P4Y", "2028-02-29T12:00:00.000Z"],
      ["2026-01-31T12:00:00.000Z", "P1M", "2026-02-28T12:00:00.000Z"],
      ["2028-01-31T12:00:00.000Z", "P1M", "2028-02-29T12:00:00.000Z"],
      ["2026-08-31T12:00:00.000Z", "P6M", "2027-02-28T12:00:00.000Z"],
      ["2026-01-31T12:00:00.000Z", "P1M1D", "2026-03-01T12:00:00.000Z"],
      ["2024-02-29T12:00:00.000Z", "P1Y1M", "2025-03-29T12:00:00.000Z"],
    ] as const) {
      assert.equal(expiry(consent, duration), end, `${consent} ${duration}`);
    }
  });

  it("later the longer it counts, and never before it was given", () => {
    const consent = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) });
    const size = fc.integer({ min: 1, max: 9999 });
    fc.assert(
      fc.property(consent, size, fc.constantFrom("D", "W", "M", "Y"), (at, count, unit) => {
        const end = expiryOf(at, `P${count}${unit}`);
        assert.ok(end > at);
        if (count < 9999) assert.ok(expiryOf(at, `P${count + 1}${unit}`) > end);
        assert.ok(expiryOf(at + 1, `P${count}${unit}`) >= end);
      }),
    );
  });

  it("at no instant before which it could count, when it has no date", () => {
    assert.equal(0 < expiryOf(Number.NaN, "P2Y"), false);
  });
});

it("a duration is years, months and days, or weeks, and not nothing", () => {
  for (const text of ["P2Y", "P6M", "P30D", "P1Y6M", "P1Y1D", "P2W", "P9999Y"]) assert.ok(isDuration(text), text);
  const wrong = ["", "P", "P0D", "P0Y0M", "2Y", "P2", "P1D1Y", "P1W1D", "PT1H", "P-1Y", "P1.5Y", "P10000Y", "p2y"];
  for (const text of wrong) assert.ok(!isDuration(text), text);
});
