import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { CheckpointReport, CheckpointRequest } from "./checkpointer.ts";
import { failureOf } from "./sqlite-failure.ts";

/** Copies the WAL into the database file on a thread of its own, so that no request waits for that. */
const db = new DatabaseSync(workerData as string, { timeout: 0 });
db.exec("PRAGMA synchronous = FULL");

parentPort?.on("message", (request: CheckpointRequest) => {
  if (request === "checkpoint") {
    parentPort?.postMessage(checkpoint());
  } else {
    db.close();
    parentPort?.close();
  }
});

function checkpoint(): CheckpointReport {
  try {
    // PASSIVE waits for nobody and holds up nobody; what was written meanwhile is left for the next time.
    return { pages: db.prepare("PRAGMA wal_checkpoint(PASSIVE)").get()?.["log"] as number };
  } catch (error) {
    return { failure: failureOf(error)?.kind ?? "unknown" };
  }
}
