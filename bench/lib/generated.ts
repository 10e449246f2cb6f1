import { setImmediate as nextTurn } from "node:timers/promises";
import type { Followed } from "../../src/index/following.ts";
import type { NewestChange } from "../../src/service/store.ts";
import { draftOf } from "./customers.ts";

const pageSize = 256;

/**
 * What an index is built from, with the model's customers behind those that the store has: they are made up while they
 * are read, because to record ten million would take longer than all else. What comes later is followed in the store.
 *
 * @param store has the catalogue and the key of marks, and no customers
 */
export function generated(store: Followed, customers: number): Followed {
  return {
    changesFrom: (position, limit) => store.changesFrom(position, limit),
    everySuppressed: () => store.everySuppressed(),
    newest: (streams) => store.newest(streams),
    newestAmong: (count, streams) => store.newestAmong(count, streams),
    placesOf: (positions) => store.placesOf(positions),
    last: () => store.last(),
    async *everyNewest() {
      let last = 0;
      for await (const page of store.everyNewest()) {
        yield page;
        last = page.at(-1)?.place ?? last;
      }
      for (let from = 0; from < customers; from += pageSize) {
        yield pageOf(from, Math.min(pageSize, customers - from), last + 1);
        await nextTurn();
      }
    },
  };
}

const noCommitment = Buffer.alloc(32);

function pageOf(from: number, length: number, firstPlace: number): NewestChange[] {
  return Array.from({ length }, (_, index) => {
    const number = from + index;
    const change = { ...draftOf(number), at: "2026-03-03T14:05:00.123Z", position: firstPlace + number };
    return { place: firstPlace + number, commitment: noCommitment, change };
  });
}
