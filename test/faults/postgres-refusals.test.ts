import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { Client } from "pg";
import { carryOut } from "../support/commands.ts";
import { account } from "../support/postgres-binaries.ts";
import type { PostgresServer } from "../support/postgres-server.ts";
import { freePort } from "../support/processes.ts";
import { saywhen } from "../support/serving.ts";
import { customerPath, get, putCustomer } from "./acts.ts";
import { isUnknown, marked } from "./http-writers.ts";
import { Cluster, type ClusterNode, withinMs } from "./postgres-cluster.ts";
import { fill, onSmallDisk } from "./small-disk.ts";

const password = "p4ss-of-the-node";

/** A database whose owner is nobody special. */
async function ofPlainRole(server: PostgresServer, more = ""): Promise<string> {
  await server.query(`CREATE ROLE node LOGIN PASSWORD '${password}'`);
  await server.query(`CREATE DATABASE shared OWNER node ${more}`);
  const url = new URL(server.url("shared"));
  [url.username, url.password] = ["node", password];
  return url.href;
}

/** A URL that differs in some of its parts. */
function changed(url: string, parts: Partial<Pick<URL, "password" | "pathname" | "port">>): string {
  return Object.assign(new URL(url), parts).href;
}

async function metricOf({ send }: ClusterNode, kind: string): Promise<number> {
  const { body } = await send(get("/metrics"));
  return Number(new RegExp(`^saywhen_store_errors_total\\{kind="${kind}"\\} (\\d+)$`, "m").exec(body)?.[1] ?? 0);
}

/** New connections are refused: the node says so, and each time that somebody asks. */
async function assertRefused(cluster: Cluster, kind: string): Promise<void> {
  const [node] = cluster.nodes as [ClusterNode];
  for (let turn = 0; turn < 2; turn += 1) {
    const start = performance.now();
    const put = await node.send(putCustomer(1, "refused@example.com", marked(`refused-${kind}`)));
    cluster.told.answered(`refused-${kind}`, put);
    for (const answer of [put, await node.send(get(customerPath(1))), await node.send(get("/readyz"))]) {
      assert.equal(answer.status, 503, answer.body);
      assert.equal(answer.headers["retry-after"], "1");
      assert(!isUnknown(answer), "nothing was sent");
    }
    assert(performance.now() - start < withinMs);
  }
  assert((await metricOf(node, kind)) > 0, kind);
}

describe("on PostgreSQL, a start", () => {
  it("that cannot use the database ends with words that say why, and never with the password", async () => {
    await using cluster = await Cluster.start({ nodes: 0, prepare: ofPlainRole });
    const { database } = cluster;
    const nobody = String(await freePort());
    const faults: readonly (readonly [string, RegExp])[] = [
      [changed(database, { password: "wrong-p4ss" }), /refuses the user or the password/],
      [changed(database, { password: "" }), /no password was given/],
      [changed(database, { pathname: "/missing" }), /no such database/],
      [changed(database, { port: nobody }), /cannot be reached.*ECONNREFUSED/],
      [database.replace("127.0.0.1", "no-such-host.invalid"), /cannot be reached.*no-such-host\.invalid/],
      [`${database}?sslmode=require`, /cannot be reached.*SSL/],
    ];
    for (const [url, words] of faults) {
      const { exitCode, told, printed } = await carryOut(["serve"], {
        SAYWHEN_DATABASE: url,
        SAYWHEN_KEY: cluster.key,
      });
      assertWords(exitCode, printed + told, words);
    }
    const [url, words] = faults[0] as (typeof faults)[0];
    const env = { SAYWHEN_DATABASE: url, SAYWHEN_KEY: cluster.key };
    const { exitCode, stderr, stdout } = await saywhen(dirname(cluster.key), ["serve"], env);
    assertWords(exitCode, stdout + stderr, words);
  });

  it("takes its password from a password file, and warns of nothing", async () => {
    await using cluster = await Cluster.start({ nodes: 0, prepare: ofPlainRole });
    const folder = dirname(cluster.key);
    const env = {
      SAYWHEN_DATABASE: changed(cluster.database, { password: "" }),
      SAYWHEN_KEY: cluster.key,
      PGPASSFILE: join(folder, "passwords"),
    };
    writeFileSync(env.PGPASSFILE, `127.0.0.1:*:shared:node:${password}\n`, { mode: 0o600 });
    const { exitCode, stderr } = await saywhen(folder, ["migrate"], env);
    assert.deepEqual([exitCode, stderr], [0, ""]);
  });
});

function assertWords(exitCode: number | null, text: string, words: RegExp): void {
  assert.equal(exitCode, 1, text);
  assert.match(text, words);
  assert.match(text, /^The database postgres:\/\/[\w.-]+:\d+\/\w+ cannot be used: [^\n]+\.\n?$/);
  assert.doesNotMatch(text, /p4ss/);
}

describe("on PostgreSQL, a node that runs", () => {
  it("goes on with its connections when the password is changed, says when it needs another, and recovers", async () => {
    await using cluster = await Cluster.start({ nodes: 1, prepare: ofPlainRole });
    const [node] = cluster.nodes as [ClusterNode];
    await cluster.assertServes();
    await cluster.server.query("ALTER ROLE node PASSWORD 'another'");
    assert.equal((await node.send(putCustomer(1, "a@example.com"))).status, 200);
    node.proxy.cut();
    await assertRefused(cluster, "login");
    await cluster.server.query(`ALTER ROLE node PASSWORD '${password}'`);
    await cluster.assertServes();
    await cluster.assertWhole();
  });

  it("says when others have taken all connections, and recovers", async () => {
    await using cluster = await Cluster.start({ nodes: 1, prepare: ofPlainRole, settings: { max_connections: 12 } });
    const [node] = cluster.nodes as [ClusterNode];
    await cluster.assertServes();
    const others: Client[] = [];
    node.proxy.cut();
    for (;;) {
      const other = new Client({ connectionString: cluster.database });
      other.on("error", () => undefined);
      try {
        await other.connect();
        others.push(other);
      } catch {
        break;
      }
    }
    // What the node itself got meanwhile.
    await cluster.server.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'saywhen'",
    );
    for (let left = 12; left > 0; left -= 1) {
      const other = new Client({ connectionString: cluster.database });
      other.on("error", () => undefined);
      await other.connect().then(
        () => others.push(other),
        () => undefined,
      );
    }
    await assertRefused(cluster, "connections");
    await Promise.all(others.map((other) => other.end()));
    await cluster.assertServes();
    await cluster.assertWhole();
  });

  it("refuses writes while the database's disk is full, still reads, and takes them again when there is room", async (test) => {
    const isMounted = await onSmallDisk(async (disk) => {
      const tables = join(disk, "tables");
      mkdirSync(tables);
      const { uid, gid } = await account();
      if (uid !== undefined) spawnSync("chown", [`${uid}:${gid}`, disk, tables]);
      await using cluster = await Cluster.start({
        nodes: 2,
        prepare: async (server) => {
          await server.query(`CREATE TABLESPACE small LOCATION '${tables}'`);
          return ofPlainRole(server, "TABLESPACE small");
        },
      });
      await onFullDisk(cluster, disk);
    }, 40);
    if (!isMounted) test.skip("mounting a small file system takes root");
  });
});

async function onFullDisk(cluster: Cluster, disk: string): Promise<void> {
  const [node, other] = cluster.nodes as [ClusterNode, ClusterNode];
  assert.equal((await node.send(putCustomer(1, "before@example.com"))).status, 200);
  fill(join(disk, "filler"));
  for (let turn = 0; ; turn += 1) {
    const mark = `full-${turn}`;
    const answer = await node.send(putCustomer(turn, `${mark}${"x".repeat(50)}@example.com`, marked(mark)));
    cluster.told.answered(mark, answer);
    if (answer.status === 503) break;
    assert(turn < 5000, "the disk never became full");
  }
  assert((await metricOf(node, "full")) > 0);
  assert.match((await other.send(get(customerPath(1)))).body, /@example\.com/);
  await cluster.underLoad(async () => {
    rmSync(join(disk, "filler"));
    await cluster.assertServes();
  });
  await cluster.assertWhole();
}
