import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { temporaryFolder } from "../../test/support/service.ts";
import { draft } from "../domain/change.ts";
import { entryOf, preferencesOf, type Stream } from "../domain/stream.ts";
import { customer, type Subject, user } from "../domain/subject.ts";
import { openSqliteStore, type SqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { eraseSubject } from "./erase-subject.ts";
import { exportSubject } from "./export-subject.ts";
import { RecordDamaged } from "./store.ts";

const act = { actor: "Jo", client: "crm", trackingId: "call of 1", evidence: { source: "1" } };
const jo = customer("1");

async function put(store: SqliteStore, stream: Stream, document: unknown): Promise<number> {
  const kind = stream.startsWith("directory/") ? "directory" : "preferences";
  const answer = await store.append({ reads: [], step: () => ({ append: [draft(act, kind, stream, document)] }) });
  assert("changes" in answer);
  return answer.changes[0].position;
}

const choose = (store: SqliteStore, subject: Subject) => put(store, preferencesOf(subject), { selections: [] });

async function opened(test: TestContext, file = ":memory:"): Promise<SqliteStore> {
  const store = await openSqliteStore({ file });
  test.after(() => store.close());
  return store;
}

describe("erasing a subject", () => {
  it("takes preferences and directory entry, and records nothing but positions and who did it", async (test) => {
    const store = await opened(test);
    await put(store, entryOf(user(5)), { email: "jo@example.com", id: 5 });
    await choose(store, jo);
    await choose(store, user(5));
    assert.deepEqual(await eraseSubject(store, user(5), act), { value: { change: 3, erased: 2 } });
    const opening = await store.opening(3);
    assert(typeof opening === "object");
    const { at } = opening.change;
    const text = `{"actor":"Jo","at":"${at}","client":"crm","document":{"positions":[0,2]},"kind":"erasure","stream":"erasures"}`;
    assert.equal(opening.text, text);
    assert.deepEqual(await eraseSubject(store, user(5), act), {
      rejected: { problem: "subject-unknown", faults: [] },
    });
    assert.equal((await store.newest([preferencesOf(jo)]))[0]?.position, 1);
  });

  it("stands before or after each write beside it, never in between", async (test) => {
    const store = await opened(test);
    await choose(store, jo);
    const writes = Array.from({ length: 200 }, (_, index) => {
      return index % 50 === 25 ? eraseSubject(store, jo, act) : choose(store, jo);
    });
    const outcomes = await Promise.all(writes);
    const erasures = outcomes.flatMap((outcome) => {
      return typeof outcome === "object" && "value" in outcome ? [outcome.value] : [];
    });
    const last = Math.max(...erasures.map(({ change }) => change));
    const positions = outcomes.filter((outcome) => typeof outcome === "number");
    for (const position of [0, ...positions]) {
      const opening = await store.opening(position);
      assert(position < last ? opening === "erased" : typeof opening === "object", String(position));
      if (typeof opening === "object") assert.equal(opening.change.previous, previousOf(position, positions, last));
    }
    // One that comes behind others may find nothing that they have left.
    assert(erasures.length >= 1);
    assert.equal(
      erasures.reduce((sum, { erased }) => sum + erased, 0),
      positions.filter((position) => position < last).length + 1,
    );
  });
});

function previousOf(position: number, positions: readonly number[], last: number): number | undefined {
  const before = positions.filter((each) => each < position && each > last);
  return before.length === 0 ? undefined : Math.max(...before);
}

describe("erasing a subject whose record is damaged", () => {
  const damages = {
    "the text of its newest change": "UPDATE change SET body = replace(body, 'Jo', 'Al') WHERE position = 3",
    "the text of its first change": "UPDATE change SET body = '?' || substr(body, 2) WHERE position = 0",
    "the way from its newest change to those before": "UPDATE change SET previous = 1 WHERE position = 3",
    "a way that leads nowhere": "UPDATE change SET previous = 9007199254740993 WHERE position = 3",
    "where its newest change is": "UPDATE stream SET head = 1 WHERE head = 3",
  };
  for (const [what, sql] of Object.entries(damages)) {
    it(`erases all of it, also with damage to ${what}`, async () => {
      using folder = temporaryFolder();
      const file = join(folder.path, "saywhen.db");
      const first = await openSqliteStore({ file });
      for (const subject of [jo, customer("2"), jo, jo]) await choose(first, subject);
      await first.close();
      using db = new DatabaseSync(file);
      assert.equal(db.prepare(sql).run().changes, 1);
      const store = await openSqliteStore({ file });
      await using _ = { [Symbol.asyncDispose]: () => store.close() };
      assert.deepEqual(await eraseSubject(store, jo, act), { value: { change: 4, erased: 3 } });
      for (const position of [0, 2, 3]) assert.equal(await store.opening(position), "erased");
      assert.equal((await store.newest([preferencesOf(customer("2"))]))[0]?.position, 1);
      assert.equal(await choose(store, jo), 5);
      assert.deepEqual((await store.history(preferencesOf(jo), 9))?.length, 1);
    });
  }
});

describe("exporting a subject", () => {
  it("reads as it is read from, and does not pass off a part as the whole when the rest is erased", async (test) => {
    const store = await opened(test);
    const address = { normal: "jo@example.com" };
    for (const selections of [[address], []]) await put(store, preferencesOf(jo), { selections });
    for (let index = 0; index < 100; index += 1) await choose(store, jo);
    const outcome = await exportSubject(store, jo, Date.parse("2026-03-03T14:05:00.123Z"));
    assert("value" in outcome);
    const { exportedAt, preferences, entry, changes, addresses } = outcome.value;
    assert.deepEqual(
      [exportedAt, preferences?.position, entry, addresses.size],
      ["2026-03-03T14:05:00.123Z", 101, undefined, 0],
    );
    const seen: number[] = [];
    const reading = async () => {
      for await (const { change } of changes) {
        if (seen.push(change.position) === 60) await eraseSubject(store, jo, act);
      }
    };
    await assert.rejects(reading, /erased meanwhile/);
    assert.deepEqual(
      seen,
      Array.from({ length: 60 }, (_, index) => index),
    );
    assert.deepEqual([...addresses], ["jo@example.com"]);
    assert("rejected" in (await exportSubject(store, jo, Date.now())));
  });

  it("hands out nothing that is damaged", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    const store = await openSqliteStore({ file });
    await using _ = { [Symbol.asyncDispose]: () => store.close() };
    for (let index = 0; index < 3; index += 1) await choose(store, jo);
    using db = new DatabaseSync(file);
    db.exec("UPDATE change SET body = replace(body, 'Jo', 'Al') WHERE position = 1");
    const outcome = await exportSubject(store, jo, Date.now());
    assert("value" in outcome);
    await assert.rejects(async () => {
      for await (const { change } of outcome.value.changes) assert.equal(change.position, 0);
    }, RecordDamaged);
  });
});
