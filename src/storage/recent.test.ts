import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Recent } from "./recent.ts";

describe("what was used recently", () => {
  it("is what was set last under a key, or nothing; never an earlier value", () => {
    const steps = fc.array(fc.record({ key: fc.nat(9), size: fc.nat(4), isSet: fc.boolean() }));
    fc.assert(
      fc.property(steps, (sequence) => {
        const recent = new Recent<number, { size: number }>(8);
        const all = new Map<number, { size: number }>();
        for (const { key, size, isSet } of sequence) {
          if (isSet) {
            const value = { size };
            recent.set(key, value);
            all.set(key, value);
          } else {
            const found = recent.get(key);
            assert(found === undefined || found === all.get(key));
          }
        }
      }),
    );
  });

  it("stays when it is asked for, and goes when it is not", () => {
    const recent = new Recent<string, { size: number }>(10);
    recent.set("asked for", { size: 1 });
    recent.set("not asked for", { size: 1 });
    for (let key = 0; key < 100; key += 1) {
      recent.set(`other ${key}`, { size: 1 });
      assert.notEqual(recent.get("asked for"), undefined);
    }
    assert.equal(recent.get("not asked for"), undefined);
  });

  it("never holds more than twice the size of a generation, whatever is set", () => {
    const recent = new Recent<number, { size: number }>(10);
    for (let key = 0; key < 100; key += 1) recent.set(key, { size: 6 });
    const kept = Array.from({ length: 100 }, (_, key) => recent.get(key)).filter((value) => value !== undefined);
    assert(kept.length <= 3, `${kept.length} values`);
  });
});
