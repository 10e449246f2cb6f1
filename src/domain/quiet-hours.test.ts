import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { allowedFrom, isQuietHours, zonesOf } from "./quiet-hours.ts";

const minute = 60_000;
const night = "21:00-08:00";

/** When a message may be sent, as RFC 3339 without milliseconds. */
function allowed(hours: string, zones: readonly string[], at: string): string | undefined {
  const from = allowedFrom(hours, zones, Date.parse(at));
  return from === undefined ? undefined : new Date(from).toISOString().replace(".000Z", "Z");
}

describe("quiet hours", () => {
  it("begin with their first minute and end before their last", () => {
    const zones = ["UTC"];
    assert.equal(allowed(night, zones, "2026-03-03T20:59:59.999Z"), "2026-03-03T20:59:59.999Z");
    assert.equal(allowed(night, zones, "2026-03-03T21:00:00Z"), "2026-03-04T08:00:00Z");
    assert.equal(allowed(night, zones, "2026-03-03T07:59:59.999Z"), "2026-03-03T08:00:00Z");
    assert.equal(allowed(night, zones, "2026-03-03T08:00:00Z"), "2026-03-03T08:00:00Z");
    assert.equal(allowed("12:00-13:30", zones, "2026-03-03T12:29:59Z"), "2026-03-03T13:30:00Z");
    assert.equal(allowed("12:00-13:30", zones, "2026-03-03T11:59:00Z"), "2026-03-03T11:59:00Z");
  });

  it("are local, and hold until the last of the zones lets a message through", () => {
    assert.equal(allowed(night, ["America/New_York"], "2026-01-15T12:59:00Z"), "2026-01-15T13:00:00Z");
    assert.equal(
      allowed(night, ["America/New_York", "America/Los_Angeles"], "2026-01-15T12:59:00Z"),
      "2026-01-15T16:00:00Z",
    );
    // 18:30 in Los Angeles, 21:30 in New York.
    assert.equal(
      allowed(night, ["America/Los_Angeles", "America/New_York"], "2026-01-16T02:30:00Z"),
      "2026-01-16T16:00:00Z",
    );
  });

  it("end with the jump when clocks are put forward over their end", () => {
    // New York, 8 March 2026: 02:00 EST is 03:00 EDT, at 07:00 UTC.
    assert.equal(allowed("22:00-02:30", ["America/New_York"], "2026-03-08T06:59:00Z"), "2026-03-08T07:00:00Z");
    assert.equal(allowed("22:00-03:30", ["America/New_York"], "2026-03-08T06:59:00Z"), "2026-03-08T07:30:00Z");
    assert.equal(allowed("02:15-02:45", ["America/New_York"], "2026-03-08T06:59:00Z"), "2026-03-08T06:59:00Z");
  });

  it("are quiet twice where clocks go through them twice", () => {
    // New York, 1 November 2026: 02:00 EDT is 01:00 EST, at 06:00 UTC.
    assert.equal(allowed("22:00-01:30", ["America/New_York"], "2026-11-01T05:00:00Z"), "2026-11-01T05:30:00Z");
    assert.equal(allowed("22:00-01:30", ["America/New_York"], "2026-11-01T06:00:00Z"), "2026-11-01T06:30:00Z");
    assert.equal(allowed("22:00-02:00", ["America/New_York"], "2026-11-01T05:00:00Z"), "2026-11-01T07:00:00Z");
    assert.equal(allowed("22:00-08:00", ["America/New_York"], "2026-11-01T03:00:00Z"), "2026-11-01T13:00:00Z");
  });

  it("never end where the zones are too far apart for them", () => {
    const ends = ["Europe/Kaliningrad", "Asia/Kamchatka"];
    assert.equal(allowed("20:00-10:00", ends, "2026-03-03T12:00:00Z"), undefined);
    assert.equal(allowed("21:00-08:00", ends, "2026-03-03T12:00:00Z"), "2026-03-04T06:00:00Z");
  });

  it("are two different times of day", () => {
    for (const text of [night, "00:00-23:59", "23:59-00:00"]) assert.ok(isQuietHours(text), text);
    for (const text of ["", "21:00", "21:00-21:00", "24:00-08:00", "9:00-10:00", "21:00-08:60", "21:00-08:00 "]) {
      assert.ok(!isQuietHours(text), text);
    }
  });
});

const zones = [
  "America/New_York",
  "America/Los_Angeles",
  "Pacific/Honolulu",
  "America/Havana",
  "America/St_Johns",
  "Europe/Dublin",
  "Africa/Casablanca",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "UTC",
];
/** Around each of these, some of the zones change their clocks; on the last, Samoa left out a day. */
const changes = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01", "2011-12-30"];

const hours = fc
  .tuple(fc.integer({ min: 0, max: 95 }), fc.integer({ min: 1, max: 95 }))
  .map(([start, length]) => `${timeOfDay(start)}-${timeOfDay((start + length) % 96)}`);
const instant = fc.oneof(
  fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2036, 0, 1) }),
  fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -36 * 60, max: 36 * 60 }))
    .map(([day, minutes]) => Date.parse(day) + minutes * minute),
);

function timeOfDay(quarters: number): string {
  return new Date(quarters * 15 * minute).toISOString().slice(11, 16);
}

const clocks = new Map(
  zones.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat("en", { timeZone, hourCycle: "h23", hour: "2-digit", minute: "2-digit" }),
  ]),
);

/** Whether it is quiet, read off the face of the zone's clock. */
function isQuiet(range: string, zone: string, ms: number): boolean {
  const [start = "", end = ""] = range.split("-");
  const time = clocks.get(zone)?.format(ms) ?? "";
  return start < end ? start <= time && time < end : start <= time || time < end;
}

describe("for any quiet hours, zones and instant", () => {
  const property = fc.property(
    hours,
    fc.uniqueArray(fc.constantFrom(...zones), { minLength: 1, maxLength: 3 }),
    instant,
    (range, some, at) => {
      const isAllowed = (ms: number) => some.every((zone) => !isQuiet(range, zone, ms));
      const from = allowedFrom(range, some, at);
      if (from !== undefined) assert.ok(isAllowed(from), `quiet at ${new Date(from).toISOString()}`);
      const until = Math.min(from ?? Number.POSITIVE_INFINITY, at + 26 * 60 * minute);
      // Clocks have shown whole minutes, at whole minutes, ever since 1973.
      for (let ms = at; ms < until; ms = (Math.floor(ms / minute) + 1) * minute) {
        assert.ok(!isAllowed(ms), `allowed at ${new Date(ms).toISOString()} already`);
      }
    },
  );

  it("nothing is allowed within quiet hours of any zone, and nothing is held back for longer", () => {
    fc.assert(property, { numRuns: 60 });
  });
});

describe("the zones of an address", () => {
  const timeZones = { CA: ["America/Toronto"], IE: ["Europe/Dublin"], US: ["America/New_York", "Pacific/Honolulu"] };
  const channel = { name: "Text", retired: false };
  const local = { ...channel, timeZone: "Europe/Lisbon" };

  it("are the one that was asked for, before any other", () => {
    assert.deepEqual(zonesOf("+353861234567", { timeZone: "Asia/Tokyo", channel: local, timeZones }), ["Asia/Tokyo"]);
  });

  it("are those of the number's country", () => {
    assert.deepEqual(zonesOf("+353861234567", { channel: local, timeZones }), ["Europe/Dublin"]);
    assert.deepEqual(zonesOf("+12133734253", { channel: local, timeZones }), timeZones.US);
    assert.deepEqual(zonesOf("+12042345678", { channel: local, timeZones }), timeZones.CA);
  });

  it("are those of every country that a number may belong to, where its digits do not tell", () => {
    assert.deepEqual(zonesOf("+11233454567", { channel: local, timeZones }).toSorted(), [
      "America/New_York",
      "America/Toronto",
      "Pacific/Honolulu",
    ]);
  });

  it("are the channel's for an e-mail address, and where the catalogue lists no zones of the country", () => {
    for (const address of ["jo@example.com", "+390612345678", "+80012345678"]) {
      assert.deepEqual(zonesOf(address, { channel: local, timeZones }), ["Europe/Lisbon"]);
      assert.deepEqual(zonesOf(address, { channel, timeZones }), ["UTC"]);
      assert.deepEqual(zonesOf(address, { channel: local, timeZones: {} }), ["Europe/Lisbon"]);
    }
  });
});
