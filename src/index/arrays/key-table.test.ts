import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { KeyTable } from "./key-table.ts";

const word = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
const key = fc.tuple(word, word, word);
const act = fc.record({ key, isRemoved: fc.boolean(), value: fc.integer({ min: 1, max: 2 ** 31 - 1 }) });

describe("a table of keys", () => {
  it("has what a Map would have, whatever is set and deleted", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 300 }), (acts) => {
        const table = new KeyTable();
        const map = new Map<string, number>();
        for (const { key: words, isRemoved, value } of acts) {
          if (isRemoved) table.delete(...words);
          else table.set(...words, value);
          if (isRemoved) map.delete(words.join());
          else map.set(words.join(), value);
        }
        assert.equal(table.size, map.size);
        for (const { key: words } of acts) assert.equal(table.get(...words), map.get(words.join()) ?? 0);
      }),
    );
  });

  it("says where each value stands, also after many came and half of them went", () => {
    const whereabouts = new Map<number, number>();
    const table = new KeyTable((value, at) => whereabouts.set(value, at));
    const count = 40_000;
    for (let value = 1; value <= count; value += 1) table.set(value, 0, 7, value);
    for (let value = 1; value <= count; value += 2) table.delete(value, 0, 7);
    assert.equal(table.size, count / 2);
    for (let value = 1; value <= count; value += 1) {
      assert.equal(table.get(value, 0, 7), value % 2 === 0 ? value : 0);
      const at = whereabouts.get(value) ?? 0;
      if (value % 2 === 0) assert.deepEqual([table.wordAt(at, 0), table.wordAt(at, 3)], [value, value]);
    }
  });

  it("finds many at once as it finds each", () => {
    const table = new KeyTable();
    for (let value = 1; value <= 1000; value += 1) table.set(value, -value, value, value);
    const keys = Int32Array.from([5, -5, 5, 5, -5, 6, 1000, -1000, 1000]);
    const found = () => {
      const values = new Int32Array(3);
      table.getMany(keys, 3, values);
      return [...values];
    };
    const bytes = table.bytes;
    assert.deepEqual(found(), [5, 0, 1000]);
    for (const _ of table.settle());
    assert.ok(table.bytes < bytes, "it was between two sizes, and is not any more");
    assert.deepEqual(found(), [5, 0, 1000]);
    for (let value = 1; value <= 1000; value += 1) assert.equal(table.get(value, -value, value), value);
  });

  it("finds each and many, says where they stand and forgets them also while it grows", () => {
    const whereabouts = new Map<number, number>();
    const table = new KeyTable((value, at) => whereabouts.set(value, at));
    let bytes = table.bytes;
    let growing = 0;
    for (let value = 1; value <= 20_000; value += 1) {
      table.set(value, 0, 7, value);
      if (table.bytes > bytes) growing = 300;
      bytes = table.bytes;
      // Within so many keys all parts have not moved yet.
      if (growing-- <= 0) continue;
      const [gone, some] = [value - 1, value >> 1];
      table.delete(gone, 0, 7);
      const values = new Int32Array(4);
      table.getMany(Int32Array.from([value, 0, 7, gone, 0, 7, some, 0, 7, value, 1, 7]), 4, values);
      const there = table.get(some, 0, 7);
      assert.ok(there === some || there === 0);
      assert.deepEqual([...values], [value, 0, there, 0]);
      const keys = new Int32Array(6);
      table.readKeys(
        Int32Array.of(there === 0 ? 0 : (whereabouts.get(some) ?? 0), whereabouts.get(value) ?? 0),
        2,
        keys,
      );
      assert.deepEqual([...keys], [...(there === 0 ? [0, 0, 0] : [some, 0, 7]), value, 0, 7]);
    }
    for (const _ of table.settle());
    for (let value = 1; value <= 20_000; value += 1) {
      const there = table.get(value, 0, 7) !== 0;
      const at = there ? (whereabouts.get(value) ?? 0) : 0;
      const keys = new Int32Array(6).fill(9);
      table.readKeys(Int32Array.of(at, 0), 2, keys);
      assert.deepEqual([...keys], [...(there ? [value, 0, 7] : [0, 0, 0]), 0, 0, 0]);
      if (there) assert.equal(table.wordAt(at, 3), value);
    }
  });

  it("is empty in memory where everything was deleted", () => {
    const table = new KeyTable();
    const seen = new Set<number>();
    const moved = new KeyTable((_, at) => seen.add(at));
    for (const one of [table, moved]) {
      for (let value = 1; value <= 500; value += 1) one.set(value, value, value, value);
      for (let value = 1; value <= 500; value += 1) one.delete(value, value, value);
    }
    for (const at of seen) for (let index = 0; index < 4; index += 1) assert.equal(moved.wordAt(at, index), 0);
    assert.equal(table.size, 0);
  });
});
