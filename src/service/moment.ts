import assert from "node:assert/strict";
import type { Change } from "../domain/change.ts";
import type { Stream } from "../domain/stream.ts";
import { type PastRecords, type Records, StoreUnavailable } from "./store.ts";

/** Reads the newest changes of streams, all as of one moment. */
export type ReadNewest = (streams: readonly Stream[]) => Promise<readonly (Change | undefined)[]>;

/** What was newest at one moment. */
export interface Moment {
  /** The newest change of a stream that was read. */
  change<Document>(stream: Stream<Document>): Change<Document> | undefined;
}

/** As things stand now. */
export function readingNow(records: Pick<Records, "newest">): ReadNewest {
  return (streams) => records.newest(streams);
}

/**
 * As things stood at an instant: what was known then. How much of the log that was is found out with what is read first.
 *
 * @param at milliseconds since 1970
 */
export function readingThen(records: PastRecords, at: number): ReadNewest {
  let count: Promise<number> | undefined;
  return async (streams) => {
    count ??= records.countUntil(at);
    return records.newestAmong(await count, streams);
  };
}

/** How often everything is read again because what follows from it changed meanwhile. */
const triesMax = 10;

/**
 * Reads streams of which some are known only from what others say, all of them as of one moment: first those that are
 * known, then again together with those that follow from them.
 *
 * @param following the streams that are needed besides, by what was read so far
 * @throws StoreUnavailable also when what follows changes each time it is read
 */
export async function readMoment(
  read: ReadNewest,
  first: readonly Stream[],
  following: (known: Moment) => readonly Stream[],
): Promise<Moment> {
  let streams = first;
  for (let tries = 0; tries < triesMax; tries += 1) {
    const moment = new ReadMoment(streams, await read(streams));
    const needed = following(moment);
    if (needed.every((stream) => moment.has(stream))) return moment;
    streams = [...first, ...new Set(needed)];
  }
  throw new StoreUnavailable("what was asked for changes faster than it can be read");
}

class ReadMoment implements Moment {
  readonly #changes = new Map<Stream, Change | undefined>();

  constructor(streams: readonly Stream[], changes: readonly (Change | undefined)[]) {
    streams.forEach((stream, index) => this.#changes.set(stream, changes[index]));
  }

  has(stream: Stream): boolean {
    return this.#changes.has(stream);
  }

  /** A stream that was not read must never look like one that has nothing to say: it may hold a no. */
  change<Document>(stream: Stream<Document>): Change<Document> | undefined {
    assert(this.has(stream), "only what was read is asked for");
    return this.#changes.get(stream) as Change<Document> | undefined;
  }
}
