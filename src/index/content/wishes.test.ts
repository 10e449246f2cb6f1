import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { NodeChoice } from "../../domain/email-preferences.ts";
import { Bits, pageWords } from "../arrays/bits.ts";
import { pagePlaces } from "../arrays/pages.ts";
import { LabelMatch, Wishes } from "./wishes.ts";

const letters = ["a", "b", "c", "d", "e"];
const someLabels = fc.uniqueArray(fc.constantFrom(...letters), { maxLength: 4 });
const nodeName = fc.constantFrom("Countries", "States", "Regions");
const nodes: fc.Arbitrary<NodeChoice[]> = fc.uniqueArray(fc.record({ labels: someLabels, node: nodeName }), {
  selector: ({ node }) => node,
  maxLength: 3,
});
/** On two pages, and on the borders of words. */
const wish = fc.constantFrom(1, 31, 32, pagePlaces - 1, pagePlaces, pagePlaces + 63);
const item = fc
  .array(fc.tuple(nodeName, someLabels))
  .map((pairs) => new Map(pairs.map(([name, labels]) => [name, new Set(labels)])));

/** Says it plainly: labels are asked for at all, and in each node with labels the item has one of them. */
function isMatch(asked: readonly NodeChoice[], labels: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const chosen = asked.filter((choice) => choice.labels.length > 0);
  return chosen.length > 0 && chosen.every(({ node, labels: some }) => some.some((one) => labels.get(node)?.has(one)));
}

function find(match: LabelMatch, among: Bits, number: number): boolean {
  const kept = new Int32Array(pageWords);
  match.find(kept, among, Math.floor(number / pagePlaces));
  const at = number % pagePlaces;
  return ((kept[Math.floor(at / 32)] ?? 0) & (1 << (at % 32))) !== 0;
}

describe("for any wishes and any item", () => {
  const given = fc.record({
    put: fc.array(fc.record({ wish, nodes, isAmong: fc.boolean() }), { maxLength: 12 }),
    item,
  });

  it("those are found that ask for labels and match, among those that are looked at", () => {
    fc.assert(
      fc.property(given, ({ put, item: labels }) => {
        const [wishes, among] = [new Wishes(), new Bits()];
        const match = new LabelMatch(wishes, labels);
        const last = new Map<number, (typeof put)[number]>();
        for (const one of put) {
          wishes.clear(one.wish);
          among.clear(one.wish);
          wishes.put(one.wish, "Daily", one.nodes);
          if (one.isAmong) among.set(one.wish);
          last.set(one.wish, one);
          assert.equal(find(match, among, one.wish), one.isAmong && isMatch(one.nodes, labels));
        }
        for (const [number, one] of last) {
          for (const held of [match, new LabelMatch(wishes, labels)]) {
            assert.equal(find(held, among, number), one.isAmong && isMatch(one.nodes, labels));
            assert.equal(held.matches(number) && wishes.choosing.has(number), isMatch(one.nodes, labels));
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("a wish that is taken out", () => {
  it("is nowhere any more, and leaves the others as they were", () => {
    const wishes = new Wishes();
    const asked = [{ labels: ["a", "b"], node: "Countries" }];
    wishes.put(1, "Daily", asked);
    wishes.put(2, "Daily", asked);
    wishes.clear(1);
    const sets = [wishes.choosing, wishes.frequencies.of("Daily"), wishes.nodes[0]?.chosen];
    sets.push(wishes.nodes[0]?.labels.of("a"), wishes.nodes[0]?.labels.of("b"));
    assert.deepEqual(
      sets.map((bits) => bits?.has(1)),
      [false, false, false, false, false],
    );
    assert.deepEqual(
      sets.map((bits) => bits?.has(2)),
      [true, true, true, true, true],
    );
  });
});
