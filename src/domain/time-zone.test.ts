import assert from "node:assert/strict";
import { it } from "node:test";
import { limits } from "./limits.ts";
import { isTimeZone, offsetAt } from "./time-zone.ts";

const hour = 60 * 60 * 1000;

it("a time zone is one of IANA's, in any letter case, and no offset", () => {
  for (const zone of ["Europe/Dublin", "america/new_york", "US/Eastern", "UTC"]) assert.ok(isTimeZone(zone), zone);
  for (const zone of ["", "+05:30", "-08", "Atlantis/Poseidonis", "Europe/Dublin\n", "2", "__proto__"]) {
    assert.ok(!isTimeZone(zone), zone);
  }
});

it("the clocks of a zone are ahead of UTC by another time in summer than in winter", () => {
  assert.equal(offsetAt("Europe/Dublin", Date.UTC(2026, 0, 1)), 0);
  assert.equal(offsetAt("Europe/Dublin", Date.UTC(2026, 6, 1)), hour);
  assert.equal(offsetAt("America/New_York", Date.UTC(2026, 0, 1)), -5 * hour);
  assert.equal(offsetAt("Asia/Kathmandu", Date.UTC(2026, 0, 1)), 5.75 * hour);
  assert.equal(offsetAt("UTC", Date.UTC(2026, 0, 1)), 0);
  assert.equal(offsetAt("America/New_York", Date.UTC(1800, 0, 1)), -(4 * 3600 + 56 * 60 + 2) * 1000);
});

it("the clocks of a zone are read at many instants as at each alone, and at one again and again in no time", () => {
  const days = Array.from({ length: 3 * limits.keptOffsets }, (_, day) => Date.UTC(2026, 1, day));
  const change = Date.UTC(2026, 2, 8, 8);
  for (const day of [...days, ...days.toReversed()]) {
    assert.equal(offsetAt("America/Chicago", day), (day < change ? -6 : -5) * hour);
  }
  const began = performance.now();
  for (let times = 0; times < 1_000_000; times += 1) offsetAt("America/Chicago", days[0] ?? 0);
  assert.ok(performance.now() - began < 1000);
});

it("many spellings of a zone are read as one", () => {
  const letters = [..."america/los_angeles"];
  for (let bits = 0; bits < limits.keptTimeZones + 10; bits += 1) {
    const spelling = letters.map((letter, place) => ((bits >> place) & 1 ? letter.toUpperCase() : letter)).join("");
    assert.equal(offsetAt(spelling, Date.UTC(2026, 0, 1)), -8 * hour);
  }
});
