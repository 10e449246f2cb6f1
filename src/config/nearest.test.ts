import assert from "node:assert/strict";
import { it } from "node:test";
import { nearest } from "./nearest.ts";

it("the nearest word is the one with the fewest letters to change, in any letter case", () => {
  assert.equal(nearest("serv", ["client", "serve", "server"]), "serve");
  assert.equal(nearest("Catalog", ["catalogue", "client"]), "catalogue");
  assert.equal(nearest("same", ["same", "some"]), "same");
});

it("no word is near when more than a third would have to change", () => {
  assert.equal(nearest("verify", ["serve", "client"]), undefined);
  assert.equal(nearest("", ["serve"]), undefined);
  assert.equal(nearest("serve", []), undefined);
});
