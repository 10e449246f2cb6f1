import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { carryOut } from "../support/commands.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { get, putCustomer } from "./acts.ts";
import { isUnknown, marked } from "./http-writers.ts";
import { Cluster, type ClusterNode, readPostgresLog } from "./postgres-cluster.ts";
import { assertVerify, markOf } from "./whole-log.ts";

const standbyName = "standby";

/** A copy of the server's folder, made while it runs: whole together with the WAL that was written meanwhile. */
async function copyRunning(server: PostgresServer, folder: string): Promise<void> {
  const client = new Client({ connectionString: server.url() });
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('standby', true)");
    // A file that goes while it is copied is missed by cp, and by nobody else.
    spawnSync("cp", ["-R", server.folder, folder]);
    const { rows } = await client.query<{ labelfile: string }>("SELECT labelfile FROM pg_backup_stop(false)");
    writeFileSync(join(folder, "backup_label"), rows[0]?.labelfile ?? "");
    rmSync(join(folder, "postmaster.pid"), { force: true });
  } finally {
    await client.end();
  }
}

/**
 * A standby of the cluster's server, that follows it.
 *
 * @param port where it finds the primary
 */
async function startStandby(test: TestContext, { server }: Cluster, port: number): Promise<PostgresServer> {
  const folder = `${server.folder}-standby`;
  await copyRunning(server, folder);
  writeFileSync(join(folder, "standby.signal"), "");
  const { username, password } = new URL(server.url());
  const primary_conninfo = `host=127.0.0.1 port=${port} user=${username} password=${password} application_name=${standbyName}`;
  const standby = await startPostgres({ folder, settings: { primary_conninfo } });
  test.after(() => standby[Symbol.asyncDispose]());
  return standby;
}

/** Waits until the standby receives what the primary writes. */
async function followed({ server }: Cluster): Promise<void> {
  for (let left = 500; left > 0; left -= 1) {
    const [row] = await server.query(
      "SELECT count(*)::int AS streaming FROM pg_stat_replication WHERE state = 'streaming'",
    );
    if (row?.["streaming"] === 1) return;
    await sleep(20);
  }
  throw new Error("the standby does not follow");
}

/** The primary is gone; the standby takes its place, and its name. */
async function failOver(cluster: Cluster, standby: PostgresServer): Promise<string> {
  await cluster.server.kill();
  await standby.query("SELECT pg_promote()");
  for (const { proxy } of cluster.nodes) {
    proxy.target = standby.port;
    proxy.cut();
  }
  return standby.url(new URL(cluster.database).pathname.slice(1));
}

/** Calls off, as an administrator may, what waits for the standby. */
async function callOff(server: PostgresServer): Promise<void> {
  for (let left = 200; left > 0; left -= 1) {
    const rows = await server.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    if (rows.length > 0) return;
    await sleep(10);
  }
  throw new Error("nothing waited for the standby");
}

/** Under which name a checkpoint was signed. */
function originOf(note: string): string {
  return note.slice(0, note.indexOf("\n"));
}

it("with a synchronous standby, a promotion loses nothing, and no write succeeds that it does not have", async (test) => {
  const cluster = await Cluster.start({ nodes: 2 });
  test.after(() => cluster[Symbol.asyncDispose]());
  const standby = await startStandby(test, cluster, cluster.server.port);
  await followed(cluster);
  cluster.server.configure({ synchronous_standby_names: standbyName });
  await cluster.server.query("SELECT pg_reload_conf()");
  const [node] = cluster.nodes as [ClusterNode, ClusterNode];
  await cluster.assertServes();

  await standby.stop();
  const waits = node.send(putCustomer(1, "alone@example.com", marked("alone")));
  await callOff(cluster.server);
  assert(isUnknown(await waits), (await waits).body);
  await standby.restart();
  await followed(cluster);

  const database = await cluster.underLoad(async () => {
    await cluster.acknowledged(40);
    const promoted = await failOver(cluster, standby);
    await cluster.assertServes();
    return promoted;
  });
  const recorded = await cluster.assertWhole(database);
  assert(recorded.filter((change) => markOf(change) === "alone").length <= 1);
});

it("with an asynchronous standby that lags, a promotion loses changes, which is noticed: nothing forks", async (test) => {
  const cluster = await Cluster.start({ nodes: 2 });
  test.after(() => cluster[Symbol.asyncDispose]());
  const proxy = await TcpProxy.before(cluster.server.port);
  test.after(() => proxy[Symbol.asyncDispose]());
  const standby = await startStandby(test, cluster, proxy.port);
  await followed(cluster);
  await cluster.underLoad(() => cluster.acknowledged(40));
  proxy.hold("from");
  await cluster.assertServes();
  await cluster.underLoad(() => cluster.acknowledged(20));
  await cluster.assertServes();

  const database = await failOver(cluster, standby);
  const lost = cluster.told.acknowledged - (await readPostgresLog(database)).recorded.length;
  assert(lost > 0, "nothing was lost, so that nothing can be noticed");
  for (const { send } of cluster.nodes) {
    const signed = await send(get("/v1/log/checkpoint"));
    assert.equal(signed.status, 503);
    assert.match(signed.body, /does not extend what was signed before/);
    assert.match((await send(get("/metrics"))).body, /^saywhen_log_signing 0$/m);
    assert.equal((await send(putCustomer(1, "after@example.com"))).status, 200);
  }

  const env = { SAYWHEN_DATABASE: database, SAYWHEN_KEY: cluster.key };
  const refused = await carryOut(["log", "continue"], env);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.told, /served by/);
  for (const { running } of cluster.nodes) await running.service.close();
  const continued = await carryOut(["log", "continue"], env);
  assert.equal(continued.exitCode, 0, continued.told);
  const again = await cluster.addNode(database);
  assert.match((await again.send(get("/metrics"))).body, /^saywhen_log_signing 1$/m);
  assert.notEqual(
    originOf((await again.send(get("/v1/log/checkpoint"))).body),
    originOf(String(cluster.told.checkpoints[0])),
  );
  await assertVerify(database, 0, { SAYWHEN_KEY: cluster.key });
});
