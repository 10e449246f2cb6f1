import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, escapeIdentifier } from "pg";
import {
  type Account,
  account,
  accountFolder,
  adopt,
  copyData,
  passwordFile,
  plain,
  prepare,
  superuser,
} from "./postgres-binaries.ts";
import { type Guard, guard } from "./process-guard.ts";
import { freePort, killFamily } from "./processes.ts";

/** Settings of postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string | number | boolean>>;

/** What a server is started with. */
export interface PostgresOptions {
  /** Beside, or instead of, those of every server here. */
  readonly settings?: PostgresSettings;
  /** A free one unless given. */
  readonly port?: number;
  /**
   * A data folder that is there already, such as a copy of another server's; it stays when the server goes. Its user
   * has to get there: beside the other server's folder it does.
   */
  readonly folder?: string;
}

/** Small, and as careful as in production: what was acknowledged is on the disk. */
const settingsOfAll: PostgresSettings = {
  shared_buffers: "64MB",
  max_connections: 100,
  // In the data folder, so that a crash leaves none of it behind on the machine.
  dynamic_shared_memory_type: "mmap",
};

const startsWithin = 60_000;

/**
 * Starts a PostgreSQL of its own on 127.0.0.1, in a temporary folder. It ends when it is disposed of, or with this
 * process, however that ends.
 *
 * @throws with the end of its log, when it does not start
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const owner = await account();
  const prepared = await prepare(owner);
  const home = await accountFolder(owner);
  const watchman = guard(home, "QUIT");
  try {
    const folder = options.folder ?? join(home, "data");
    if (options.folder === undefined) await copyData(prepared, folder, owner);
    else await takeOver(folder, owner);
    const server = new PostgresServer(join(prepared.programs, "postgres"), home, folder, owner, watchman);
    server.configure({ ...(options.folder === undefined ? settingsOfAll : {}), ...options.settings });
    await server.open(options.port);
    return server;
  } catch (error) {
    await watchman.release();
    throw error;
  }
}

/** A copy of a running server's folder says that this server runs. */
async function takeOver(folder: string, owner: Account): Promise<void> {
  await adopt(folder, owner);
  if (lockLines(folder)[1] !== folder) rmSync(join(folder, "postmaster.pid"), { force: true });
}

/** What a server writes about itself: its process, folder, start, port, socket folder, address, memory and state. */
function lockLines(folder: string): string[] {
  try {
    return readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return [];
  }
}

export class PostgresServer implements AsyncDisposable {
  /** Its data. */
  readonly folder: string;
  /** Where its Unix socket is. */
  readonly socketFolder: string;
  readonly logFile: string;
  readonly #program: string;
  readonly #owner: Account;
  readonly #guard: Guard;
  readonly #password: string;
  #port = 0;
  #child: ChildProcess | undefined;

  constructor(program: string, home: string, folder: string, owner: Account, watchman: Guard) {
    this.folder = folder;
    this.socketFolder = home;
    this.logFile = join(home, "log");
    this.#program = program;
    this.#owner = owner;
    this.#guard = watchman;
    this.#password = readFileSync(join(folder, passwordFile), "utf8");
  }

  get port(): number {
    return this.#port;
  }

  /** Of the postmaster; undefined while it is down. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  url(database = "postgres"): string {
    return `postgres://${superuser}:${this.#password}@127.0.0.1:${this.port}/${encodeURIComponent(database)}`;
  }

  /** Starts on that port, or on a free one. Only `startPostgres` calls it. */
  async open(port?: number): Promise<void> {
    for (let left = 5; ; left--) {
      this.#port = port ?? (await freePort());
      try {
        await this.#start();
        return;
      } catch (error) {
        const isTaken = error instanceof Error && error.message.includes("Address already in use");
        if (!isTaken || port !== undefined || left === 0) throw error;
      }
    }
  }

  /** Starts again on the same data and port; what still runs is shut down before. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#start();
  }

  /** Shuts down in good order, without waiting for clients. `restart` brings it back. */
  async stop(): Promise<void> {
    await this.#end("SIGINT");
  }

  /** Crashes: the server and all its processes are gone, and so is their memory. `restart` brings it back. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    child.ref();
    const exited = once(child, "exit");
    await Promise.all([killFamily(child.pid), exited]);
    const segment = lockLines(this.folder)[6]?.trim().split(/\s+/)[1];
    if (segment !== undefined) spawnSync("ipcrm", ["-m", segment]);
  }

  /** Adds to postgresql.conf; `restart` takes it, or `pg_reload_conf()` where that suffices. */
  configure(settings: PostgresSettings): void {
    const lines = Object.entries(settings).map(
      ([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'\n`,
    );
    appendFileSync(join(this.folder, "postgresql.conf"), lines.join(""));
  }

  /** Runs one statement, or several without parameters, on a connection of its own; answers with the rows. */
  async query(sql: string, database = "postgres"): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** @returns the new database's URL */
  async createDatabase(name = `t${randomBytes(8).toString("hex")}`, template = "template1"): Promise<string> {
    await this.query(`CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE ${escapeIdentifier(template)}`);
    return this.url(name);
  }

  /** Drops it, whoever is connected. */
  async dropDatabase(name: string): Promise<void> {
    await this.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
  }

  /** Ends, and removes what is its own. Data that go with it need no good order. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end(this.folder.startsWith(this.socketFolder) ? "SIGQUIT" : "SIGINT");
    await this.#guard.release();
  }

  async #end(signal: "SIGINT" | "SIGQUIT"): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.ref();
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  async #start(): Promise<void> {
    const log = openSync(this.logFile, "a");
    const place = ["-D", this.folder, "-p", String(this.#port), "-k", this.socketFolder, "-h", "127.0.0.1"];
    const child = spawn(this.#program, place, {
      cwd: this.socketFolder,
      env: plain,
      // Signals to the tests' process group are not for it.
      detached: true,
      stdio: ["ignore", log, log],
      ...this.#owner,
    });
    closeSync(log);
    child.unref();
    this.#child = child;
    child.once("exit", () => {
      this.#child = undefined;
      this.#guard.watch(undefined);
    });
    await once(child, "spawn");
    this.#guard.watch(child.pid);
    await this.#ready(child);
  }

  async #ready(child: ChildProcess): Promise<void> {
    for (const end = Date.now() + startsWithin; Date.now() < end; await sleep(10)) {
      const [pid, , , , , , , state = ""] = lockLines(this.folder);
      if (Number(pid) === child.pid && /^(?:ready|standby)/.test(state)) return;
      if (this.#child !== child) break;
    }
    const tail = readFileSync(this.logFile, "utf8").slice(-2000);
    await this.stop();
    throw new Error(`PostgreSQL did not start: ${tail}`);
  }
}
