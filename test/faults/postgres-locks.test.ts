import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client } from "pg";
import type { ReceivedAnswer, SentRequest } from "../support/exchange.ts";
import { customerPath, get, putCustomer, putOrganisation } from "./acts.ts";
import { isUnknown, marked } from "./http-writers.ts";
import { Cluster, type ClusterNode, withinMs } from "./postgres-cluster.ts";

/** Somebody else's transaction, for as long as `work` runs. */
async function holding(url: string, sql: string, work: () => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`BEGIN; ${sql}`);
    await work();
  } finally {
    await client.end();
  }
}

async function assertUnavailable(node: ClusterNode, request: SentRequest): Promise<ReceivedAnswer> {
  const start = performance.now();
  const answer = await node.send(request);
  assert.equal(answer.status, 503, answer.body);
  assert.match(answer.headers["retry-after"] ?? "", /^\d+$/);
  assert(performance.now() - start < withinMs, `${performance.now() - start} ms`);
  return answer;
}

async function assertReads(node: ClusterNode, ...targets: readonly string[]): Promise<void> {
  const answers = await Promise.all(targets.map((target) => node.send(get(target))));
  assert.deepEqual(
    answers.map(({ status }) => status),
    targets.map(() => 200),
  );
}

describe("on PostgreSQL, while somebody holds", () => {
  it("the log's head or a table, writes are refused in time, other reads go on, and then all is well again", async () => {
    await using cluster = await Cluster.start({ nodes: 2 });
    const [node, other] = cluster.nodes as [ClusterNode, ClusterNode];
    assert.equal((await node.send(putCustomer(1, "before@example.com"))).status, 200);
    const refused = [putCustomer(1, "held@example.com", marked("held")), putOrganisation(1, "Daily", marked("held2"))];
    const assertWrites = async (marks: readonly string[] = ["held", "held2"]): Promise<ReceivedAnswer[]> => {
      const answers = await Promise.all(refused.map((request) => assertUnavailable(node, request)));
      for (const [index, mark] of marks.entries()) cluster.told.answered(mark, answers[index] as ReceivedAnswer);
      return answers;
    };
    await holding(cluster.database, "SELECT FROM saywhen.log_head FOR UPDATE", async () => {
      const [answers] = await Promise.all([
        assertWrites(),
        assertReads(other, customerPath(1), "/v1/preferences/categories"),
      ]);
      assert(!answers.some(isUnknown), "PostgreSQL itself called it off");
      await assertReads(node, customerPath(1), "/readyz");
    });
    await cluster.assertServes();
    await holding(cluster.database, "LOCK TABLE saywhen.change IN ACCESS EXCLUSIVE MODE", async () => {
      await Promise.all([
        assertWrites(),
        assertUnavailable(other, get(customerPath(1))),
        assertUnavailable(other, get("/readyz")),
        assertReads(other, "/livez", "/metrics"),
      ]);
    });
    await cluster.assertServes();
    await holding(cluster.database, "LOCK TABLE saywhen.address IN ACCESS EXCLUSIVE MODE", async () => {
      const answers = await Promise.all([
        assertUnavailable(node, refused[0] as SentRequest),
        assertReads(other, customerPath(1)),
      ]);
      cluster.told.answered("held", answers[0]);
    });
    await cluster.assertServes();
    await cluster.assertWhole();
  });
});
