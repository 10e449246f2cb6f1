import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { customersError, organisationsError, problemDetails } from "../support/errors.ts";
import type { ReceivedAnswer, SentRequest } from "../support/exchange.ts";
import type { Fate } from "../support/tcp-proxy.ts";
import { customerPath, erase, get, putCustomer, putOrganisation } from "./acts.ts";
import { isUnknown, marked } from "./http-writers.ts";
import { Cluster, type ClusterNode, withinMs } from "./postgres-cluster.ts";
import { markOf, type Recorded } from "./whole-log.ts";

interface Started {
  readonly cluster: Cluster;
  readonly node: ClusterNode;
}

async function start(test: TestContext): Promise<Started> {
  const cluster = await Cluster.start({ nodes: 2 });
  test.after(() => cluster[Symbol.asyncDispose]());
  const [node] = cluster.nodes as [ClusterNode, ClusterNode];
  assert.equal((await node.send(putCustomer(1, "before@example.com", marked("before")))).status, 200);
  return { cluster, node };
}

/** What the appending statement, and the end of a transaction that appends, look like on the wire. */
const append = "SELECT saywhen.append(";
const commit = "COMMIT\0";

/** Sends a request; the first piece on the way to the database that has this text in it meets its fate. */
async function sendAndFail({ node }: Started, request: SentRequest, text: string, fate: Fate) {
  let hasMet = false;
  node.proxy.judge = (sent) => {
    if (hasMet || !sent.includes(text)) return "pass";
    hasMet = true;
    return fate;
  };
  const startMs = performance.now();
  const answer = await node.send(request);
  const ms = performance.now() - startMs;
  assert(hasMet && ms < withinMs, `${ms} ms`);
  return answer;
}

/** Where the change with this mark stands; undefined when it is not there. */
function placeOf(recorded: readonly Recorded[], mark: string): number | undefined {
  return recorded.find((change) => markOf(change) === mark)?.position;
}

function assertSaysUnknown(answer: ReceivedAnswer): void {
  assert(isUnknown(answer), `${answer.status} ${answer.body}`);
  assert.match(answer.headers["retry-after"] ?? "", /^\d+$/);
  assert.equal(answer.headers["saywhen-change"], undefined);
}

describe("on PostgreSQL, a connection that is lost during an append", () => {
  for (const fate of ["cut-behind", "mute"] as const) {
    it(`is found to have been recorded, at its place (${fate})`, async (test) => {
      const started = await start(test);
      const { cluster } = started;
      const answer = await sendAndFail(started, putCustomer(2, "found@example.com", marked("found")), append, fate);
      assert.equal(answer.status, 200, answer.body);
      cluster.told.answered("found", answer);
      const recorded = await cluster.assertWhole();
      assert(placeOf(recorded, "found") !== undefined);
    });
  }

  it("is found where the log's head was locked meanwhile, for an erasure as well", async (test) => {
    const started = await start(test);
    const answer = await sendAndFail(started, erase("customer/1"), commit, "cut-behind");
    assert.equal(answer.status, 200, answer.body);
    const recorded = await started.cluster.assertWhole();
    assert.equal(recorded[Number(answer.headers["saywhen-change"])]?.kind, "erasure");
  });

  it("is said to be unknown, in each contract's words, where nothing is found; to send it again does no harm", async (test) => {
    const started = await start(test);
    const { cluster, node } = started;
    const requests = [
      putCustomer(2, "lost@example.com", marked("lost-customer")),
      putOrganisation(2, "Daily", marked("lost-organisation")),
    ] as const;
    const answers = [
      await sendAndFail(started, requests[0], append, "cut"),
      await sendAndFail(started, requests[1], commit, "cut"),
      await sendAndFail(started, erase("customer/1"), commit, "cut"),
    ] as const;
    answers.forEach(assertSaysUnknown);
    assert.match(customersError(answers[0], 503).join(), /not known/);
    assert.match(organisationsError(answers[1], 503), /not known/);
    problemDetails(answers[2], 503);
    const recorded = await cluster.assertWhole();
    assert.equal(placeOf(recorded, "lost-customer"), undefined);
    for (const request of [...requests, erase("customer/1")]) assert.equal((await node.send(request)).status, 200);
    await cluster.assertWhole();
  });

  it("may be recorded after its sender was told that nobody knows: whole, and to send it again does no harm", async (test) => {
    const started = await start(test);
    const { cluster, node } = started;
    const request = putCustomer(2, "late@example.com", marked("late"));
    const { proxy } = node;
    let hasMet = false;
    proxy.judge = (sent) => {
      if (!hasMet && sent.includes(append)) {
        hasMet = true;
        proxy.hold("to");
      }
      return "pass";
    };
    assertSaysUnknown(await node.send(request));
    proxy.heal();
    const other = cluster.nodes[1] as ClusterNode;
    for (let turn = 0; !(await other.send(get(customerPath(2)))).body.includes("late@example.com"); turn += 1) {
      assert(turn < 100, "what arrived late was not recorded");
      await sleep(20);
    }
    assert(placeOf(await cluster.assertWhole(), "late") !== undefined);
    await cluster.assertServes();
    assert.equal((await node.send(putCustomer(2, "late@example.com", marked("again")))).status, 200);
    await cluster.assertWhole();
  });
});
