import assert from "node:assert/strict";
import { test } from "node:test";
import { readSubject } from "./subject.ts";

test("a subject is named by its kind and its id, and by nothing else", () => {
  const names = ["customer:1", "customer:00123", `customer:${"9".repeat(20)}`, "organisation:3", "user:5"];
  for (const name of [...names, `user:${"9".repeat(15)}`]) assert.equal(readSubject(name), name);
  const ids = ["", "a", "-1", "1 ", " 1", "1\n", "1:2", ":1", "\u0661"];
  const others = ["", "1", "customer", "Customer:1", " customer:1", "directory/user:5", "customers:1", "customer/1"];
  const tooLong = [`customer:${"9".repeat(21)}`, `organisation:${"9".repeat(16)}`, "user:0", "organisation:03"];
  const kinds = ["customer", "organisation", "user"];
  const wrong = kinds.flatMap((kind) => ids.map((id) => `${kind}:${id}`));
  for (const text of [...wrong, ...others, ...tooLong])
    assert.equal(readSubject(text), undefined, JSON.stringify(text));
});
