import assert from "node:assert/strict";
import { dirname } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { adminToken } from "../support/service.ts";
import { serve } from "../support/serving.ts";
import { Cluster } from "./postgres-cluster.ts";

/** How often something is killed; `npm run faults` asks for more. */
const rounds = Number(process.env["FAULT_ROUNDS"] ?? 2);

describe("on PostgreSQL, after a kill -9 under load", () => {
  it("of the server, nothing is lost, and the nodes go on by themselves", async (test) => {
    await using cluster = await Cluster.start();
    let slowest = 0;
    for (let round = 0; round < rounds; round += 1) {
      await cluster.underLoad(async () => {
        await cluster.acknowledged(40);
        await cluster.server.kill();
        await sleep(Math.random() * 300);
        await cluster.server.restart();
        slowest = Math.max(slowest, await cluster.assertServes());
        await cluster.acknowledged(10);
      });
      await cluster.assertWhole();
    }
    const { acknowledged, refused, unknown, slowestMs } = cluster.told;
    test.diagnostic(JSON.stringify({ acknowledged, refused, unknown, slowestMs, servesAgainAfterMs: slowest }));
  });

  it("of a node, nothing is lost, and the other nodes go on meanwhile", async () => {
    await using cluster = await Cluster.start({ nodes: 1 });
    const env = { SAYWHEN_ADMIN_TOKEN: adminToken, SAYWHEN_DATABASE: cluster.database, SAYWHEN_KEY: cluster.key };
    const [node] = cluster.nodes;
    assert(node !== undefined);
    for (let round = 0; round < rounds; round += 1) {
      const { child, url, ended, written } = serve(dirname(cluster.key), env);
      const urls = [await url, node.url];
      await cluster.underLoad(async () => {
        await cluster.acknowledged(40);
        child.kill("SIGKILL");
        await cluster.acknowledged(20);
        await cluster.assertServes();
      }, urls);
      await ended;
      assert.doesNotMatch(written().stderr, /warning|postgres:\/\//i);
    }
    await cluster.assertWhole();
  });
});
