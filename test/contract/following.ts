import assert from "node:assert/strict";
import { describe, type TestContext } from "node:test";
import { erasureStream } from "../../src/domain/stream.ts";
import { type AnyStore, erase, put, type sentences, streamOf } from "./store-support.ts";

/** What whoever follows the log reads: sentences of src/service/store.ts. */
export function followingContract(
  name: string,
  open: (test: TestContext) => Promise<AnyStore>,
  says: ReturnType<typeof sentences>,
): void {
  describe(`${name}: following the log`, () => {
    says(
      "The newest change of every stream with its place, in the order of the places; read in pieces, each of one moment, " +
        "so that writes go on meanwhile. Streams that were erased before their piece was read are left out.",
      async (test) => {
        const store = await open(test);
        const subjects = Array.from({ length: 1050 }, (_, index) => `customer:${(index * 11) % 1050}`);
        for (const slot of ["a", "b"]) await Promise.all(subjects.map((subject) => put(store, subject, slot)));
        const [first = "", last = ""] = [subjects[1], subjects.at(-1)];
        await erase(store, streamOf(first));
        const seen: string[] = [];
        const places: number[] = [];
        for await (const page of store.everyNewest()) {
          if (seen.length === 0) await erase(store, streamOf(last));
          for (const { place, change } of page) {
            places.push(place);
            seen.push(change.stream);
            const { slots = ["a", "b"] } = change.document as { slots?: string[] };
            assert.deepEqual(slots, ["a", "b"]);
          }
        }
        assert.deepEqual(seen, [...subjects.filter((subject) => ![first, last].includes(subject)), erasureStream]);
        assert(places.every((place, index) => index === 0 || place > (places[index - 1] ?? 0)));
      },
    );

    says(
      "What the log has from a position on, in its order and without gaps: at most `limit` changes. When there are fewer, " +
        "they reach the log's end: everything that was acknowledged before the call is among them.",
      async (test) => {
        const store = await open(test);
        assert.deepEqual(await store.changesFrom(0, 9), []);
        for (const subject of ["customer:1", "customer:2", "customer:1"]) await put(store, subject, "a");
        await erase(store, streamOf("customer:1"));
        await put(store, "customer:1", "b");
        const logged = await store.changesFrom(0, 9);
        assert.deepEqual(
          logged.map(({ position, change }) => [position, change?.position, change?.stream]),
          [
            [0, undefined, undefined],
            [1, 1, "customer:2"],
            [2, undefined, undefined],
            [3, 3, erasureStream],
            [4, 4, "customer:1"],
          ],
        );
        const [one, two, three, , anew] = logged.map(({ place }) => place);
        assert.equal(one, three);
        assert.equal(new Set([one, two, anew]).size, 3, "what is recorded of the erased anew is another stream");
        const entries = await store.entries(0, 5);
        assert.deepEqual(
          logged.map(({ commitment }) => commitment),
          entries.map(({ commitment }) => commitment),
        );
        assert.deepEqual(await store.changesFrom(1, 2), logged.slice(1, 3));
        assert.deepEqual(await store.changesFrom(4, 9), logged.slice(4));
        assert.deepEqual(await store.changesFrom(5, 9), []);
      },
    );

    says("The log's last change; undefined while there is none.", async (test) => {
      const store = await open(test);
      assert.equal(await store.last(), undefined);
      for (const subject of ["customer:1", "customer:2"]) await put(store, subject, "a");
      const [entry] = await store.entries(1, 2);
      assert.deepEqual(await store.last(), { position: 1, commitment: entry?.commitment });
    });

    says(
      "The places of the streams to which the changes at these positions belong, erased or not; each once.",
      async (test) => {
        const store = await open(test);
        for (const subject of ["customer:1", "customer:2", "customer:1"]) await put(store, subject, "a");
        const [one, two] = (await store.changesFrom(0, 2)).map(({ place }) => place);
        await erase(store, streamOf("customer:1"));
        assert.deepEqual(new Set(await store.placesOf([0, 1, 2])), new Set([one, two]));
        assert.deepEqual(await store.placesOf([2]), [one]);
        assert.deepEqual(await store.placesOf([]), []);
      },
    );
  });
}
