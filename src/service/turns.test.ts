import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { endOfTurn, nextTurn } from "./turns.ts";

describe("turns of the event loop", () => {
  it("are given one at a time, to each in its order", async () => {
    const done: string[] = [];
    const work = async (name: string) => {
      for (let slice = 1; slice <= 3; slice += 1) {
        await nextTurn();
        done.push(`${name}${slice}`);
      }
    };
    await Promise.all([work("a"), work("b"), work("c")]);
    assert.deepEqual(done, ["a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3"]);
  });

  it("leave room between two slices for everything else, however much work waits", async () => {
    let slices = 0;
    const work = async () => {
      for (; slices < 300; slices += 1) await nextTurn();
    };
    const working = Promise.all([work(), work(), work()]);
    const seen: number[] = [];
    while (slices < 300) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(slices);
    }
    await working;
    const steps = seen.slice(1).map((count, index) => count - (seen[index] ?? 0));
    assert.ok(Math.max(...steps) <= 1, String(steps));
  });
});

describe("the end of a turn", () => {
  it("comes when what stood before it is done, in each turn anew", async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      let passed = false;
      setImmediate(() => {
        passed = true;
      });
      await endOfTurn();
      assert.equal(passed, true);
    }
  });

  it("is before the slice of long work that waits for that turn", async () => {
    const done: string[] = [];
    const slice = nextTurn().then(() => done.push("slice"));
    const request = async () => {
      await endOfTurn();
      await Promise.resolve();
      done.push("answer");
      process.nextTick(() => done.push("group of writes"));
    };
    await Promise.all([slice, request()]);
    assert.deepEqual(done, ["answer", "group of writes", "slice"]);
  });

  it("is one for all who wait in it: they go on together, one after the other", async () => {
    const done: string[] = [];
    const go = async (name: string) => {
      await endOfTurn();
      done.push(`${name} begins`);
      await Promise.resolve();
      done.push(`${name} ends`);
    };
    const going = Promise.all(["a", "b", "c"].map(go));
    setImmediate(() => done.push("next"));
    await going;
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(done, ["a begins", "b begins", "c begins", "a ends", "b ends", "c ends", "next"]);
  });

  it("does not keep who comes after it waiting for the end of another", async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      let passed = false;
      const waiting = endOfTurn();
      setImmediate(() => {
        passed = true;
      });
      await waiting;
      assert.equal(passed, false);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
});
