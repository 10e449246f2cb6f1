import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReceivedAnswer, SentRequest } from "../support/exchange.ts";
import { customerPath, get, putCustomer } from "./acts.ts";
import { isUnknown, marked } from "./http-writers.ts";
import { Cluster, type ClusterNode, withinMs } from "./postgres-cluster.ts";

/** How often connections are cut; `npm run faults` asks for more. */
const rounds = Number(process.env["FAULT_ROUNDS"] ?? 5);

/** Longer than any time limit of a node towards its database. */
const longMs = 7500;

/** Sends a request that cannot be done now, and asserts that this is said, in time. */
async function assertUnavailable({ send }: ClusterNode, request: SentRequest): Promise<ReceivedAnswer> {
  const start = performance.now();
  const answer = await send(request);
  const ms = performance.now() - start;
  assert.equal(answer.status, 503, `${request.method} ${request.target}: ${answer.body}`);
  assert.match(answer.headers["retry-after"] ?? "", /^\d+$/);
  assert(ms < withinMs, `${request.method} ${request.target} took ${ms} ms`);
  return answer;
}

/** What a node that cannot reach its database answers, whatever is asked of it. */
async function assertCutOff(node: ClusterNode, id: number): Promise<void> {
  const mark = `cut-off-${id}`;
  await Promise.all([
    assertUnavailable(node, putCustomer(id, `${mark}@example.com`, marked(mark))),
    assertUnavailable(node, get(customerPath(id))),
    assertUnavailable(node, get("/readyz")),
    assertUnavailable(node, get("/v1/log/checkpoint")),
    assertUnavailable(node, get("/v1/changes/0/receipt")),
    assertUnavailable(node, get(customerPath(id), { Authorization: "Bearer of-nobody-that-is-known-here" })),
    assertUnavailable(node, get("/api/2/users/nobody@example.com/emailpreferences")),
  ]);
}

/** One person's stops, each at any node, and each read at all others as soon as it was acknowledged (law 11). */
async function stopHolds({ nodes }: Cluster, customer: number, isOver: () => boolean): Promise<number> {
  let held = 0;
  for (let turn = 0; !isOver(); turn += 1) {
    const writer = nodes[Math.floor(Math.random() * nodes.length)];
    const address = `stop${customer}-${turn}@example.com`;
    const answer = await writer?.send(putCustomer(customer, address));
    if (answer?.status !== 200) continue;
    const reads = nodes.filter((node) => node !== writer).map(({ send }) => send(get(customerPath(customer))));
    for (const read of await Promise.all(reads)) {
      if (read.status === 503) continue;
      assert.match(read.body, new RegExp(`"${address}"`));
      held += 1;
    }
  }
  return held;
}

const slots = ["Service Notification", "Service Exception"].flatMap((category) =>
  ["BPHONE", "SPHONE"].flatMap((type) => ["Text", "Voice"].map((channel) => ({ category, channel, type }))),
);

/** All slots of one person at the same time, each through any node, again until it is acknowledged (law 12). */
async function fillSlots({ nodes }: Cluster, customer: number): Promise<void> {
  await Promise.all(
    slots.map(async ({ category, channel, type }, index) => {
      const selections = [{ value: String(2_125_550_100 + index), type, is_opt_in: "N" }];
      const body = JSON.stringify({ preferences: [{ category, channels: [{ name: channel, selections }] }] });
      for (let turn = index; ; turn += 1) {
        const { send } = nodes[turn % nodes.length] as ClusterNode;
        const { status } = await send({ ...putCustomer(customer, ""), body });
        if (status === 200) return;
        assert.equal(status, 503);
      }
    }),
  );
  for (const { send } of nodes) {
    const { body } = await send(get(customerPath(customer)));
    for (const index of slots.keys()) assert.match(body, new RegExp(String(2_125_550_100 + index)));
  }
}

describe("on PostgreSQL, with a network that fails", () => {
  it("connections that are cut cost nothing, and what one node acknowledged all others know at once", async (test) => {
    await using cluster = await Cluster.start({ nodes: 3 });
    let isOver = false;
    const stops = Array.from({ length: 4 }, (_, index) => stopHolds(cluster, 2000 + index, () => isOver));
    await cluster.underLoad(async () => {
      for (let round = 0; round < rounds; round += 1) {
        await sleep(100 + Math.random() * 200);
        const filled = fillSlots(cluster, 4000 + round);
        cluster.nodes[round % 3]?.proxy.cut();
        await filled;
      }
      for (const { proxy } of cluster.nodes) proxy.cut();
      await cluster.assertServes();
      isOver = true;
    });
    const held = (await Promise.all(stops)).reduce((sum, each) => sum + each);
    assert(held > 0);
    await cluster.assertWhole();
    const { acknowledged, refused, unknown, slowestMs } = cluster.told;
    test.diagnostic(JSON.stringify({ acknowledged, refused, unknown, slowestMs, held }));
  });

  it("a node that is cut off says so in time, holds up no other, and serves again when it is healed", async (test) => {
    await using cluster = await Cluster.start({ nodes: 4 });
    const [both, to, from, well] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode, ClusterNode];
    const servesAgainAfterMs = await cluster.underLoad(async () => {
      await cluster.acknowledged(40);
      both.proxy.hold("to", "from");
      to.proxy.hold("to");
      from.proxy.hold("from");
      const start = performance.now();
      await Promise.all([assertCutOff(both, 3000), assertCutOff(to, 3001), assertCutOff(from, 3002)]);
      await sleep(Math.max(0, longMs - (performance.now() - start)));
      await cluster.assertServes([well]);
      for (const { proxy } of cluster.nodes) proxy.heal();
      return cluster.assertServes();
    });
    await cluster.assertWhole();
    const { acknowledged, refused, unknown, slowestMs } = cluster.told;
    test.diagnostic(JSON.stringify({ acknowledged, refused, unknown, slowestMs, servesAgainAfterMs }));
  });

  it("a network that is slow is waited for, and one that is too slow is not", async () => {
    await using cluster = await Cluster.start({ nodes: 2 });
    const [node] = cluster.nodes as [ClusterNode];
    node.proxy.delayMs = 300;
    assert.equal((await node.send(putCustomer(1, "slow@example.com"))).status, 200);
    node.proxy.delayMs = 3000;
    const late = await assertUnavailable(node, putCustomer(1, "slower@example.com", marked("slower")));
    cluster.told.answered("slower", late);
    node.proxy.delayMs = 0;
    await cluster.assertServes();
    assert(!isUnknown(late), "nothing was sent but a question");
    await cluster.assertWhole();
  });

  it("a service that is stopped while its database is out of reach ends in time", async () => {
    await using cluster = await Cluster.start({ nodes: 1 });
    const node = await cluster.addNode();
    const put = putCustomer(1, "stop@example.com");
    assert.equal((await node.send(put)).status, 200);
    node.proxy.hold("to", "from");
    const left = Promise.allSettled([node.send(put), node.send(get(customerPath(1)))]);
    await sleep(50);
    const start = performance.now();
    await node.running.service.close();
    assert(performance.now() - start < withinMs, `${performance.now() - start} ms`);
    await left;
  });
});
