import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readInstant } from "./instant.ts";

function msOf(text: string): number {
  const reading = readInstant(text);
  assert.ok("ms" in reading, `${text}: ${JSON.stringify(reading)}`);
  return reading.ms;
}

describe("an instant", () => {
  it("has an offset, and fractions that are cut off after the millisecond", () => {
    const noon = Date.UTC(2026, 2, 3, 12);
    for (const text of [
      "2026-03-03T12:00:00Z",
      "2026-03-03t12:00:00z",
      "2026-03-03T12:00:00.0009999Z",
      "2026-03-03T12:00:00-00:00",
      "2026-03-03T13:30:00+01:30",
      "2026-03-02T12:01:00-23:59",
    ]) {
      assert.equal(msOf(text), noon, text);
    }
    assert.equal(msOf("2026-03-03T12:00:00.5Z"), noon + 500);
    assert.equal(msOf("2024-02-29T00:00:00Z"), Date.UTC(2024, 1, 29));
    assert.equal(new Date(msOf("0001-01-01T00:00:00Z")).toISOString(), "0001-01-01T00:00:00.000Z");
  });

  it("is refused without its parts, in another form, or when it never was", () => {
    for (const [text, why] of [
      ["", /must be a date/],
      ["now", /must be a date/],
      ["2026-03-03", /must be a date/],
      ["2026-03-03T12:00:00", /must be a date/],
      ["2026-03-03 12:00:00Z", /must be a date/],
      ["2026-03-03T12:00Z", /must be a date/],
      ["2026-03-03T12:00:00.Z", /must be a date/],
      ["2026-03-03T12:00:00+0100", /must be a date/],
      ["2026-03-03T12:00:00 01:00", /must be a date/],
      ["2026-03-03T12:00:00Z\n", /must be a date/],
      ["+002026-03-03T12:00:00Z", /must be a date/],
      ["1772539200000", /must be a date/],
      ["2016-12-31T23:59:60Z", /leap second/],
      ["2026-02-29T00:00:00Z", /does not exist/],
      ["2026-13-01T00:00:00Z", /does not exist/],
      ["2026-00-01T00:00:00Z", /does not exist/],
      ["2026-03-03T24:00:00Z", /does not exist/],
      ["2026-03-03T12:61:00Z", /does not exist/],
      ["2026-03-03T12:00:00+24:00", /does not exist/],
      ["2026-03-03T12:00:00+01:60", /does not exist/],
    ] as const) {
      const reading = readInstant(text);
      assert.ok("fault" in reading && why.test(reading.fault), `${text}: ${JSON.stringify(reading)}`);
    }
  });

  it("is read as it is printed, whatever the offset", () => {
    const ms = fc.integer({ min: Date.UTC(1, 1, 1), max: Date.UTC(9998, 1, 1) });
    const minutes = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
    fc.assert(
      fc.property(ms, minutes, (at, offset) => {
        const local = new Date(at + offset * 60_000).toISOString().slice(0, -1);
        const two = (number: number) => String(number).padStart(2, "0");
        const size = Math.abs(offset);
        assert.equal(msOf(`${local}${offset < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`), at);
      }),
    );
  });
});
