import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";

/**
 * A small process beside this one that ends a server and removes its folder as soon as this process is gone, however
 * it ended: a test that is killed runs no handler of its own.
 */
export interface Guard {
  /** From now on it is this process that must not stay; undefined when it has ended. */
  watch(pid: number | undefined): void;
  /** Ends what is watched, removes the folder, and answers when both are done. */
  release(): Promise<void>;
}

/** Its input closes when whoever holds the other end of the pipe is gone. */
const script = `
trap "" INT TERM HUP
runs() { kill -0 "$pid" && ! grep -q "^State:.Z" "/proc/$pid/status"; }
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -s "$2" "$pid"
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do runs || break; sleep 0.1; done
  if runs; then kill -s KILL "$pid"; fi
fi
rm -rf "$1"
`;

/**
 * @param folder what is removed at the end
 * @param signal what ends the watched process at once
 */
export function guard(folder: string, signal: "QUIT" | "TERM"): Guard {
  const child: ChildProcess = spawn("/bin/sh", ["-c", script, "guard", folder, signal], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  const { stdin } = child;
  if (!(stdin instanceof Socket)) throw new Error("the guard has no input");
  stdin.unref();
  // Somebody ended the guard: what it was to do is then theirs.
  stdin.on("error", () => undefined);
  return {
    watch: (pid) => void stdin.write(`${pid ?? ""}\n`),
    release: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      const exited = once(child, "exit");
      stdin.end();
      await exited;
    },
  };
}
