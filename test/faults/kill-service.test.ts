import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { adminToken, temporaryFolder } from "../support/service.ts";
import { serve } from "../support/serving.ts";
import { Told, write } from "./http-writers.ts";
import { assertReceipts, assertVerify, wholeLog } from "./whole-log.ts";

/** How often the service is killed; `npm run faults` asks for more. */
const rounds = Number(process.env["FAULT_ROUNDS"] ?? 5);

it("a killed service has told nobody of anything that the next one does not hold, nor signed for it", async (test) => {
  using folder = temporaryFolder();
  const file = join(folder.path, "saywhen.db");
  const told = new Told();
  for (let round = 0; round < rounds; round += 1) {
    const { child, url, ended } = serve(folder.path, { SAYWHEN_ADMIN_TOKEN: adminToken, SAYWHEN_DATABASE: file });
    const writing = write(await url, 64, String(round), told, () => false);
    const before = told.receipts.length;
    while (told.receipts.length < before + 5) await sleep(5);
    await sleep(Math.random() * 300);
    child.kill("SIGKILL");
    await Promise.all([writing, ended]);
    const recorded = wholeLog(file, told.checkpoints);
    told.assertKept(recorded);
    told.assertErased(recorded, [file, `${file}-wal`]);
    assertReceipts(file, recorded, told.receipts);
    await assertVerify(file);
  }
  assert(told.refused > 0, "nothing was refused");
  test.diagnostic(`${told.acknowledged} acknowledged, ${told.refused} refused, ${told.receipts.length} receipts`);
});
