import { once } from "node:events";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { StoreUnavailable } from "../../service/store.ts";
import { lockWaitMs } from "./database-file.ts";
import { failureOf } from "./sqlite-failure.ts";

export type CheckpointRequest = "checkpoint" | "close";

/** How many pages the WAL holds, copied or not; or what went wrong. */
export type CheckpointReport = { readonly pages: number } | { readonly failure: string };

/** Changes after which the worker is called: some 8 MiB of WAL when each goes to another subject. */
const changesMax = 1000;

/** How long (ms) fewer changes than that wait in the WAL. */
const quietMs = 1000;

/** Pages (of 4 KiB) in the WAL past which the writer begins it anew: 64 MiB. */
const walPagesMax = 16_384;

/** How long (ms) a scrub waits for readers, and between two tries. */
const scrubWaitMs = 10_000;
const scrubPauseMs = 20;

/**
 * Keeps the WAL short. Only a checkpoint during which nobody writes can begin the WAL anew, so under steady writes the
 * worker's are not enough: past 64 MiB the writer does one itself, right after the worker's, when little is left to copy.
 */
export class Checkpointer {
  readonly #db: DatabaseSync;
  readonly #worker: Worker;
  readonly #onError: (kind: string) => void;
  #changes = 0;
  #isUnderWay = false;
  #isLost = false;
  #isClosed = false;
  /** Whether something that was overwritten may still be in one of the files. */
  #isStained = true;
  #timer: NodeJS.Timeout | undefined;
  #scrubTimer: NodeJS.Timeout | undefined;
  #pagesMax = walPagesMax;

  /** @param db the writer's connection to the file; its automatic checkpoints are to be off */
  constructor(db: DatabaseSync, file: string, onError: (kind: string) => void) {
    this.#db = db;
    this.#onError = onError;
    // Beside the sources stands the worker's source, beside the built files the built worker.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
    this.#worker = new Worker(new URL(`./checkpoint-worker${extension}`, import.meta.url), { workerData: file });
    this.#worker.on("message", (report: CheckpointReport) => this.#reported(report));
    this.#worker.on("error", () => this.#workerLost());
    // After the listeners, each of which would bind the process to the worker again.
    this.#worker.unref();
    // An erasure may have been cut short by the end of the process before.
    if (!this.#scrub()) this.#scrubLater();
  }

  /** To be called after each commit, with the number of changes that it made. */
  committed(changes: number): void {
    this.#changes += changes;
    this.#plan();
  }

  /** To be called in each transaction that overwrites something for good, whatever comes of it. */
  stained(): void {
    this.#isStained = true;
  }

  /**
   * Sees to it that what was overwritten is in no file any more: copies the whole WAL into the database file and cuts it
   * to nothing. Waits for those who read the file or copy it just now.
   *
   * @throws StoreUnavailable when somebody reads for too long; it is done all the same, as soon as they are through, or,
   *   when the store is closed before, by the next start
   */
  async scrubbed(): Promise<void> {
    const giveUpAt = performance.now() + scrubWaitMs;
    while (!this.#scrub()) {
      if (this.#isClosed || performance.now() >= giveUpAt) {
        this.#scrubLater();
        throw new StoreUnavailable(
          "what was erased is overwritten, but somebody still reads the file as it was before",
        );
      }
      await delay(scrubPauseMs);
    }
  }

  /**
   * Lets go of the file. The writer's connection, when it is closed after this, copies the rest and drops the WAL, unless
   * somebody still reads; then the next start does that.
   */
  async close(): Promise<void> {
    // Whoever waits for it is to be told the truth.
    this.#scrub();
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#scrubTimer);
    if (this.#worker.threadId === -1) return;
    const gone = once(this.#worker, "exit");
    this.#worker.ref();
    this.#worker.postMessage("close" satisfies CheckpointRequest);
    await gone;
  }

  /** Whether nothing that was overwritten is left, be it that the WAL could be cut just now. */
  #scrub(): boolean {
    if (this.#isStained && !this.#isClosed)
      this.#isStained = this.#withoutWaiting("PRAGMA wal_checkpoint(TRUNCATE)")?.["busy"] !== 0;
    return !this.#isStained;
  }

  #scrubLater(): void {
    clearInterval(this.#scrubTimer);
    if (this.#isClosed) return;
    this.#scrubTimer = setInterval(() => {
      if (this.#scrub()) clearInterval(this.#scrubTimer);
    }, quietMs).unref();
  }

  #plan(): void {
    if (this.#isLost || this.#isUnderWay || this.#changes === 0) return;
    if (this.#changes >= changesMax) this.#request();
    else this.#timer ??= setTimeout(() => this.#request(), quietMs).unref();
  }

  #request(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changes = 0;
    this.#isUnderWay = true;
    this.#worker.postMessage("checkpoint" satisfies CheckpointRequest);
  }

  #reported(report: CheckpointReport): void {
    this.#isUnderWay = false;
    if ("failure" in report) this.#onError(report.failure);
    else if (report.pages > this.#pagesMax) this.#beginAnew(report.pages);
    this.#plan();
  }

  /** With a reader in its way, in whatever process, it tries again only when the WAL has grown as much again. */
  #beginAnew(pages: number): void {
    const isDone = this.#withoutWaiting("PRAGMA wal_checkpoint(RESTART)")?.["busy"] === 0;
    this.#pagesMax = isDone ? walPagesMax : pages + walPagesMax;
  }

  /** What the statement answers; undefined when it failed. It holds up the event loop for nobody. */
  #withoutWaiting(sql: string): Record<string, unknown> | undefined {
    this.#db.exec("PRAGMA busy_timeout = 0");
    try {
      return this.#db.prepare(sql).get();
    } catch (error) {
      const kind = failureOf(error)?.kind ?? "unknown";
      if (kind !== "busy") this.#onError(kind);
      return undefined;
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${lockWaitMs}`);
    }
  }

  /** Without the worker, which is never called again, SQLite's own way has to do: a copy every thousand pages. */
  #workerLost(): void {
    this.#isLost = true;
    this.#onError("checkpoint-worker");
    this.#db.exec("PRAGMA wal_autocheckpoint = 1000");
  }
}
