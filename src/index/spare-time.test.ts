import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { watchSpareTime } from "./spare-time.ts";

it("a thread has time to spare when it waits, and none when it works", async () => {
  const hasTime = watchSpareTime();
  await delay(50);
  assert.equal(hasTime(), true);
  for (const end = performance.now() + 50; performance.now() < end; );
  assert.equal(hasTime(), false);
  await delay(50);
  assert.equal(hasTime(), true);
});
