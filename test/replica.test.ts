import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../src/domain/limits.ts";
import { carryOut } from "./support/commands.ts";
import { inProcess, type ReceivedAnswer, type Transport } from "./support/exchange.ts";
import { type PostgresServer, startPostgres } from "./support/postgres-server.ts";
import { adminToken, startInProcess, temporaryFolder } from "./support/service.ts";
import { startStandby } from "./support/standby.ts";

const ending = new AsyncDisposableStack();
let primary: PostgresServer;
let standby: PostgresServer;
let database = "";
let replica = "";
let settings: Record<string, string> = {};
let key = "";
/** The service with the replica, and without. */
let withReplica: Transport;
let without: Transport;

before(async () => {
  key = join(ending.use(temporaryFolder()).path, "say.key");
  primary = ending.use(await startPostgres());
  database = await primary.createDatabase("words");
  standby = ending.use(await startStandby(primary, { log_statement: "all" }));
  replica = standby.url("words");
  settings = { SAYWHEN_DATABASE: database, SAYWHEN_DATABASE_READ: replica, SAYWHEN_KEY: key };
  const one = ending.use(await startInProcess({ database, key }));
  const other = ending.use(await startInProcess({ database, key, env: settings }));
  [without, withReplica] = [inProcess(one.service.server), inProcess(other.service.server)];
});
after(() => ending.disposeAsync());

const headers = [
  ["Authorization", `Bearer ${adminToken}`],
  ["Content-Type", "application/json"],
  ["ClientId", "admin"],
  ["Request-Tracking-Id", "replica"],
] as const;

function get(send: Transport, target: string): Promise<ReceivedAnswer> {
  return send({ method: "GET", target, headers });
}

async function seen(send: Transport, target: string): Promise<string> {
  const answer = await get(send, target);
  assert.equal(answer.status, 200, `${target}: ${answer.body}`);
  return answer.body;
}

async function put(send: Transport, id: number, value: string): Promise<number> {
  const selections = [{ value, type: "BEMAIL", is_opt_in: "Y" }];
  const preferences = [{ category: "Service Notification", channels: [{ name: "Email", selections }] }];
  const body = JSON.stringify({ preferences });
  const answer = await send({
    method: "PUT",
    target: `/v1/customers/${customer(id)}/communication-preferences`,
    headers,
    body,
  });
  assert.equal(answer.status, 200, answer.body);
  return Number(answer.headers["saywhen-change"]);
}

function customer(id: number): string {
  return String(100_000_000 + id);
}

function subject(id: number): string {
  return `/v1/subjects/customer/${customer(id)}`;
}

/** How many statements the replica was sent for something: all but looks at how far it is. */
function readsOfReplica(): number {
  return readFileSync(standby.logFile, "utf8").split("BEGIN ISOLATION LEVEL REPEATABLE READ").length - 1;
}

/** Does something, and answers how many reads the replica was asked for meanwhile. */
async function readsIn(work: () => Promise<unknown>): Promise<number> {
  const before = readsOfReplica();
  await work();
  return readsOfReplica() - before;
}

/** Resolves once the replica is read again. */
async function takenUp(): Promise<void> {
  for (let left = 100; (await readsIn(() => seen(withReplica, `${subject(0)}/changes`))) < 2; left -= 1) {
    assert(left > 0, "the replica was not taken up again");
    await delay(50);
  }
}

function figure(text: string, name: string): number {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.split(" ")[1]);
}

describe("a replica of PostgreSQL", { timeout: 60_000 }, () => {
  before(async () => {
    await Promise.all(Array.from({ length: 300 }, (_, id) => put(without, id, `first-${id}@example.com`)));
    for (const round of [1, 2, 3]) await put(without, 0, `round-${round}@example.com`);
    await seen(without, "/v1/log/checkpoint");
    await seen(withReplica, "/v1/log/checkpoint");
  });

  it("answers histories, the past, exports and tiles byte for byte as the primary does", async () => {
    const { next } = JSON.parse(await seen(without, `${subject(0)}/changes?limit=2`)) as { next: string };
    const targets = [
      `${subject(0)}/changes`,
      `${subject(0)}/changes?limit=2`,
      `${subject(0)}/changes?limit=2&cursor=${next}`,
      `${subject(0)}/preferences?at=${encodeURIComponent(new Date().toISOString())}`,
      `${subject(7)}/preferences?at=2020-01-01T00:00:00Z`,
      `${subject(999)}/changes`,
      "/v1/log/tile/0/000",
      "/v1/log/tile/0/001.p/20",
      "/v1/log/tile/1/000.p/1",
      "/v1/log/tile/entries/000",
      "/v1/log/tile/entries/001.p/20",
    ];
    for (const target of targets) {
      const expected = await get(without, target);
      let answer: ReceivedAnswer | undefined;
      const reads = await readsIn(async () => (answer = await get(withReplica, target)));
      assert.deepEqual([answer?.status, answer?.body], [expected.status, expected.body], target);
      const isInMemory = target.includes(".p/") && !target.includes("entries");
      assert.equal(reads > 0, !isInMemory, `${target}: ${reads} reads`);
    }
    const timeless = (body: string) => body.replace(/"exportedAt":"[^"]+"/, "");
    const reads = await readsIn(async () => {
      const [one, other] = [
        await seen(without, `${subject(0)}/export`),
        await seen(withReplica, `${subject(0)}/export`),
      ];
      assert.equal(timeless(other), timeless(one));
    });
    assert(reads > 4);
  });

  it("is not asked for what counts now, for changes, receipts and the directory", async () => {
    const position = await put(withReplica, 1, "now@example.com");
    const targets = [
      `/v1/customers/${customer(1)}/communication-preferences`,
      `${subject(1)}/preferences`,
      `/v1/changes/${position}`,
      `/v1/changes/${position}/receipt`,
      "/v1/log/checkpoint",
      "/v1/catalogue",
      "/readyz",
    ];
    for (const target of targets) {
      assert.equal(await readsIn(() => seen(withReplica, target)), 0, target);
    }
  });

  it("answers nothing that is older than what any node has acknowledged, while it follows under load", async () => {
    let isOver = false;
    const noise = (async () => {
      for (let id = 10; !isOver; id = (id % 200) + 10) await put(without, id, `noise-${id}@example.com`);
    })();
    const reads = await readsIn(async () => {
      for (let round = 0; round < 12; round += 1) {
        const position = await put(round % 2 === 0 ? without : withReplica, 2, `round-${round}@example.com`);
        const history = await seen(withReplica, `${subject(2)}/changes?limit=1`);
        assert.equal((JSON.parse(history) as { changes: { position: number }[] }).changes[0]?.position, position);
        assert.match(await seen(withReplica, `${subject(2)}/export`), new RegExp(`round-${round}@example`));
      }
    });
    isOver = true;
    await noise;
    assert(reads > 40, `${reads} reads were answered by the replica`);
  });

  it("that lags is waited for no longer than a moment, and answers nothing that was erased", async () => {
    await standby.query("SELECT pg_wal_replay_pause()");
    await put(without, 3, "late@example.com");
    const start = performance.now();
    assert.match(await seen(withReplica, `${subject(3)}/changes`), /late@example/);
    const tookMs = performance.now() - start;
    assert(tookMs < limits.replicaWaitMs * 2, `it took ${tookMs} ms`);
    assert.equal((await without({ method: "DELETE", target: subject(4), headers })).status, 200);
    for (const path of ["changes", "export"]) {
      assert.equal((await get(withReplica, `${subject(4)}/${path}`)).status, 404);
    }
    const at = new Date().toISOString();
    assert.doesNotMatch(await seen(withReplica, `${subject(4)}/preferences?at=${at}`), /first-4@/);
    const metrics = await seen(withReplica, "/metrics");
    assert.equal(figure(metrics, "saywhen_replica_behind_changes"), 2);
    assert(figure(metrics, 'saywhen_replica_reads_total{by="primary"}') > 0);
    assert.equal(figure(metrics, 'saywhen_store_errors_total{kind="replica"}'), 1);
    const rows = await standby.query(
      "SELECT count(*)::int AS lines FROM saywhen.change WHERE body LIKE '%first-4@%'",
      "words",
    );
    assert.deepEqual(rows, [{ lines: 1 }], "the replica still has it");
  });

  it("that lags is not read by commands either, which say so", async () => {
    const history = await carryOut(["history", `customer:${customer(3)}`], settings);
    assert.match(history.printed, /late@example/);
    assert.match(history.told, /^The primary is read, and not the replica: it is 2 changes behind\.$/);
    await standby.query("SELECT pg_wal_replay_resume()");
    const resumed = await carryOut(["history", `customer:${customer(3)}`], settings);
    assert.deepEqual([resumed.printed, resumed.told], [history.printed, readWords]);
    for (const words of [
      ["verify"],
      ["export", `customer:${customer(3)}`],
      ["show", `customer:${customer(3)}`, "--at", "2036-01-01T00:00:00Z"],
    ]) {
      let carried: Awaited<ReturnType<typeof carryOut>> | undefined;
      assert((await readsIn(async () => (carried = await carryOut(words, settings)))) > 0, words.join(" "));
      assert.deepEqual([carried?.exitCode, carried?.told], [0, readWords], words.join(" "));
    }
    const now = await carryOut(["show", `customer:${customer(3)}`], settings);
    assert.deepEqual([now.exitCode, now.told], [0, ""]);
  });

  it("that is killed fails no request, and is read again once it is back", async () => {
    await takenUp();
    let isOver = false;
    const readers = Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let id = 5; !isOver; id = (id % 200) + 5) {
          await seen(withReplica, `${subject(id)}/changes`);
          await seen(withReplica, "/v1/log/tile/entries/000");
        }
      }),
    );
    await delay(200);
    await standby.kill();
    await delay(300);
    assert.equal(figure(await seen(withReplica, "/metrics"), "saywhen_replica_behind_changes"), Number.NaN);
    await standby.restart();
    await takenUp();
    isOver = true;
    await readers;
    const body = await seen(withReplica, "/metrics");
    assert.equal(figure(body, "saywhen_replica_behind_changes"), 0);
  });

  it("that is away does not keep the service from starting", async () => {
    await standby.stop();
    await using started = await startInProcess({ database, key, env: settings });
    await seen(inProcess(started.service.server), `${subject(5)}/changes`);
    await standby.restart();
  });

  it("that went another way after a failover is not read, though it has as many changes", async () => {
    await takenUp();
    await standby.query("SELECT pg_promote()");
    copyFileSync(key, `${key}-forked`);
    const forked = await startInProcess({ database: replica, key: `${key}-forked` });
    for (const id of [7, 8, 9]) await put(inProcess(forked.service.server), id, "forked@example.com");
    await forked.service.close();
    const { told } = await carryOut(["history", `customer:${customer(7)}`], settings);
    assert.equal(told, "The primary is read, and not the replica: it is no standby.");
    assert.doesNotMatch(await seen(withReplica, `${subject(7)}/export`), /forked@example/);
    writeFileSync(join(standby.folder, "standby.signal"), "");
    await standby.restart();
    await put(without, 7, "primary@example.com");
    const body = await seen(withReplica, `${subject(7)}/export`);
    assert.match(body, /primary@example/);
    assert.doesNotMatch(body, /forked@example/);
    const metrics = await seen(withReplica, "/metrics");
    assert.equal(figure(metrics, "saywhen_replica_behind_changes"), 0, "by number, it would do");
    const left = await carryOut(["history", `customer:${customer(7)}`], settings);
    assert.equal(left.told, "The primary is read, and not the replica: it holds another log than the primary.");
  });
});

const readWords = "Read from the replica, which is no change behind the primary.";
