import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { draft } from "../domain/change.ts";
import { entryOf, preferencesOf, type Stream } from "../domain/stream.ts";
import { customer, organisation, user } from "../domain/subject.ts";
import { openKeyFiles } from "../storage/key-files.ts";
import { openSqliteStore, type SqliteStore } from "../storage/sqlite-store.ts";
import { eraseSubject } from "./erase-subject.ts";
import { eraseAgain, noteErasure } from "./erasure-book.ts";
import type { KeyFiles } from "./key-files.ts";

const act = { actor: "Jo", client: "crm" };
const start = Date.parse("2026-03-03T14:05:00.123Z");

/** A store with a clock that stands still until it is set, and its book. */
async function opened(test: TestContext, keyFiles: KeyFiles = keyInMemory()) {
  const clock = { now: start };
  const store = await openSqliteStore({
    file: ":memory:",
    clock: () => clock.now,
    onErasure: (erased) => noteErasure(keyFiles, erased),
  });
  test.after(() => store.close());
  return { store, clock, keyFiles };
}

function keyInMemory(): KeyFiles {
  const keyFiles = openKeyFiles(":memory:");
  keyFiles.newKey();
  return keyFiles;
}

async function put(store: SqliteStore, stream: Stream, document: unknown = { selections: [] }): Promise<void> {
  const kind = stream.startsWith("directory/") ? "directory" : "preferences";
  await store.append({ reads: [], step: () => ({ append: [draft(act, kind, stream, document)] }) });
}

async function isKnown(store: SqliteStore, stream: Stream): Promise<boolean> {
  const [newest] = await store.newest([stream]);
  return newest !== undefined;
}

describe("the book of erasures", () => {
  it("has a line for each: position, time, and the keyed hash of the subject as it is printed", async (test) => {
    const { store, keyFiles } = await opened(test);
    await put(store, preferencesOf(customer("00123")));
    await put(store, entryOf(user(5)), { id: 5 });
    await eraseSubject(store, customer("00123"), act);
    await eraseSubject(store, user(5), act);
    const hash = (name: string) => createHmac("sha256", keyFiles.secret("erasures")).update(name).digest("base64");
    assert.deepEqual(keyFiles.erasures(), [
      `2 2026-03-03T14:05:00.123Z ${hash("customer:00123")}`,
      `3 2026-03-03T14:05:00.123Z ${hash("user:5")}`,
    ]);
  });

  it("holds up an erasure that it cannot take: then nothing is erased", async (test) => {
    const { store } = await opened(test, openKeyFiles(":memory:"));
    await put(store, preferencesOf(customer("1")));
    await assert.rejects(eraseSubject(store, customer("1"), act), { name: "KeyUnusable" });
    assert(await isKnown(store, preferencesOf(customer("1"))));
    assert.equal(await store.size(), 1);
  });

  it("erases everybody again who was erased after a backup, by preferences or by entry alone", async (test) => {
    const { store, clock, keyFiles } = await opened(test);
    const backup = (await opened(test, keyFiles)).store;
    for (const each of [store, backup]) {
      await put(each, preferencesOf(customer("1")));
      await put(each, preferencesOf(customer("2")));
      await put(each, entryOf(user(5)), { email: "jo@example.com", id: 5 });
      await put(each, preferencesOf(user(5)));
      await put(each, entryOf(organisation(3)), { id: 3 });
    }
    for (const subject of [customer("1"), user(5), organisation(3)]) {
      clock.now += 1000;
      await eraseSubject(store, subject, act);
    }
    assert.equal(await eraseAgain(backup, keyFiles, act), 3);
    for (const stream of [preferencesOf(customer("1")), entryOf(user(5)), entryOf(organisation(3))]) {
      assert.equal(await isKnown(backup, stream), false, stream);
    }
    assert(await isKnown(backup, preferencesOf(customer("2"))));
    assert.equal(await backup.userWithEmail("jo@example.com"), undefined);
    assert.equal(await eraseAgain(backup, keyFiles, act), 0);
  });

  it("leaves whoever came back after the erasure", async (test) => {
    const { store, clock, keyFiles } = await opened(test);
    const [one, two] = [customer("1"), customer("2")];
    await put(store, preferencesOf(one));
    await eraseSubject(store, one, act);
    // In the same millisecond the position tells.
    await put(store, preferencesOf(one));
    assert.equal(await eraseAgain(store, keyFiles, act), 0);
    clock.now += 1;
    await eraseSubject(store, one, act);

    // After a restore, positions are given out again: there the time tells.
    const { store: restored, clock: later } = await opened(test, keyFiles);
    later.now = clock.now + 1;
    await put(restored, preferencesOf(one));
    await put(restored, preferencesOf(two));
    assert.equal(await eraseAgain(restored, keyFiles, act), 0);
    // Only an entry is older than the erasure: its preferences are not.
    await put(store, entryOf(user(5)), { id: 5 });
    await eraseSubject(store, user(5), act);
    const { store: mixed, clock: mixedClock } = await opened(test, keyFiles);
    await put(mixed, entryOf(user(5)), { id: 5 });
    mixedClock.now += 1000;
    await put(mixed, preferencesOf(user(5)));
    assert.equal(await eraseAgain(mixed, keyFiles, act), 0);
  });

  it("passes over lines that a crash has cut off, and others' lines", async (test) => {
    const { store, keyFiles } = await opened(test);
    await put(store, preferencesOf(customer("1")));
    noteErasure(keyFiles, { streams: [preferencesOf(customer("1"))], position: 9, at: "2026-03-03T14:05:00.124Z" });
    const [line = ""] = keyFiles.erasures();
    const other = keyInMemory();
    for (const cut of ["", "9", line.slice(0, -1), line.replace("2026", "year"), `${line.slice(0, -2)}B=`]) {
      other.addErasure(cut);
    }
    assert.equal(await eraseAgain(store, other, act), 0);
    assert.equal(await eraseAgain(store, keyFiles, act), 1);
  });
});
