import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bitCount, Bits, lowestBit, NamedBits, nothingSet, pageWords } from "./bits.ts";
import { pagePlaces } from "./pages.ts";

/** Around the borders of words and pages. */
const number = fc
  .tuple(fc.constantFrom(0, 32, 64, pagePlaces, 3 * pagePlaces, 200 * pagePlaces), fc.integer({ min: -2, max: 2 }))
  .map(([border, away]) => Math.max(0, border + away));
const steps = fc.array(fc.record({ number, isSet: fc.boolean() }));

describe("a set of bits", () => {
  it("has the numbers that were set and not cleared since, and no others", () => {
    fc.assert(
      fc.property(steps, fc.array(number), (given, others) => {
        const [bits, expected] = [new Bits(), new Set<number>()];
        for (const { number: one, isSet } of given) {
          if (isSet) bits.set(one);
          else bits.clear(one);
          if (isSet) expected.add(one);
          else expected.delete(one);
        }
        for (const one of [...given.map((step) => step.number), ...others]) {
          assert.equal(bits.has(one), expected.has(one), String(one));
        }
      }),
    );
  });

  it("takes a page when a bit on it is set, and none for what is read or cleared", () => {
    const bits = new Bits();
    assert.equal(bits.has(pagePlaces), false);
    bits.clear(pagePlaces);
    assert.deepEqual([bits.pages, bits.bytes], [0, 0]);
    bits.set(2 * pagePlaces + 33);
    assert.deepEqual([bits.pages, bits.bytes], [3, pageWords * 4]);
    assert.equal(bits.page(1), nothingSet);
    assert.equal(bits.page(2)[1], 2);
  });

  it("is the same one each time it is asked for by name, and is left by a number that leaves all", () => {
    const named = new NamedBits();
    named.of("Daily").set(5);
    named.of("Weekly").set(6);
    named.clear(5);
    assert.deepEqual([named.of("Daily").has(5), named.of("Weekly").has(6)], [false, true]);
    assert.equal(named.bytes, 2 * pageWords * 4);
  });
});

describe("a word", () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const digits = (value: number) => (value >>> 0).toString(2);

  it("has as many bits as its binary digits have ones", () => {
    fc.assert(
      fc.property(word, (value) => {
        assert.equal(bitCount(value), digits(value).replaceAll("0", "").length);
      }),
    );
  });

  it("ends with as many zeros as its lowest bit is high", () => {
    fc.assert(
      fc.property(word, (value) => {
        fc.pre(value !== 0);
        assert.equal(lowestBit(value), /0*$/.exec(digits(value))?.[0].length);
      }),
    );
  });
});
