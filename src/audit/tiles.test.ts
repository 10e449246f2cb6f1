import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseTileIndex, printBundle, tileHashes } from "./tiles.ts";

/** The index in groups of three digits, all but the last behind an x. */
function pathOf(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? [];
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
}

describe("the index of a tile", () => {
  it("is written as in the specification's example", () => {
    assert.deepEqual(parseTileIndex("x001/x234/067"), { index: 1234067, width: tileHashes });
    assert.deepEqual(parseTileIndex("x001/x234/067.p/5"), { index: 1234067, width: 5 });
    assert.deepEqual(parseTileIndex("000.p/255"), { index: 0, width: 255 });
  });

  it("is read as it is written", () => {
    const width = fc.option(fc.integer({ min: 1, max: 255 }), { nil: undefined });
    const index = fc.oneof(fc.nat(2000), fc.nat({ max: 2 ** 31 - 1 }), fc.maxSafeNat());
    fc.assert(
      fc.property(index, width, (each, part) => {
        const path = part === undefined ? pathOf(each) : `${pathOf(each)}.p/${part}`;
        assert.deepEqual(parseTileIndex(path), { index: each, width: part ?? tileHashes });
      }),
    );
  });

  it("is refused when it is written in any other way", () => {
    const wrong = [
      "",
      "0",
      "00",
      "0000",
      "x067",
      "1/067",
      "001/067",
      "x1/067",
      "x000/067",
      "x000/x001/067",
      "x001/x067",
    ];
    wrong.push(
      "x001/67",
      "x001//067",
      "/067",
      "067/",
      "067.p",
      "067.p/",
      "067.p/0",
      "067.p/05",
      "067.p/256",
      "067.p/1000",
    );
    wrong.push(
      "067.p/5/",
      "067.P/5",
      "X001/067",
      "067\n",
      "+67",
      "x010/x000/x000/x000/x000/000",
      "06٧",
      "x001/x234/067.p/-1",
    );
    wrong.push("x001/x000/x000/x000/x000/x000/000");
    for (const path of wrong) assert.equal(parseTileIndex(path), undefined, path);
  });
});

describe("a bundle", () => {
  it("holds each entry behind its length in two bytes", () => {
    const bundle = printBundle([Buffer.from("one"), Buffer.alloc(0), Buffer.alloc(258, 7)]);
    assert.equal(bundle.subarray(0, 9).toString("hex"), "00036f6e6500000102".slice(0, 18));
    assert.deepEqual(bundle.subarray(9), Buffer.alloc(258, 7));
    assert.deepEqual(printBundle([]), Buffer.alloc(0));
  });

  it("takes no entry that is longer than its length can say", () => {
    assert.equal(printBundle([Buffer.alloc(65_535)]).length, 65_537);
    assert.throws(() => printBundle([Buffer.alloc(65_536)]), RangeError);
  });
});
