import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { digitCount, digitsAt, startOf, startsWith, textOf, viewOf, writeText } from "./text.ts";

/** Eight bytes that are a NaN as a number, of whatever kind. */
const notANumber = fc
  .tuple(
    fc.uint8Array({ minLength: 6, maxLength: 6 }),
    fc.integer({ min: 0xf0, max: 0xff }),
    fc.constantFrom(0x7f, 0xff),
  )
  .map(([low, exponent, sign]) => Uint8Array.from([...low, exponent, sign]));
const eightBytes = fc.oneof(fc.uint8Array({ minLength: 8, maxLength: 8 }), notANumber);

describe("text that is moved as numbers", () => {
  it("comes through unchanged, whatever its bytes are", () => {
    const [from, to] = [new DataView(new ArrayBuffer(16)), new DataView(new ArrayBuffer(16))];
    fc.assert(
      fc.property(eightBytes, fc.integer({ min: 0, max: 8 }), (bytes, at) => {
        new Uint8Array(from.buffer).set(bytes, at);
        to.setFloat64(at, from.getFloat64(at, true), true);
        assert.deepEqual(new Uint8Array(to.buffer, at, 8), bytes);
      }),
      { numRuns: 20_000 },
    );
  });

  it("is written whole, with seven bytes behind it at most", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 9 }), (bytes, at) => {
        const to = new Uint8Array(64).fill(0xaa);
        writeText(textOf(bytes), viewOf(to), at);
        assert.deepEqual(to.subarray(at, at + bytes.length), bytes);
        assert.deepEqual(to.subarray(0, at), new Uint8Array(at).fill(0xaa));
        const behind = at + Math.ceil(bytes.length / 8) * 8;
        assert.deepEqual(to.subarray(behind), new Uint8Array(64 - behind).fill(0xaa));
      }),
    );
  });
});

describe("the beginning of a line", () => {
  it("is told from every other", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ":", "\u00ff"), minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(text, text, (start, line) => {
        const bytes = Buffer.concat([Buffer.from(line, "latin1"), Buffer.alloc(16)]);
        assert.equal(startsWith(viewOf(bytes), 0, startOf(start)), line.startsWith(start));
      }),
    );
  });

  it("has the digits that stand there, up to the first that is none", () => {
    const text = fc.string({
      unit: fc.constantFrom(..."0123456789", "/", ":", '"', "\u00b0"),
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(text, (eight) => {
        const digits = /^[0-9]*/.exec(eight)?.[0] ?? "";
        const word = digitsAt(viewOf(Buffer.from(eight, "latin1")), 0);
        const expected = [...digits].reduce((sum, digit, index) => sum | ((Number(digit) + 1) << (4 * index)), 0);
        assert.deepEqual([word, digitCount(word)], [expected, digits.length]);
      }),
    );
  });
});
