import assert from "node:assert/strict";
import { test } from "node:test";
import { customerError, organisationError, ownProblem } from "./problems.ts";

test("the customers' contract refuses with every fault", () => {
  const value = { error: { code: "422", message: "Validation Error", errors: [{ message: 'a: "b" <c>' }] } };
  assert.equal(
    customerError.print(value, "json"),
    '{"error":{"code":"422","message":"Validation Error","errors":[{"message":"a: \\"b\\" <c>"}]}}',
  );
  assert.equal(
    customerError.print(value, "xml"),
    '<?xml version="1.0" encoding="UTF-8"?><error><code>422</code><message>Validation Error</message>' +
      '<errors><error><message>a: "b" &lt;c&gt;</message></error></errors></error>',
  );
});

test("the organisations' contract refuses with a summary, a ref and a plain link", () => {
  const link = "https://example.com/context/api/2/error/108";
  const value = { error: { summary: "The requested user does not exist", ref: "108", link } };
  assert.equal(
    organisationError.print(value, "json"),
    `{"error":{"summary":"The requested user does not exist","ref":"108","link":"${link}"}}`,
  );
  assert.equal(
    organisationError.print(value, "xml"),
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><error><summary>The requested user does not exist</summary>' +
      `<ref>108</ref><link>${link}</link></error>`,
  );
});

test("Saywhen's own API refuses with a problem detail", () => {
  const value = {
    type: "http://h/p",
    title: "T",
    status: 422,
    detail: "D",
    errors: [{ detail: "is missing", pointer: "#/a", problem: "p" }],
  };
  assert.equal(
    ownProblem.print(value, "json"),
    '{"type":"http://h/p","title":"T","status":422,"detail":"D","errors":[{"detail":"is missing","pointer":"#/a","problem":"p"}]}',
  );
});

test("what XML cannot carry is printed as U+FFFD", () => {
  const value = { error: { summary: "a\u0000b\ud800c\uffff", ref: "1", link: "l" } };
  assert.match(organisationError.print(value, "xml"), /<summary>a\ufffdb\ufffdc\ufffd<\/summary>/);
});
