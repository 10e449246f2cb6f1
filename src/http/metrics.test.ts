import assert from "node:assert/strict";
import { it } from "node:test";
import { makeMetrics } from "./metrics.ts";

it("the metrics have every kind of failure from the start, so that the first one is an increase", async () => {
  const metrics = makeMetrics(["full", "unknown-outcome"]);
  const printed = async () => [...(await metrics.print()).matchAll(/^saywhen_store_errors_total\{.*$/gm)].map(String);
  assert.deepEqual(await printed(), [
    'saywhen_store_errors_total{kind="full"} 0',
    'saywhen_store_errors_total{kind="unknown-outcome"} 0',
  ]);
  metrics.storeError("full");
  assert.equal((await printed())[0], 'saywhen_store_errors_total{kind="full"} 1');
});
