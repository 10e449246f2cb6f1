import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogueAnswer } from "./catalogue.ts";

test("a catalogue in force is read with the position of its change, and not without it", () => {
  const read = (body: unknown) => catalogueAnswer.read(Buffer.from(JSON.stringify(body)), "json");
  const catalogue = { version: 1, frequencies: ["Never"] };
  const whole = read({ catalogue, change: 0 });
  assert.ok("value" in whole && whole.value.change === 0 && whole.value.catalogue.version === 1);
  for (const body of [{ catalogue }, { catalogue, change: "1" }]) {
    const fault = { problem: "member-missing", path: ["change"], message: "must be there, a number" };
    assert.deepEqual(read(body), { faults: [fault] });
  }
});
