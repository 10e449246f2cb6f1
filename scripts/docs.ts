import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pages } from "./pages.ts";

/** `npm run docs`: writes every page that is printed from a table. */
for (const { file, render } of pages) {
  writeFileSync(join(import.meta.dirname, "..", file), await render());
  console.log(`${file} is written`);
}
