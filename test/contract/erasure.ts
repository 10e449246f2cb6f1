import assert from "node:assert/strict";
import { describe, type TestContext } from "node:test";
import { draft } from "../../src/domain/change.ts";
import type { UserEntry } from "../../src/domain/directory.ts";
import { catalogueStream, entryOf, preferencesOf, type Stream } from "../../src/domain/stream.ts";
import { user } from "../../src/domain/subject.ts";
import type { Store } from "../../src/service/store.ts";
import {
  addOrganisation,
  addUser,
  type AnyStore,
  change,
  erase,
  put,
  type sentences,
  streamOf,
} from "./store-support.ts";

/** What every storage has to do when a subject is erased: the sentences of src/service/store.ts about it. */
export function erasureContract(
  name: string,
  open: (test: TestContext) => Promise<AnyStore>,
  says: ReturnType<typeof sentences>,
): void {
  describe(`${name}: erasing`, () => {
    says(
      "The streams to be erased with it: their changes keep their places in the log and lose all that they say; " +
        "their addresses and directory entries are gone; the next change of such a stream is its first.",
      async (test) => {
        const store = await open(test);
        const email = "jo@example.com";
        const own = preferencesOf(user(5));
        await addUser(store, { id: 5, email });
        await put(store, own, "a", ["+12334545670"]);
        await put(store, "customer:2", "a", ["+12334545670"]);
        const before = await store.entries(0, 3);
        assert.equal(await erase(store, own, entryOf(user(5))), 3);

        assert.deepEqual(await store.newest([own, entryOf(user(5))]), [undefined, undefined]);
        assert.deepEqual(await Promise.all([0, 1].map((position) => store.opening(position))), ["erased", "erased"]);
        assert.deepEqual(await store.entries(0, 3), before);
        const found = await store.newestWithAddress("+12334545670", 9);
        assert.deepEqual(
          found.map(({ change: { stream } }) => stream),
          ["customer:2"],
        );
        assert.deepEqual(await store.newestWithAddress(email, 9), []);
        assert.equal(await store.userWithEmail(email), undefined);
        assert.deepEqual(await store.users({ limit: 9, offset: 0 }), { entries: [], total: 0 });
        assert.deepEqual(await store.newestAmong(3, [own]), [undefined]);

        const anew = change(await put(store, own, "b"));
        assert.deepEqual([anew.position, anew.previous, anew.document], [4, undefined, { slots: ["b"] }]);
        assert.deepEqual(await store.history(own, 9), [anew]);
        assert.equal(await store.history(own, 9, 1), undefined);
        await addUser(store, { id: 6, email });
        assert.equal(await store.userWithEmail(email), 6);
      },
    );

    says("The positions of all changes of a stream, in their order; also of those that are damaged.", async (test) => {
      const store = await open(test);
      for (const subject of ["customer:1", "customer:2", "customer:1"]) await put(store, subject, "a");
      assert.deepEqual(await store.positions(streamOf("customer:1")), [0, 2]);
      assert.deepEqual(await store.positions(streamOf("customer:3")), []);
      await erase(store, streamOf("customer:1"));
      assert.deepEqual(await store.positions(streamOf("customer:1")), []);
      await put(store, "customer:1", "a");
      assert.deepEqual(await store.positions(streamOf("customer:1")), [4]);
    });

    says(
      "Every stream of every subject, in the order in which they first came; read in pieces, so that writes go on meanwhile.",
      async (test) => {
        const store = await open(test);
        const ids = Array.from({ length: 450 }, (_, index) => `customer:${(index * 7) % 450}`);
        await addOrganisation(store, { id: 3 });
        await store.append({
          reads: [],
          step: () => ({ append: [draft({ actor: "Jo", client: "crm" }, "catalogue", catalogueStream as Stream, {})] }),
        });
        await Promise.all(ids.map((id) => put(store, id, "a")));
        await erase(store, streamOf("customer:7"));
        const seen: Stream[] = [];
        for await (const stream of store.everySubjectStream()) {
          if (seen.length === 0) await erase(store, streamOf(String(ids[440])));
          seen.push(stream);
        }
        const left = ids.filter((id) => id !== "customer:7" && id !== ids[440]);
        assert.deepEqual(seen, ["directory/organisation:3", ...left]);
      },
    );

    says(
      "One that was given out before is never given out again, nor is one up to 1,000,000,000 whose subject was erased.",
      async (test) => {
        const store = await open(test);
        for (const id of [2, 3]) await addUser(store, { id });
        const given = [await addWithFreeId(store), await addWithFreeId(store)];
        assert.deepEqual(given, [4, 5]);
        for (const id of [2, 3, 4, 5]) await erase(store, entryOf(user(id)));
        assert.deepEqual([await addWithFreeId(store), await addWithFreeId(store)], [6, 7]);
        await addUser(store, { id: 9 });
        await erase(store, entryOf(user(9)));
        assert.equal(await addWithFreeId(store), 10);
        await put(store, preferencesOf(user(12)), "a");
        await erase(store, preferencesOf(user(12)), entryOf(user(12)));
        assert.equal(await addWithFreeId(store), 13);
        await addUser(store, { id: 999_999_999_999_999 });
        await erase(store, entryOf(user(999_999_999_999_999)));
        assert.equal(await addWithFreeId(store), 15);
      },
    );

    says(
      "Resolves when nothing that was erased is left in the storage's files, whichever call or process erased it.",
      async (test) => {
        const store = await open(test);
        await store.scrubbed();
        await put(store, "customer:1", "a");
        await erase(store, streamOf("customer:1"));
        await Promise.all([store.scrubbed(), store.scrubbed(), put(store, "customer:2", "a")]);
      },
    );
  });
}

/** Erases streams as an erasure of their subject would. */
async function addWithFreeId(store: Store): Promise<number> {
  const answer = await store.append({
    reads: [],
    ids: ["user"],
    step: (newest) => {
      const id = newest.freeId("user");
      return { append: [draft({ actor: "Jo", client: "crm" }, "directory", entryOf(user(id)), { id })] };
    },
  });
  return (change(answer).document as UserEntry).id;
}
