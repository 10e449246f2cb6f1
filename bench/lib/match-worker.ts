import assert from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import { itemOf } from "./match-model.ts";
import { type Counts, matchers } from "./matchers.ts";

/** What a thread is started with. */
export interface MatchTask {
  readonly name: keyof typeof matchers;
  readonly subjects: number;
  readonly folder: string;
}

/** What a thread says when it has taken in the documents. */
export interface MatchReady {
  readonly seconds: number;
  readonly bytes: number | undefined;
}

/** What it says about an item. */
export interface MatchAnswer {
  readonly milliseconds: number;
  readonly counts: Counts;
}

// A way of matching in a thread of its own, so that what the others run does not change how its code is compiled.
assert(parentPort !== null, "match-worker.ts is started by the benchmark");
const port = parentPort;
const { name, subjects, folder } = workerData as MatchTask;
const begin = performance.now();
const matcher = matchers[name]({ subjects, folder });
port.on("message", (item: number) => {
  const question = itemOf(item);
  const start = performance.now();
  const counts = matcher.count(question);
  port.postMessage({ milliseconds: performance.now() - start, counts } satisfies MatchAnswer);
});
port.postMessage({ seconds: (performance.now() - begin) / 1000, bytes: matcher.bytes } satisfies MatchReady);
