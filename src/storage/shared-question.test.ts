import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { SharedQuestion } from "./shared-question.ts";

describe("a shared question", () => {
  it("is put once for all who wait, and anew for those who come while it is under way", async () => {
    const answers: ((answer: number) => void)[] = [];
    const question = new SharedQuestion(() => new Promise<number>((resolve) => answers.push(resolve)));
    const first = [question.answer(), question.answer()];
    await nextTurn();
    const later = [question.answer(), question.answer()];
    await nextTurn();
    assert.equal(answers.length, 1);
    answers[0]?.(1);
    assert.deepEqual(await Promise.all(first), [1, 1]);
    await nextTurn();
    assert.equal(answers.length, 2);
    answers[1]?.(2);
    assert.deepEqual(await Promise.all(later), [2, 2]);
  });

  it("is put again after a failure, of which everybody hears who waited for it", async () => {
    let asked = 0;
    const question = new SharedQuestion(async () => {
      asked += 1;
      if (asked === 1) throw new Error("not now");
      return asked;
    });
    const outcomes = await Promise.allSettled([question.answer(), question.answer()]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.equal(await question.answer(), 2);
  });
});
