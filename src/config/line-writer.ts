import { mkdirSync, openSync, write, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { limits } from "../domain/limits.ts";

/** Lines wait until this many characters are together, or this time has passed: one system call carries many. */
const togetherLength = 64 * 1024;
const waitMs = 100;
/** At exit a chunk that is under way is waited for this long. */
const underWayMs = 150;
/** At exit there is no event loop left to wait with, so a full pipe is tried again this often, and then let go. */
const exitTriesMax = 100;

const writeBytes = promisify(write);

/**
 * Writes lines to a file descriptor beside everything else that the process does, in order, many at a time.
 * Every line is written at every way of ending but `kill -9`. An output that fails (full disk, closed pipe) loses the
 * lines it refused and never the process. By hand, because pino's own destination retries a full disk for ever at
 * exit, and so keeps the process from ending.
 */
export class LineWriter {
  readonly #descriptor: number;
  #waiting = "";
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param output an open file descriptor, or the path of a file to append to, made with its folder */
  constructor(output: number | string) {
    if (typeof output === "string") mkdirSync(dirname(output), { recursive: true });
    this.#descriptor = typeof output === "string" ? openSync(output, "a") : output;
    process.once("exit", () => this.#writeAtExit());
  }

  write(line: string): void {
    if (this.#waiting.length + line.length > limits.waitingLogCharacters) return;
    this.#waiting += line;
    if (this.#waiting.length >= togetherLength) void this.#send();
    else this.#timer ??= setTimeout(() => void this.#send(), waitMs).unref();
  }

  /** Resolves when every line that was given so far has been handed to the operating system, or refused by it. */
  async flush(): Promise<void> {
    await this.#sending;
    await this.#send();
  }

  #send(): Promise<void> {
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** One chunk is under way at a time, so that lines keep their order. */
  async #drain(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#waiting !== "") {
      let rest = Buffer.from(this.#waiting);
      this.#waiting = "";
      while (rest.length > 0) rest = rest.subarray(await this.#writeSome(rest));
    }
  }

  /** @returns how many bytes are done with: written, or refused for good */
  async #writeSome(bytes: Buffer): Promise<number> {
    try {
      return (await writeBytes(this.#descriptor, bytes)).bytesWritten;
    } catch (error) {
      if (!isBusy(error)) return bytes.length;
      await delay(waitMs);
      return 0;
    }
  }

  #writeAtExit(): void {
    // A chunk that is under way is with a thread, which ends with the process: it is given the time to write it.
    if (this.#sending !== undefined) pause(underWayMs);
    let rest = Buffer.from(this.#waiting);
    for (let tries = 0; rest.length > 0 && tries < exitTriesMax; tries++) {
      try {
        rest = rest.subarray(writeSync(this.#descriptor, rest));
      } catch (error) {
        if (!isBusy(error)) return;
        pause(10);
      }
    }
  }
}

/** Stands still where there is no event loop any more. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The output is a pipe that is full at the moment. */
function isBusy(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EAGAIN";
}
