import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { catalogueStream, markIn, preferencesOf, suppressionsOf } from "../../src/domain/stream.ts";
import { customer, user } from "../../src/domain/subject.ts";
import { StoreUnavailable } from "../../src/service/store.ts";
import { clientStoreContract } from "./client-store.ts";
import { codeStoreContract } from "./code-store.ts";
import { erasureContract } from "./erasure.ts";
import { followingContract } from "./following.ts";
import { logStoreContract } from "./log-store.ts";
import {
  addOrganisation,
  addUser,
  change,
  type Exemptions,
  opened,
  type Place,
  put,
  sentences,
  stored,
  streamOf,
  suppress,
} from "./store-support.ts";

/**
 * What every storage has to do: the sentences of the ports' doc comments (src/service/store.ts, client-store.ts,
 * code-store.ts and log-store.ts), run. A storage that cannot keep one of them says why.
 *
 * @param place makes a new, empty place to store things in; what is opened there again has what was stored before
 */
export function storeContract(name: string, place: () => Place, exempt: Exemptions = {}): void {
  const says = sentences("store.ts", exempt);
  const open = (test: TestContext, clock?: () => number) => opened(test, place(), clock);

  describe(`${name}: append`, () => {
    says(
      "Order: writes run one after the other; each sees what every write before it appended, on any node.",
      async (test) => {
        const store = await open(test);
        const slots = Array.from({ length: 100 }, (_, index) => `slot ${index}`);
        const answers = await Promise.all(slots.map((slot) => put(store, "customer:1", slot)));
        const [newest] = await store.newest([streamOf("customer:1")]);
        assert.deepEqual([...(newest?.document.slots ?? [])].sort(), [...slots].sort());
        const positions = answers.map((answer) => change(answer).position);
        assert.deepEqual(
          positions,
          Array.from({ length: 100 }, (_, index) => index),
        );
      },
    );

    says("Durability: when the promise resolves, the changes survive `kill -9` and power loss.", async (test) => {
      const home = place();
      const first = await opened(test, home);
      await Promise.all(["a", "b"].map((slot) => put(first, "customer:1", slot)));
      const before = await first.newest([streamOf("customer:1")]);
      await first.close();
      const second = await opened(test, home);
      assert.deepEqual(await second.newest([streamOf("customer:1")]), before);
      assert.equal(change(await put(second, "customer:1", "c")).position, 2);
    });

    says(
      "Whole: either every change of a write is appended, at positions that follow each other, or none is.",
      async (test) => {
        const store = await open(test);
        const both = (second: unknown) =>
          store.append({
            reads: [],
            step: () => ({ append: [stored("customer:1", ["a"]), { ...stored("customer:2", []), document: second }] }),
          });
        const beside = put(store, "customer:3", "c");
        await assert.rejects(Promise.all([both(undefined), put(store, "customer:4", "d"), beside]), TypeError);
        const streams = [1, 2, 3, 4].map((id) => streamOf(`customer:${id}`));
        const found = await store.newest(streams);
        assert.deepEqual(
          found.map((newest) => newest?.position),
          [undefined, undefined, 0, 1],
        );
        const whole = await both({ slots: ["b"] });
        assert("changes" in whole);
        assert.deepEqual(
          whole.changes.map(({ position }) => position),
          [2, 3],
        );
        assert.deepEqual(await store.newest(streams.slice(0, 2)), whole.changes);
      },
    );

    says(
      "Refusals: a step that refuses, or throws, leaves no trace and does not disturb the writes beside it.",
      async (test) => {
        const store = await open(test);
        const answers = await Promise.allSettled([
          put(store, "customer:1", "before"),
          store.append({
            reads: [streamOf("customer:1")],
            step: (newest) => ({ refuse: newest.change(streamOf("customer:1"))?.document.slots }),
          }),
          store.append({
            reads: [],
            step: () => {
              throw new RangeError("no");
            },
          }),
          put(store, "customer:1", "after"),
        ]);
        assert.deepEqual(answers[1], { status: "fulfilled", value: { refused: ["before"] } });
        assert.equal(answers[2]?.status === "rejected" && answers[2].reason instanceof RangeError, true);
        const [newest] = await store.newest([streamOf("customer:1")]);
        assert.equal(newest?.position, 1);
        assert.deepEqual(newest?.document.slots, ["before", "after"]);
      },
    );

    says("Time: a change's time is never before that of the entry ahead of it.", async (test) => {
      let now = Date.parse("2026-03-03T14:05:00.123Z");
      const store = await open(test, () => now);
      const first = change(await put(store, "customer:1", "a"));
      now -= 3_600_000;
      const second = change(await put(store, "customer:2", "b"));
      now += 3_600_001;
      const third = change(await put(store, "customer:1", "c"));
      assert.deepEqual(
        [first, second, third].map(({ at }) => at),
        ["2026-03-03T14:05:00.123Z", "2026-03-03T14:05:00.123Z", "2026-03-03T14:05:00.124Z"],
      );
    });

    says(
      "Rejects with StoreUnavailable when the storage cannot take writes; then nothing was appended.",
      async (test) => {
        const store = await open(test);
        await store.close();
        await assert.rejects(put(store, "customer:1", "a"), StoreUnavailable);
      },
    );

    says("What was appended, in the order of the step's drafts.", async (test) => {
      const store = await open(test);
      const act = { actor: "Jo", client: "crm", trackingId: "t-1", evidence: { "10": [], "9": { z: 1, a: "ä\n" } } };
      const draft = {
        ...act,
        stream: streamOf("customer:1"),
        kind: "preferences" as const,
        document: { slots: ["a"] },
      };
      const first = change(await store.append({ reads: [], step: () => ({ append: [draft] }) }));
      const { stream, kind, document } = draft;
      assert.deepEqual(first, { ...act, stream, kind, document, at: first.at, position: 0 });
      const second = change(await put(store, "customer:1", "b"));
      assert.equal(second.previous, 0);
      assert.deepEqual(await store.newest([streamOf("customer:1")]), [second]);
    });
  });

  describe(`${name}: a step`, () => {
    says("The streams that the step will ask for; it may ask for no others.", async (test) => {
      const store = await open(test);
      const curious = store.append({
        reads: [streamOf("customer:1")],
        step: (newest) => ({ refuse: newest.change(streamOf("customer:2")) }),
      });
      await assert.rejects(curious, /only the streams that its write declares/);
    });

    says("The e-mail addresses whose owner the step will ask for, in lower case.", async (test) => {
      const store = await open(test);
      await addUser(store, { id: 5, email: "jo@example.com" });
      const ask = (emails: string[]) =>
        store.append({ reads: [], emails, step: (newest) => ({ refuse: newest.userWithEmail("jo@example.com") }) });
      assert.deepEqual(await ask(["jo@example.com"]), { refused: 5 });
      await assert.rejects(ask([]), /only for the e-mail addresses that its write declares/);
    });

    says("The kinds of directory entry for which the step will ask a free id.", async (test) => {
      const store = await open(test);
      const ask = store.append({
        reads: [],
        ids: ["user"],
        step: (newest) => ({ refuse: newest.freeId("organisation") }),
      });
      await assert.rejects(ask, /only for the kinds of id that its write declares/);
    });

    says(
      "An id under which nothing is recorded: the first such above the number of entries that there ever were of this kind.",
      async (test) => {
        const store = await open(test);
        const free = async () => {
          const answer = await store.append({
            reads: [],
            ids: ["user"],
            step: (newest) => ({ refuse: newest.freeId("user") }),
          });
          return "refused" in answer ? answer.refused : undefined;
        };
        assert.equal(await free(), 1);
        await addUser(store, { id: 3 });
        await addUser(store, { id: 4 });
        assert.equal(await free(), 5);
        await addUser(store, { id: 100 });
        assert.equal(await free(), 5);
        await put(store, user(5), "without an entry");
        assert.equal(await free(), 6);
        const spoilt = [stored(user(6), []), { ...stored(user(7), []), document: undefined }] as const;
        await assert.rejects(store.append({ reads: [], step: () => ({ append: spoilt }) }), TypeError);
        assert.equal(await free(), 6);
      },
    );

    says("The time that the step's changes will carry (RFC 3339, UTC, milliseconds).", async (test) => {
      const store = await open(test);
      let seen = "";
      const answer = await store.append({
        reads: [],
        step: ({ at }) => {
          seen = at;
          return { append: [stored("customer:1", ["a"])] };
        },
      });
      assert.match(seen, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.equal(change(answer).at, seen);
    });
  });

  describe(`${name}: reading`, () => {
    says(
      "The newest change of each stream, in the order asked; undefined for a stream without changes.",
      async (test) => {
        const store = await open(test);
        await put(store, "customer:1", "a");
        await put(store, "customer:2", "b");
        const [none, second, first] = await store.newest([
          catalogueStream,
          streamOf("customer:2"),
          streamOf("customer:1"),
        ]);
        assert.equal(none, undefined);
        assert.deepEqual([second?.position, first?.position], [1, 0]);
        assert.deepEqual(await store.newest([]), []);
      },
    );

    says("They are of one moment: no write lies between them.", async (test) => {
      const store = await open(test);
      const streams = [streamOf("customer:1"), streamOf("customer:2")];
      for (let round = 0; round < 20; round += 1) {
        const slots = [`round ${round}`];
        const writing = store.append({
          reads: [],
          step: () => ({ append: [stored("customer:1", slots), stored("customer:2", slots)] }),
        });
        const [one, other] = await store.newest(streams);
        assert.deepEqual(one?.document, other?.document);
        await writing;
      }
    });

    says("The id of the user who has this e-mail address, compared in lower case.", async (test) => {
      const store = await open(test);
      await addUser(store, { id: 5, email: "jo@example.com" });
      assert.equal(await store.userWithEmail("JO@Example.com"), 5);
      await addUser(store, { id: 5, email: "joanna@example.com" });
      assert.equal(await store.userWithEmail("jo@example.com"), undefined);
      assert.equal(await store.userWithEmail("joanna@example.com"), 5);
      const twin = addUser(store, { id: 6, email: "joanna@example.com" });
      const beside = put(store, "customer:1", "a");
      await assert.rejects(twin, "a storage takes no second user with the same e-mail address");
      assert.equal(change(await beside).position, 2);
      assert.deepEqual((await store.users({ limit: 9, offset: 0 })).entries, [{ email: "joanna@example.com", id: 5 }]);
    });

    says("Users' entries in the order of their ids, and how many there are in all.", async (test) => {
      const store = await open(test);
      for (const id of [20, 3, 100]) await addUser(store, { id });
      await addOrganisation(store, { id: 7 });
      assert.deepEqual(await store.users({ limit: 2, offset: 0 }), { entries: [{ id: 3 }, { id: 20 }], total: 3 });
      assert.deepEqual(await store.users({ limit: 2, offset: 2 }), { entries: [{ id: 100 }], total: 3 });
      assert.deepEqual(await store.users({ limit: 2, offset: 9 }), { entries: [], total: 3 });
    });

    says("Organisations' entries in the order of their ids, and how many there are in all.", async (test) => {
      const store = await open(test);
      await addUser(store, { id: 3 });
      for (const id of [20, 7]) await addOrganisation(store, { id, name: "Acme" });
      await addOrganisation(store, { id: 7, name: "Acme & Sons" });
      const entries = [
        { id: 7, name: "Acme & Sons" },
        { id: 20, name: "Acme" },
      ];
      assert.deepEqual(await store.organisations({ limit: 2, offset: 0 }), { entries, total: 2 });
      assert.deepEqual(await store.organisations({ limit: 2, offset: 1 }), { entries: entries.slice(1), total: 2 });
    });

    says(
      "The newest changes of the streams of all subjects whose document holds, or once held, this address (in its normal " +
        "form), in the order in which they first came: at most `limit`, with `after` those after this place.",
      async (test) => {
        const store = await open(test);
        const phone = "+12334545670";
        await put(store, "customer:2", "a", [phone]);
        await put(store, "customer:1", "a", [phone, "jo@example.com"]);
        await put(store, "customer:2", "b");
        await put(store, "customer:2", "c", [phone]);
        const positions = async (normal: string, limit = 9, after?: number) => {
          const found = await store.newestWithAddress(normal, limit, after);
          return found.map(({ place, change: { stream, position } }) => [place, stream, position]);
        };
        assert.deepEqual(await positions(phone), [
          [1, "customer:2", 3],
          [2, "customer:1", 1],
        ]);
        assert.deepEqual(await positions(phone, 1), [[1, "customer:2", 3]]);
        assert.deepEqual(await positions(phone, 1, 1), [[2, "customer:1", 1]]);
        assert.deepEqual(await positions(phone, 1, 2), []);
        assert.deepEqual(await positions("jo@example.com"), [[2, "customer:1", 1]]);
        assert.deepEqual(await positions("nobody@example.com"), []);
      },
    );

    says(
      "The newest preferences change of every subject, in the order in which the subjects first came; a snapshot of one " +
        "moment, read in pieces so that memory stays bounded and writes go on meanwhile.",
      async (test) => {
        const store = await open(test);
        await addUser(store, { id: 5 });
        const ids = Array.from({ length: 450 }, (_, index) => `customer:${(index * 7) % 450}` as const);
        await Promise.all(ids.map((id) => put(store, id, "before")));
        await put(store, "customer:0", "again");
        const seen: string[] = [];
        for await (const { stream, document } of store.everyPreferences()) {
          if (seen.length === 0) {
            await Promise.all([...ids, customer("late")].flatMap((id) => [put(store, id, "x"), put(store, id, "y")]));
          }
          seen.push(stream);
          const slots = stream === "customer:0" ? ["before", "again"] : ["before"];
          assert.deepEqual((document as { slots: string[] }).slots, slots);
        }
        assert.deepEqual(
          seen,
          ids.map((id) => preferencesOf(id)),
        );
      },
    );

    says(
      "The newest change of every stream of suppressions, in the order in which they first came; read in pieces, so that " +
        "writes go on meanwhile. With `after`: of those that came after this one, which has changes.",
      async (test) => {
        const store = await open(test);
        await put(store, "customer:1", "a");
        const marks = Array.from({ length: 450 }, (_, index) => `mark ${(index * 7) % 450}`);
        await Promise.all(marks.map((mark) => suppress(store, "suppression", mark, 1)));
        await suppress(store, "lift", "mark 7", 2);
        const seen: string[] = [];
        for await (const { stream, document } of store.everySuppressed()) {
          if (seen.length === 0) await suppress(store, "suppression", "late", 1);
          assert.equal(document.ever, stream === suppressionsOf("mark 7") ? 2 : 1);
          seen.push(markIn(stream));
        }
        assert.deepEqual(seen, [...marks, "late"]);
        const rest: string[] = [];
        for await (const { stream } of store.everySuppressed(suppressionsOf(marks[447] ?? "")))
          rest.push(markIn(stream));
        assert.deepEqual(rest, [marks[448], marks[449], "late"]);
      },
    );
  });

  describe(`${name}: living`, () => {
    says(
      "Resolves when the storage can be read and written; rejects with StoreUnavailable, saying why, when it cannot.",
      async (test) => {
        const store = await open(test);
        await store.check();
        await store.check();
        await store.close();
        await assert.rejects(
          store.check(),
          (error) => error instanceof StoreUnavailable && error.message === "the store is closed",
        );
      },
    );

    says("Finishes the writes that were handed over, then lets go of the storage.", async (test) => {
      const store = await open(test);
      const writing = Array.from({ length: 1100 }, (_, index) => put(store, customer(String(index)), "a"));
      await store.close();
      assert.deepEqual(
        (await Promise.all(writing)).map((answer) => change(answer).position),
        writing.map((_, index) => index),
      );
      await store.close();
      await assert.rejects(store.newest([]), StoreUnavailable);
    });
  });

  clientStoreContract(name, open, exempt);
  codeStoreContract(name, open, exempt);
  logStoreContract(name, open, exempt);
  erasureContract(name, open, says);
  followingContract(name, open, says);

  it(`${name}: every sentence of the contract that is exempt is one that the contract has`, () => {
    for (const sentence of Object.keys(exempt)) assert(says.known(sentence), sentence);
  });
}
