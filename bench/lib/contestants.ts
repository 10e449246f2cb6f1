import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Children, freePort, type Server } from "./children.ts";
import { type Load, requestFor } from "./loads.ts";

const ROOT = join(import.meta.dirname, "../..");
const PEERS = join(ROOT, "bench/peers");

/** Where the servers run one after the other, and where everything else does: wrk and PostgreSQL. */
export const SERVER_CPU = 0;
export const OTHER_CPU = 1;

/** What every contestant is started with. */
export interface Ring {
  readonly children: Children;
  /** For databases and logs; on a real disk. */
  readonly folder: string;
  readonly token: string;
}

/** What tells one service from another. */
interface ServiceOptions {
  readonly name?: string;
  /** A database on PostgreSQL, and the key's file that its nodes share; files of its own unless given. */
  readonly database?: { readonly url: string; readonly key: string };
  readonly nodeOptions?: readonly string[];
  readonly program?: readonly string[];
  readonly cpu?: number;
  /** Within which it must have built its index, if that takes longer than it mostly does. */
  readonly readySeconds?: number;
}

/** The service exactly as it ships: `node src/main.ts serve`, request log on, to a file, metrics on, full sync. */
export async function startService(
  { children, folder, token }: Ring,
  { name = "service", database, nodeOptions = [], program, cpu = SERVER_CPU, readySeconds }: ServiceOptions = {},
): Promise<Server> {
  const port = await freePort();
  return children.serve({
    name,
    command: process.execPath,
    args: [...nodeOptions, ...(program ?? ["src/main.ts", "serve"])],
    cwd: ROOT,
    env: {
      SAYWHEN_PORT: String(port),
      SAYWHEN_DATABASE: database?.url ?? join(folder, `${name}.db`),
      SAYWHEN_KEY: database?.key ?? join(folder, `${name}.key`),
      SAYWHEN_ADMIN_TOKEN: token,
      SAYWHEN_LOG_LEVEL: "info",
    },
    cpu,
    port,
    path: "/readyz",
    ...(readySeconds !== undefined && { readySeconds }),
    log: join(folder, `${name}.log`),
  });
}

/** Another program of bench/servers, which is given options and listens; on the servers' CPU unless told. */
export async function startProgram(
  { children, folder }: Ring,
  name: string,
  options: Readonly<Record<string, string | number>> = {},
  { cpu = SERVER_CPU, path = "/", readySeconds }: Pick<ServiceOptions, "cpu" | "readySeconds"> & { path?: string } = {},
): Promise<Server> {
  const port = await freePort();
  const given = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
  return children.serve({
    name,
    command: process.execPath,
    args: ["--expose-gc", `bench/servers/${name}.ts`, `--port=${port}`, ...given],
    cwd: ROOT,
    env: {},
    cpu,
    port,
    path,
    ...(readySeconds !== undefined && { readySeconds }),
    log: join(folder, `${name}.log`),
  });
}

/** The bare server (servers/bare.ts), which answers as `service` does. */
export async function startBare(
  { children, folder, token }: Ring,
  service: Server,
  gauge: readonly Load[],
): Promise<Server> {
  const answers = Object.fromEntries(await Promise.all(gauge.map((load) => learn(service, load))));
  const port = await freePort();
  return children.serve({
    name: "bare",
    command: process.execPath,
    args: ["bench/servers/bare.ts", `--port=${port}`, `--token=${token}`, `--answers=${JSON.stringify(answers)}`],
    cwd: ROOT,
    env: {},
    cpu: SERVER_CPU,
    port,
    path: "/",
    log: join(folder, "bare.log"),
  });
}

/** The ordinary hand-written service (peers/server.js), installed first where it is not yet. */
export async function startPeer({ children, folder, token }: Ring): Promise<Server> {
  await installPeers(children);
  const port = await freePort();
  return children.serve({
    name: "peer",
    command: process.execPath,
    args: [join(PEERS, "server.js"), String(port), join(folder, "peer.db"), token],
    cwd: PEERS,
    env: { NODE_ENV: "production" },
    cpu: SERVER_CPU,
    port,
    path: "/",
    log: join(folder, "peer.log"),
  });
}

/** Sends one request of the load for every customer, 64 at a time, so that all of them exist before a round. */
export async function fill(server: Server, load: Load): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let number = next++; number < load.customers; number = next++) await send(server, load, number);
  };
  await Promise.all(Array.from({ length: 64 }, worker));
}

async function send(server: Server, load: Load, number: number): Promise<{ headers: Headers; body: string }> {
  const { path, init } = requestFor(load, number);
  const response = await fetch(server.origin + path, { ...init, signal: AbortSignal.timeout(30_000) }).catch(
    (error) => {
      throw new Error(`${server.name} did not answer ${load.name}: ${error.cause ?? error}`, { cause: error });
    },
  );
  const body = await response.text();
  if (response.status !== 200) throw new Error(`${server.name} answered ${load.name} with ${response.status}: ${body}`);
  return { headers: response.headers, body };
}

/** Headers that Node's own server adds to every answer, the bare server's too. */
const ADDED = new Set(["connection", "content-length", "date", "keep-alive", "transfer-encoding"]);

async function learn(
  service: Server,
  load: Load,
): Promise<[string, { headers: Record<string, string>; body: string }]> {
  const { headers, body } = await send(service, load, 0);
  return [load.method, { headers: Object.fromEntries([...headers].filter(([name]) => !ADDED.has(name))), body }];
}

async function installPeers(children: Children): Promise<void> {
  const lock = join(PEERS, "package-lock.json");
  const installed = join(PEERS, "node_modules/.package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log("Installing the peer's packages (npm ci in bench/peers) …");
  // The prefix is named because `npm run` leaves its own package's in the environment.
  await children.run({ command: "npm", args: ["ci", "--prefix", PEERS], cwd: PEERS, limitSeconds: 300 });
}
