import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const main = join(import.meta.dirname, "../../src/main.ts");

/** How a process ended, and all that it wrote. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `saywhen serve` in a process of its own. */
export interface Serving {
  readonly child: ChildProcess;
  /** Where it serves; rejects when it ends before. */
  readonly url: Promise<string>;
  readonly ended: Promise<Ended>;
  /** What it has written so far. */
  readonly written: () => Pick<Ended, "stderr" | "stdout">;
}

/** Only what a program needs of the environment, so that no setting of whoever runs the tests gets in. */
export function plainEnvironment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE, SAYWHEN_PORT: "0", ...env };
}

/** @param cwd the working folder, which gets the database unless `env` says otherwise */
export function serve(
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  command: readonly string[] = [process.execPath, main, "serve"],
): Serving {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { cwd, env: plainEnvironment(env), stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const url = new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      const found = /serves on (\S+)\n[^]*\nTry: |serves on (\S+)\nTry: /.exec(stderr);
      if (found !== null) resolve(found[1] ?? found[2] ?? "");
    });
    child.once("close", () => reject(new Error(`it ended before it served: ${stderr}`)));
  });
  // Whoever waits for the end only is not told of the address.
  url.catch(() => undefined);
  const ended = once(child, "close").then(([exitCode, signal]) => ({
    exitCode: exitCode as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));
  return { child, url, ended, written: () => ({ stderr, stdout }) };
}

/** A command of `saywhen`, in a process of its own, until it ends. */
export function saywhen(
  cwd: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return serve(cwd, env, [process.execPath, main, ...words]).ended;
}
