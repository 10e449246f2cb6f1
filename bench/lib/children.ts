import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const READY_SECONDS = 30;
const STOP_SECONDS = 10;

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The CPU to stay on, where the machine has several and `taskset` is there. */
  readonly cpu?: number;
}

interface ServerCommand {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly log: string;
  /** Within which it must be there, if it takes longer than others. */
  readonly readySeconds?: number;
}

/** A server under test, answering. */
export interface Server {
  readonly name: string;
  readonly pid: number;
  readonly origin: string;
}

/** The processes that a benchmark starts: all of them end with it, however it ends. */
export class Children {
  readonly #running = new Set<ChildProcess>();
  readonly #pinning = canPin();

  get pinned(): boolean {
    return this.#pinning;
  }

  /** Keeps a process that is there already on a CPU, and what it starts from now on. */
  pin(pid: number, cpu: number): void {
    if (this.#pinning) spawnSync("taskset", ["-a", "-c", "-p", String(cpu), String(pid)]);
  }

  /** Starts a server and resolves when `path` answers with less than 500; its output goes to the file `log`. */
  async serve(server: Command & ServerCommand): Promise<Server> {
    const output = openSync(server.log, "a");
    const child = this.#start(server, output);
    closeSync(output);
    const origin = `http://127.0.0.1:${server.port}`;
    const end = Date.now() + (server.readySeconds ?? READY_SECONDS) * 1_000;
    while (!(await answers(origin + server.path))) {
      if (hasEnded(child) || Date.now() > end) {
        const tail = readFileSync(server.log, "utf8").split("\n").slice(-20).join("\n");
        throw new Error(`${server.name} did not start:\n${tail}`);
      }
      await sleep(50);
    }
    return { name: server.name, pid: child.pid ?? -1, origin };
  }

  /** Runs a command to its end and answers with what it printed; rejects when it fails or takes too long. */
  async run(command: Command & { limitSeconds: number }): Promise<string> {
    const child = this.#start(command, "pipe");
    const limit = setTimeout(() => child.kill("SIGKILL"), command.limitSeconds * 1_000);
    const pieces: string[] = [];
    child.stdout?.setEncoding("utf8").on("data", (piece: string) => pieces.push(piece));
    child.stderr?.setEncoding("utf8").on("data", (piece: string) => pieces.push(piece));
    const code = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
    clearTimeout(limit);
    if (code !== 0) throw new Error(`${command.command} ${command.args.join(" ")} failed:\n${pieces.join("")}`);
    return pieces.join("");
  }

  /** Asks every process to end, waits, and ends by force what is still there. */
  async stop(): Promise<void> {
    for (const child of this.#running) child.kill("SIGTERM");
    const end = Date.now() + STOP_SECONDS * 1_000;
    while (this.#running.size > 0 && Date.now() < end) await sleep(50);
    this.kill();
  }

  /** Ends every process at once. */
  kill(): void {
    for (const child of this.#running) child.kill("SIGKILL");
  }

  #start({ command, args, cwd, env, cpu }: Command, output: number | "pipe"): ChildProcess {
    const pinned = cpu !== undefined && this.#pinning;
    const [file, ...rest] = pinned ? ["taskset", "-c", String(cpu), command, ...args] : [command, ...args];
    const child = spawn(file ?? command, rest, {
      cwd,
      // Only what is named reaches a server, so that the caller's own settings do not change what is measured.
      env: env === undefined ? process.env : { PATH: process.env["PATH"], ...env },
      stdio: ["ignore", output, output],
    });
    this.#running.add(child);
    child.once("exit", () => this.#running.delete(child));
    child.once("error", () => this.#running.delete(child));
    return child;
  }
}

/** A port on which nothing listens now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

/**
 * CPU time in µs that a process has used so far: user and system, all of its threads (proc_pid_stat(5), fields 14 and
 * 15, in ticks of 10 ms).
 *
 * @param andEnded whether that of its children that have ended is part of it (fields 16 and 17)
 */
export function cpuMicroseconds(pid: number, andEnded = false): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in brackets, which may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, andEnded ? 15 : 13).reduce((sum, field) => sum + Number(field), 0);
  return ticks * 10_000;
}

/** A process and its children. */
export function familyOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return [pid, ...(children === "" ? [] : children.split(" ").map(Number))];
}

function canPin(): boolean {
  return (
    availableParallelism() > 1 && [0, 1].every((cpu) => spawnSync("taskset", ["-c", String(cpu), "true"]).status === 0)
  );
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.status < 500;
  } catch {
    return false;
  }
}
