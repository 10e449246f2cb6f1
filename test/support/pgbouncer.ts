import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { chown, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Account, account, accountFolder, plain } from "./postgres-binaries.ts";
import { guard } from "./process-guard.ts";
import { freePort } from "./processes.ts";

/** Whether the machine has one: it comes from no npm package. */
export const hasPgbouncer = spawnSync("pgbouncer", ["--version"], { env: plain }).status === 0;

/** A running pgbouncer. */
export interface Pgbouncer extends AsyncDisposable {
  /** Of the same database, through the pool. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface PoolOptions {
  readonly poolMode: "session" | "statement" | "transaction";
  /** The server's connections that its clients share, for each database. */
  readonly poolSize?: number;
}

/**
 * Puts a pgbouncer, on a free port of 127.0.0.1, before a server of the tests. It ends with this process at the latest.
 * It lets no start-up parameter pass beyond those that it knows, as it comes from its makers.
 *
 * @param url of a database on that server
 */
export async function startPgbouncer(url: string, { poolMode, poolSize = 10 }: PoolOptions): Promise<Pgbouncer> {
  const owner = await account();
  const folder = await accountFolder(owner);
  const watchman = guard(folder, "TERM");
  const port = await freePort();
  const logFile = join(folder, "log");
  await writeSettings(
    folder,
    owner,
    new URL(url),
    `listen_port = ${port}
pool_mode = ${poolMode}
default_pool_size = ${poolSize}`,
  );
  const log = openSync(logFile, "a");
  const child = spawn("pgbouncer", [join(folder, "pgbouncer.ini")], {
    cwd: folder,
    env: plain,
    detached: true,
    stdio: ["ignore", log, log],
    ...owner,
  });
  closeSync(log);
  child.unref();
  await once(child, "spawn");
  watchman.watch(child.pid);
  child.once("exit", () => watchman.watch(undefined));
  const stop = (): Promise<void> => watchman.release();
  for (let left = 500; !(await answers(port)); left--) {
    if (child.exitCode !== null || left === 0) {
      const tail = readFileSync(logFile, "utf8").slice(-2000);
      await stop();
      throw new Error(`pgbouncer did not start: ${tail}`);
    }
    await sleep(10);
  }
  const pooled = new URL(url);
  pooled.port = String(port);
  return { url: pooled.href, stop, [Symbol.asyncDispose]: stop };
}

async function writeSettings(folder: string, owner: Account, server: URL, own: string): Promise<void> {
  const settings = `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, "users")}
max_client_conn = 1000
${own}
`;
  const files = { "pgbouncer.ini": settings, users: `"${server.username}" "${server.password}"\n` };
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    await writeFile(file, text, { mode: 0o600 });
    if (owner.uid !== undefined && owner.gid !== undefined) await chown(file, owner.uid, owner.gid);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
