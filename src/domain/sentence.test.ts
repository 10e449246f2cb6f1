import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "./limits.ts";
import { echoed, quoted } from "./sentence.ts";

test("what might be an address is not repeated", () => {
  for (const text of [
    "pat@example.com",
    "@",
    "2125550100",
    "+1 (212) 555-01",
    "212/555/01",
    `${"x".repeat(99)}123456`,
  ]) {
    assert.equal(echoed(text), "…");
    assert.equal(quoted(text), '"…" ');
  }
  for (const text of ["", "12345", "a1b2c3d4e5f6", "Service Exception"]) assert.equal(echoed(text), text);
});

test("what cannot be seen is repeated as U+FFFD", () => {
  for (const dark of ["\u202e", "\u0000", "\u2028", "\u2029", "\ud800", "\u200b"]) {
    assert.equal(echoed(`a${dark}b`), "a\ufffdb");
    assert.equal(quoted(`a${dark}b`), '"a\ufffdb" ');
  }
});

test("a text is cut between characters, and only when it is longer than is repeated", () => {
  const most = "😀".repeat(limits.echoedCharacters);
  assert.equal(echoed(most), most);
  assert.equal(echoed(`${most}😀`), `${most}…`);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => Array.from(echoed(text)).length <= 61));
});
