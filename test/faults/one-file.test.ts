import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { overOneConnection } from "../support/exchange.ts";
import { adminToken, temporaryFolder } from "../support/service.ts";
import { saywhen, serve } from "../support/serving.ts";
import { putCustomer } from "./acts.ts";
import { Told, write } from "./http-writers.ts";
import { assertReceipts, wholeLog } from "./whole-log.ts";

it("beside a service under load a second one is refused, readers are welcome, and it goes on as if alone", async (test) => {
  using folder = temporaryFolder();
  const file = join(folder.path, "saywhen.db");
  const env = { SAYWHEN_ADMIN_TOKEN: adminToken, SAYWHEN_DATABASE: file };
  const { child, url, ended } = serve(folder.path, env);
  const told = new Told();
  let isOver = false;
  // One whom the writers leave alone: they erase as well.
  await using send = overOneConnection(await url);
  assert.equal((await send(putCustomer(1000, "jo@example.com", {}))).status, 200);
  const writing = write(await url, 2, "beside", told, () => isOver);
  test.after(() => (isOver = true));

  const second = await saywhen(folder.path, ["serve"], env);
  assert.equal(second.exitCode, 1);
  assert.match(second.stderr, new RegExp(`served by another process \\(pid ${child.pid}\\)`));
  const backup = join(folder.path, "copy.db");
  for (const words of [["verify"], ["backup", backup], ["history", "customer:1000"]]) {
    const before = told.acknowledged;
    const { exitCode, stderr } = await saywhen(folder.path, words, env);
    assert.equal(exitCode, 0, `${words.join(" ")}: ${stderr}`);
    assert(told.acknowledged > before, `nothing was recorded beside ${words.join(" ")}`);
  }
  isOver = true;
  await writing;
  child.kill("SIGTERM");
  assert.equal((await ended).exitCode, 0);
  const recorded = wholeLog(file, told.checkpoints);
  told.assertKept(recorded);
  assertReceipts(file, recorded, told.receipts);
  const copied = wholeLog(backup);
  assert.deepEqual(
    copied.map(({ entry }) => entry),
    recorded.slice(0, copied.length).map(({ entry }) => entry),
  );
});
