import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { overOneConnection, overSocket, type Transport } from "../support/exchange.ts";
import { type PostgresServer, type PostgresSettings, startPostgres } from "../support/postgres-server.ts";
import { type RunningService, startListening, temporaryFolder } from "../support/service.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { get, putCustomer } from "./acts.ts";
import { marked, Told, write } from "./http-writers.ts";
import {
  assertExtends,
  assertReceipts,
  assertRows,
  assertVerify,
  type Identity,
  type Keys,
  keysOfAll,
  type Recorded,
  type Row,
  type StoredHead,
} from "./whole-log.ts";

/** Within what time (ms) every request is answered, and everything is well again after a fault. */
export const withinMs = 10_000;

/** A node, and the network between it and the database. */
export interface ClusterNode {
  readonly running: RunningService;
  readonly url: string;
  readonly proxy: TcpProxy;
  readonly send: Transport;
}

/** How many nodes there are, and how their server is set. */
export interface ClusterOptions {
  readonly nodes?: number;
  readonly settings?: PostgresSettings;
  /** Makes the database, and answers with its URL, as the nodes use it. */
  readonly prepare?: (server: PostgresServer) => Promise<string>;
}

/** A PostgreSQL of its own, nodes that share a database of it, and all that their clients were told. */
export class Cluster implements AsyncDisposable {
  readonly server: PostgresServer;
  /** Of the database, past every proxy. */
  readonly database: string;
  readonly key: string;
  readonly nodes: ClusterNode[] = [];
  readonly told = new Told();
  readonly #ending: AsyncDisposableStack;
  #loads = 0;

  private constructor(server: PostgresServer, database: string, key: string, ending: AsyncDisposableStack) {
    this.server = server;
    this.database = database;
    this.key = key;
    this.#ending = ending;
  }

  static async start({ nodes = 2, settings, prepare }: ClusterOptions = {}): Promise<Cluster> {
    await using ending = new AsyncDisposableStack();
    const folder = ending.use(temporaryFolder());
    const server = ending.use(await startPostgres(settings === undefined ? {} : { settings }));
    const database = await (prepare?.(server) ?? server.createDatabase());
    const cluster = new Cluster(server, database, join(folder.path, "key"), ending.move());
    for (let index = 0; index < nodes; index += 1) await cluster.addNode();
    return cluster;
  }

  /** One node more, behind a proxy of its own. */
  async addNode(database = this.database): Promise<ClusterNode> {
    const proxy = this.#ending.use(await TcpProxy.before(Number(new URL(database).port)));
    const running = this.#ending.use(await startListening({ database: proxy.url(database), key: this.key }));
    const node = { running, url: running.url, proxy, send: overSocket(running.url) };
    this.nodes.push(node);
    return node;
  }

  /** Does something while writers are at work at every node; all that they were told is noted. */
  async underLoad<Value>(work: () => Promise<Value>, urls = this.nodes.map(({ url }) => url)): Promise<Value> {
    let isOver = false;
    this.#loads += 1;
    const writing = urls.map((url, index) => write(url, 8, `${this.#loads}-${index}`, this.told, () => isOver));
    try {
      return await work();
    } finally {
      isOver = true;
      await Promise.all(writing);
    }
  }

  /** Resolves when that many more changes were acknowledged. */
  async acknowledged(more: number): Promise<void> {
    const enough = this.told.acknowledged + more;
    while (this.told.acknowledged < enough) await sleep(5);
  }

  /** Asserts that every node is ready, takes changes and signs the log again, in time. */
  async assertServes(nodes: readonly ClusterNode[] = this.nodes): Promise<number> {
    const start = performance.now();
    await Promise.all(nodes.map((node, index) => this.#serves(node, start + withinMs, `serves-${start}-${index}`)));
    return performance.now() - start;
  }

  /** Asserts that the log is whole: with all that was acknowledged, once, and as it was signed for. */
  async assertWhole(database = this.database): Promise<Recorded[]> {
    const { recorded, keys } = await readPostgresLog(database);
    const kept = `${this.key}.checkpoint`;
    const notes = existsSync(kept) ? [readFileSync(kept, "utf8")] : [];
    assertExtends(keys, recorded, [...this.told.checkpoints, ...notes]);
    this.told.assertKept(recorded);
    assertReceipts(keys, recorded, this.told.receipts);
    assertBooked(recorded, `${this.key}.erased`);
    await assertVerify(database, 0, { SAYWHEN_KEY: this.key });
    assert(this.told.slowestMs < withinMs, `an answer took ${this.told.slowestMs} ms`);
    return recorded;
  }

  /** Waits for nothing that is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { proxy } of this.nodes) proxy.heal();
    await this.#ending.disposeAsync();
  }

  async #serves({ url, send }: ClusterNode, end: number, mark: string): Promise<void> {
    await using sendOn = overOneConnection(url);
    for (let turn = 0; ; turn += 1) {
      const name = `${mark}-${turn}`;
      const put = await sendOn(putCustomer(1000, `${name}@example.com`, marked(name)));
      this.told.answered(name, put);
      const receipt = await send(get(`/v1/changes/${put.headers["saywhen-change"] ?? 0}/receipt`));
      const ready = await send(get("/readyz"));
      const statuses = [put, receipt, ready].map(({ status }) => status);
      if (statuses.every((status) => status === 200)) {
        this.told.receipts.push(receipt.body);
        return;
      }
      assert(performance.now() < end, `${url} still answers ${statuses.join()}: ${put.body} ${receipt.body}`);
      await sleep(50);
    }
  }
}

/** Reads a log from its database, past the program, and asserts all that must be true of it at any moment. */
export async function readPostgresLog(url: string): Promise<{ readonly recorded: Recorded[]; readonly keys: Keys }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const rows = await client.query<Record<string, unknown>>(
      "SELECT position, at, stream, previous, kind, salt, commitment, body FROM saywhen.change ORDER BY position",
    );
    const heads = await client.query<Record<string, unknown>>("SELECT id, head FROM saywhen.stream");
    const identities = await client.query<Identity & object>("SELECT origin, public_key FROM saywhen.log");
    const recorded = assertRows(
      rows.rows.map(withNumbers) as unknown as Row[],
      heads.rows.map(withNumbers) as unknown as StoredHead[],
    );
    return { recorded, keys: keysOfAll(identities.rows) };
  } finally {
    await client.end();
  }
}

/** The driver gives numbers of eight bytes as texts. */
function withNumbers(row: Record<string, unknown>): Record<string, unknown> {
  const numbers = ["position", "at", "stream", "previous", "id", "head"];
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      numbers.includes(name) && typeof value === "string" ? Number(value) : value,
    ]),
  );
}

/** Asserts that every erasure of the log stands in the book: in the book alone, one that came to nothing may stand. */
function assertBooked(recorded: readonly Recorded[], file: string): void {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const booked = new Set(lines.map((line) => line.split(" ").slice(0, 2).join(" ")));
  for (const { kind, position, said } of recorded) {
    if (kind !== "erasure") continue;
    assert(booked.has(`${position} ${said?.at}`), `the erasure at position ${position} is not in the book`);
  }
}
