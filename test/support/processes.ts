import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Kills a process and all its children at once, as a crash of the machine would; answers when all are gone. */
export async function killFamily(pid: number): Promise<void> {
  // Stopped, it starts no more of them while they are looked up.
  process.kill(pid, "SIGSTOP");
  const family = new Set([pid, ...living().flatMap((other) => (other.parent === pid ? [other.pid] : []))]);
  for (const member of family) killOne(member);
  while (living().some((other) => family.has(other.pid))) await sleep(5);
}

function killOne(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** A dead process that nobody has asked after yet (Z) is none of them. */
function living(): { readonly pid: number; readonly parent: number }[] {
  const rows = process.platform === "linux" ? listedInProc() : listedByPs();
  return rows.flatMap(([pid, parent, state]) =>
    state?.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent) }],
  );
}

function listedInProc(): string[][] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        // The program's name, in parentheses, may have spaces.
        const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return [[pid, parent, state]];
      } catch {
        return [];
      }
    });
}

function listedByPs(): string[][] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,state="], { encoding: "utf8" });
  return stdout.split("\n").map((line) => line.trim().split(/\s+/));
}

/**
 * A port of 127.0.0.1 that nobody listens on. It lies below the range that systems take for outgoing connections: one of
 * those could take it while its server is down, even a client's that tries to reach that very server.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  });
}
