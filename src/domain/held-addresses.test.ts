import assert from "node:assert/strict";
import { test } from "node:test";
import { heldAddresses } from "./held-addresses.ts";

const phone = { normal: "+11233454567" };
const email = { normal: "jo@example.com" };

test("a customer's preferences hold the address of each selection, once", () => {
  assert.deepEqual(heldAddresses("preferences", { selections: [phone, email, phone] }), [phone.normal, email.normal]);
  assert.deepEqual(heldAddresses("preferences", { selections: [] }), []);
});

test("an organisation's and a user's preferences hold none", () => {
  assert.deepEqual(heldAddresses("preferences", { alertServices: [], frequency: "Never", modules: [], nodes: [] }), []);
});

test("a user's directory entry holds its e-mail address in its normal form", () => {
  assert.deepEqual(heldAddresses("directory", { email: "Jo@Example.com", id: 5 }), ["jo@example.com"]);
  assert.deepEqual(heldAddresses("directory", { id: 5 }), []);
});

test("other kinds of change hold none, whatever is in them", () => {
  assert.deepEqual(heldAddresses("erasure", { positions: [1], selections: [phone] }), []);
  assert.deepEqual(heldAddresses("catalogue", { version: 1, email: "jo@example.com" }), []);
});
