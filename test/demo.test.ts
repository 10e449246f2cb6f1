import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { it } from "node:test";
import { promisify } from "node:util";
import { plainEnvironment } from "./support/serving.ts";

it("the demo goes as it should, and shows what was put once more after a restart", async () => {
  const demo = join(import.meta.dirname, "../scripts/demo.ts");
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [demo], { env: plainEnvironment() });
  assert.equal(stderr, "");
  assert.deepEqual(
    stdout.match(/^\d{3} /gm),
    Array.from({ length: 8 }, () => "200 "),
  );
  assert.match(stdout.slice(stdout.indexOf("started again")), /1233454567[^]*<metadata>Algeria<\/metadata>/);
});
