import assert from "node:assert/strict";
import { test } from "node:test";
import { loads, requestFor } from "./loads.ts";

const all = loads("t".repeat(32), 100);

test("the JSON body is about 600 bytes and has six selections over both categories and all channels", () => {
  const body = requestFor(all.put, 7).init.body ?? "";
  assert.ok(body.length > 550 && body.length < 700, `${body.length} bytes`);
  assert.equal(body.match(/"is_opt_in"/g)?.length, 6);
  for (const word of ["Service Notification", "Service Exception", "Text", "Email", "Voice"])
    assert.ok(body.includes(word));
  assert.ok(body.includes('"c00007@example.com"'));
});

test("the XML body says the same", () => {
  const words = (text: string): string[] =>
    text.match(/Service \w+|c\d{5}@example\.com|\d{10}|[BS](PHONE|EMAIL)/g) ?? [];
  assert.deepEqual(words(requestFor(all["put-xml"], 7).init.body ?? ""), words(requestFor(all.put, 7).init.body ?? ""));
});

test("no placeholder is left, and each customer has a path of its own", () => {
  for (const load of Object.values(all)) {
    const { path, init } = requestFor(load, 42);
    assert.equal(path, "/v1/customers/123400042/communication-preferences");
    assert.doesNotMatch(JSON.stringify(init), /@[A-Z]+@/);
  }
});
