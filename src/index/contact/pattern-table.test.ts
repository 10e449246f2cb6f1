import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ContactCell } from "./cell.ts";
import { entryCodeOf } from "./pattern.ts";

const entry = fc.record({
  type: fc.integer({ min: 0, max: 2 }),
  isOptedOut: fc.boolean(),
  isStopped: fc.boolean(),
  address: fc.integer({ min: 0, max: 2 }),
});
const act = fc.record({ place: fc.integer({ min: 0, max: 5 }), entries: fc.array(entry, { maxLength: 4 }) });

function put(cell: ContactCell, { place, entries }: typeof act extends fc.Arbitrary<infer Act> ? Act : never): void {
  for (const { type, isOptedOut, isStopped, address } of entries) {
    cell.note(entryCodeOf(type, isOptedOut, false, isStopped), address);
  }
  cell.settle(place);
}

/** What places have, and how many have each pattern, said by the patterns' entries. */
function heldBy({ plane, table }: ContactCell) {
  const said = [0, 1, 2, 3, 4, 5].map((place) => JSON.stringify(table.patterns[plane.get(place)]?.entries));
  const counts = table.patterns.flatMap((pattern, number) =>
    pattern === undefined || number === 0 ? [] : [[JSON.stringify(pattern.entries), table.counts[number]] as const],
  );
  return { said, counts: counts.toSorted(([one], [other]) => (one < other ? -1 : 1)) };
}

describe("the patterns of a cell", () => {
  it("are those of what each place was given last, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const [cell, fresh] = [new ContactCell(nothing), new ContactCell(nothing)];
        for (const one of acts) put(cell, one);
        for (const one of new Map(acts.map((last) => [last.place, last])).values()) put(fresh, one);
        assert.deepEqual(heldBy(cell), heldBy(fresh));
        assert.equal(cell.table.bytes, fresh.table.bytes);
        assert.ok(cell.table.patterns.length <= 8, "numbers are used again");
      }),
    );
  });

  it("are as many as places have, however many types there are, and their memory is counted", () => {
    const cell = new ContactCell(nothing);
    const [places, types] = [500, 40];
    const before = cell.bytes;
    for (let round = 0; round < 4; round += 1) {
      for (let place = 0; place < places; place += 1) {
        for (let type = 0; type < types; type += 1) {
          const isChosen = ((place >> ((type + round) % 9)) & 1) === 1;
          if (isChosen) cell.note(entryCodeOf(type, false, false, false), type);
        }
        cell.settle(place);
      }
      assert.ok(cell.table.patterns.length <= places + 2, `${cell.table.patterns.length} patterns`);
    }
    assert.ok(cell.table.bytes > places * types * 4, `${cell.table.bytes} bytes`);
    for (let place = 0; place < places; place += 1) cell.drop(place);
    assert.equal(cell.table.bytes, 0);
    assert.ok(cell.bytes < before + 300_000);
  });
});

const nothing = { dates: false, countries: false };
