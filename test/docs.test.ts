import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { table } from "../scripts/markdown.ts";
import { pages } from "../scripts/pages.ts";

describe("the documentation", () => {
  for (const { file, render } of pages) {
    it(`has ${file} as its table says (\`npm run docs\` writes it)`, async () => {
      assert.equal(readFileSync(join(import.meta.dirname, "..", file), "utf8"), await render());
    });
  }

  it("has tables whose cells hold bars and line ends without breaking", () => {
    assert.equal(table(["a", "b"], [["1|2", "3\n4"]]), "| a | b |\n|---|---|\n| 1\\|2 | 3 4 |");
  });
});
