import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { rawPublicKey } from "../audit/checkpoint.ts";
import { draft } from "../domain/change.ts";
import { entryOf, preferencesOf, type Stream } from "../domain/stream.ts";
import { customer, organisation, user } from "../domain/subject.ts";
import { openKeyFiles } from "../storage/key-files.ts";
import { openSqliteStore, type SqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { continueLog } from "./continue-log.ts";
import { eraseSubject } from "./erase-subject.ts";
import { eraseAgain, noteErasure } from "./erasure-book.ts";
import type { KeyFiles } from "./key-files.ts";

const act = { actor: "Jo", client: "crm" };
const start = Date.parse("2026-03-03T14:05:00.123Z");

/** A store with a clock that stands still until it is set, and its book; while it is restored nothing is booked. */
async function opened(test: TestContext, keyFiles: KeyFiles = keyInMemory(), isRestoring = false) {
  const clock = { now: start };
  const store = await openSqliteStore({
    file: ":memory:",
    clock: () => clock.now,
    ...(isRestoring ? undefined : { onErasure: (erased) => noteErasure(keyFiles, erased) }),
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

/** How many subjects are erased again, where every line of the book can be read. */
async function erasedAgain(store: SqliteStore, keyFiles: KeyFiles): Promise<number> {
  const { erased, unreadable } = await eraseAgain(store, keyFiles, act);
  assert.equal(unreadable, 0);
  return erased;
}

describe("the book of erasures", () => {
  it("has a line for each: position, time, a sign of the key, and the keyed hash of the subject", async (test) => {
    const { store, keyFiles } = await opened(test);
    await put(store, preferencesOf(customer("00123")));
    await put(store, entryOf(user(5)), { id: 5 });
    await eraseSubject(store, customer("00123"), act);
    await eraseSubject(store, user(5), act);
    const secret = keyFiles.secret("erasures");
    const sign = createHash("sha256").update(secret).digest("hex").slice(0, 8);
    const hash = (name: string) => createHmac("sha256", secret).update(name).digest("base64");
    assert.deepEqual(keyFiles.erasures(), [
      `2 2026-03-03T14:05:00.123Z ${sign} ${hash("customer:00123")}`,
      `3 2026-03-03T14:05:00.123Z ${sign} ${hash("user:5")}`,
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
    assert.equal(await erasedAgain(backup, keyFiles), 3);
    for (const stream of [preferencesOf(customer("1")), entryOf(user(5)), entryOf(organisation(3))]) {
      assert.equal(await isKnown(backup, stream), false, stream);
    }
    assert(await isKnown(backup, preferencesOf(customer("2"))));
    assert.equal(await backup.userWithEmail("jo@example.com"), undefined);
    assert.equal(await erasedAgain(backup, keyFiles), 0);
  });

  it("leaves whoever came back after the erasure", async (test) => {
    const { store, clock, keyFiles } = await opened(test);
    const [one, two] = [customer("1"), customer("2")];
    await put(store, preferencesOf(one));
    await eraseSubject(store, one, act);
    // In the same millisecond the position tells.
    await put(store, preferencesOf(one));
    assert.equal(await erasedAgain(store, keyFiles), 0);
    clock.now += 1;
    await eraseSubject(store, one, act);

    // After a restore, positions are given out again: there the time tells.
    const { store: restored, clock: later } = await opened(test, keyFiles);
    later.now = clock.now + 1;
    await put(restored, preferencesOf(one));
    await put(restored, preferencesOf(two));
    assert.equal(await erasedAgain(restored, keyFiles), 0);
    // Only an entry is older than the erasure: its preferences are not.
    await put(store, entryOf(user(5)), { id: 5 });
    await eraseSubject(store, user(5), act);
    const { store: mixed, clock: mixedClock } = await opened(test, keyFiles);
    await put(mixed, entryOf(user(5)), { id: 5 });
    mixedClock.now += 1000;
    await put(mixed, preferencesOf(user(5)));
    assert.equal(await erasedAgain(mixed, keyFiles), 0);
  });

  it("knows whoever came back after a restore, though the clock ran ahead when they were erased", async (test) => {
    const { store, clock, keyFiles } = await opened(test);
    const one = preferencesOf(customer("1"));
    await put(store, one);
    clock.now = Date.parse("2030-01-01T00:00:00Z");
    await eraseSubject(store, customer("1"), act);

    for (const holdsThem of [true, false]) {
      const { store: restored, clock: later } = await restoredStore(test, keyFiles, holdsThem ? [one] : []);
      assert.equal(await erasedAgain(restored, keyFiles), holdsThem ? 1 : 0);
      await continueLog(restored, keyFiles);
      later.now += 1000;
      await put(restored, one);
      assert.equal(await erasedAgain(restored, keyFiles), 0, "their no is older by the clock only");
    }
  });

  it("takes nothing from a database that is restored after another one was, in which somebody was erased again", async (test) => {
    const { store, clock, keyFiles } = await opened(test);
    const one = preferencesOf(customer("1"));
    await put(store, one);
    clock.now += 1000;
    await eraseSubject(store, customer("1"), act);
    clock.now += 1000;
    await put(store, one);
    // A backup of before the erasure is restored, twice, by mistake; then what was there before is put back.
    for (const _ of [1, 2]) {
      const { store: old, clock: later } = await restoredStore(test, keyFiles, [one]);
      later.now = clock.now + 5000;
      assert.equal(await erasedAgain(old, keyFiles), 1);
      assert(!(await isKnown(old, one)));
    }
    assert.equal(await erasedAgain(store, keyFiles), 0);
  });

  it("erases who was erased twice as they were before either erasure, and not as they are after the second", async (test) => {
    const { store, clock, keyFiles } = await opened(test);
    const one = preferencesOf(customer("1"));
    const backups = [];
    for (const expected of [1, 1, 0]) {
      await put(store, one);
      const backup = await opened(test, keyFiles);
      backup.clock.now = clock.now;
      for (let size = await store.size(); size > 1; size -= 1) await put(backup.store, preferencesOf(customer("2")));
      await put(backup.store, one);
      backups.push({ backup: backup.store, expected });
      clock.now += 1000;
      if (expected === 1) await eraseSubject(store, customer("1"), act);
      clock.now += 1000;
    }
    for (const { backup, expected } of backups) assert.equal(await erasedAgain(backup, keyFiles), expected);
  });

  it("takes nothing from a database that holds the erasures themselves, however the clock was set", async (test) => {
    const { store, clock, keyFiles } = await opened(test);
    const one = preferencesOf(customer("1"));
    await put(store, one);
    clock.now = Date.parse("2030-01-01T00:00:00Z");
    await eraseSubject(store, customer("1"), act);
    clock.now = start;
    await put(store, one);
    assert.equal(await erasedAgain(store, keyFiles), 0);
    assert(await isKnown(store, one));
  });

  it("goes by the times where an older copy of the book was put in its place", async (test) => {
    const { store, clock, keyFiles } = await opened(test);
    await put(store, preferencesOf(customer("2")));
    await signed(store, keyFiles);
    const takeBack = noteErasure(keyFiles, { streams: [preferencesOf(customer("3"))], position: 1, at: timeAt(clock) });
    await continueLog(store, keyFiles);
    takeBack();
    clock.now += 1000;
    await put(store, preferencesOf(customer("1")));
    clock.now += 1000;
    noteErasure(keyFiles, { streams: [preferencesOf(customer("1"))], position: 9, at: timeAt(clock) });
    assert.equal(await erasedAgain(store, keyFiles), 1);
  });

  it("counts the lines that a crash has cut off, and those that were written with another key", async (test) => {
    const { store, keyFiles } = await opened(test);
    await put(store, preferencesOf(customer("1")));
    noteErasure(keyFiles, { streams: [preferencesOf(customer("1"))], position: 9, at: "2026-03-03T14:05:00.124Z" });
    const [line = ""] = keyFiles.erasures();
    const other = keyInMemory();
    for (const cut of ["9", line.slice(0, -1), line.replace("2026", "year"), line]) other.addErasure(cut);
    assert.deepEqual(await eraseAgain(store, other, act), { erased: 0, lines: 4, unreadable: 4 });
    const none = openKeyFiles(":memory:");
    none.addErasure(line);
    assert.deepEqual(await eraseAgain(store, none, act), { erased: 0, lines: 1, unreadable: 1 });
    keyFiles.newKey();
    assert.equal(await erasedAgain(store, keyFiles), 1);
  });

  it("takes the lines of an erasure back that comes to nothing", () => {
    const keyFiles = keyInMemory();
    const erased = { position: 9, at: "2026-03-03T14:05:00.124Z" };
    const streams = [preferencesOf(customer("1")), preferencesOf(customer("2")), entryOf(user(5))];
    noteErasure(keyFiles, { ...erased, streams: [preferencesOf(customer("4"))] });
    const takeBack = noteErasure(keyFiles, { ...erased, streams });
    assert.equal(keyFiles.erasures().length, 4);
    takeBack();
    assert.equal(keyFiles.erasures().length, 1);
  });
});

/** A backup from before what the book is about: signed for, with a change of each stream. */
async function restoredStore(test: TestContext, keyFiles: KeyFiles, streams: readonly Stream[]) {
  const restored = await opened(test, keyFiles, true);
  for (const stream of [preferencesOf(customer("9")), ...streams]) await put(restored.store, stream);
  await signed(restored.store, keyFiles);
  return restored;
}

/** Gives the log an identity. */
async function signed(store: SqliteStore, keyFiles: KeyFiles): Promise<void> {
  const publicKey = rawPublicKey(keyFiles.privateKey() ?? keyFiles.newKey());
  await store.addIdentity({ origin: "example.com/v1/log", publicKey, since: 0 }, 0);
}

function timeAt({ now }: { readonly now: number }): string {
  return new Date(now).toISOString();
}
