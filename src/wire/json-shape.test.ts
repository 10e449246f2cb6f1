import assert from "node:assert/strict";
import { test } from "node:test";
import { customerChoices, preferencesInForce, subjectHistory } from "./subjects.ts";

test("what our own API answers is read as it was printed", () => {
  const difference = { path: "/nodes/Countries", from: null, to: ["Algeria", "\u2028"] };
  const said = { at: "2026-03-03T14:05:00.000Z", kind: "preferences", actor: "Jo", client: "crm" };
  const history = { changes: [{ position: 1, ...said, differences: [difference] }], next: "MQ" };
  assert.deepEqual(subjectHistory.read(Buffer.from(subjectHistory.print(history, "json")), "json"), { value: history });
});

test("what does not fit, or is no JSON, has one fault", () => {
  for (const body of ['{"subject":"customer:1","from":"own","choices":[{}]}', '{"subject":1}', "null", "{", ""]) {
    for (const shape of [customerChoices, preferencesInForce, subjectHistory]) {
      const reading = shape.read(Buffer.from(body), "json");
      assert.ok("faults" in reading && reading.faults.length === 1, body);
      assert.equal(shape.place(["a/b", 0], Buffer.from(body), "json"), "/a~1b/0");
    }
  }
});
