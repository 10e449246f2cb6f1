import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { printCheckpoint, rawPublicKey, signNote } from "../audit/checkpoint.ts";
import { RunningTree } from "../audit/tree.ts";
import { hashLeaf, openNote, parseCheckpoint, printEntry, verifyReceipt } from "../audit/verify-receipt.ts";
import type { Draft } from "../domain/change.ts";
import type { Stream } from "../domain/stream.ts";
import { openKeyFiles } from "../storage/key-files.ts";
import { openSqliteStore, type SqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { continueLog } from "./continue-log.ts";
import { type KeyFiles, KeyUnusable } from "./key-files.ts";
import { Log, LogStopped } from "./log.ts";
import { LogLost } from "./log-identity.ts";
import { RecordDamaged, StoreUnavailable } from "./store.ts";

/** Where a log is kept: what is opened there has what was kept there before. */
interface Home {
  readonly database: string;
  readonly key: string;
}

interface OpenOptions {
  readonly base?: string;
  /** Absent: nothing may go wrong. */
  readonly onError?: (error: unknown) => void;
}

/** A log on its store, both open. */
interface Opened {
  readonly store: SqliteStore;
  readonly keyFiles: KeyFiles;
  readonly log: Log;
  close(): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), "saywhen-"));
after(() => rmSync(folder, { recursive: true }));

let homes = 0;
function newHome(): Home {
  homes += 1;
  return { database: join(folder, `${homes}.db`), key: join(folder, String(homes), "log.key") };
}

async function openAt({ database, key }: Home, { base, onError = failed }: OpenOptions = {}): Promise<Opened> {
  const keyFiles = openKeyFiles(key);
  let log: Log | undefined;
  const store = await openSqliteStore({ file: database, onGroup: () => log?.follow() });
  try {
    const opened = await Log.open({
      store,
      keyFiles,
      ...(base && { base }),
      onError,
    });
    log = opened;
    const close = async () => {
      await opened.close();
      await store.close();
    };
    return { store, keyFiles, log, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function failed(error: unknown): never {
  assert.fail(String(error));
}

const inMemory: Home = { database: ":memory:", key: ":memory:" };

/** Opens a log that is closed with the test. */
async function open(test: TestContext, home: Home = inMemory, options: OpenOptions = {}): Promise<Opened> {
  const opened = await openAt(home, options);
  test.after(() => opened.close());
  return opened;
}

const stream = "customer:1" as Stream;

/** Appends so many changes, a thousand in one write. */
async function append(store: SqliteStore, count: number): Promise<void> {
  const draft: Draft = { actor: "Jo", client: "crm", stream, kind: "preferences", document: { selections: [] } };
  for (let rest = count; rest > 0; rest -= 1000) {
    const more = Array.from({ length: Math.min(rest, 1000) - 1 }, () => draft);
    await store.append({ reads: [], step: () => ({ append: [draft, ...more] }) });
  }
}

async function leavesOf(store: SqliteStore): Promise<Buffer[]> {
  return (await store.entries(0, await store.size())).map((entry) => hashLeaf(printEntry(entry)));
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const tree = new RunningTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}

/** The checkpoint that the log gives now, once it is what it must be. */
async function checked({ log, store, keyFiles }: Opened): Promise<string> {
  const size = await store.size();
  const note = await log.checkpoint();
  const checkpoint = parseCheckpoint(openNote(note, log.verifierKey));
  assert.equal(checkpoint.size, size);
  assert.deepEqual(checkpoint.root, rootOf(await leavesOf(store)));
  assert.equal(keyFiles.keptCheckpoint(), note);
  assert.deepEqual((await store.identities()).at(-1)?.checkpoint, { size, note });
  return note;
}

async function assertReceipt({ log, store }: Opened, position: number): Promise<void> {
  const receipt = await log.receipt(position);
  assert.ok(receipt !== undefined);
  const opening = await store.opening(position);
  assert.ok(typeof opening === "object");
  const { text, salt } = opening;
  const shown = `{"position":${position},"salt":"${salt.toString("base64")}","change":${text}}`;
  const verdict = verifyReceipt(receipt, log.verifierKey, shown);
  assert.ok(verdict.ok, verdict.ok ? "" : verdict.why);
  assert.equal(verdict.position, position);
}

describe("the log", () => {
  it("proves every change of any history, however it was signed and restarted between", async () => {
    const acts = fc.oneof(
      fc.integer({ min: 1, max: 150 }),
      fc.constantFrom("restart" as const, "sign" as const, "receipt" as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { maxLength: 8 }), async (history) => {
        const home = newHome();
        let opened = await openAt(home);
        await append(opened.store, 1);
        for (const act of history) {
          if (typeof act === "number") await append(opened.store, act);
          else if (act === "sign") await checked(opened);
          else if (act === "receipt") await assertReceipt(opened, (await opened.store.size()) - 1);
          else {
            await opened.close();
            opened = await openAt(home);
          }
        }
        const size = await opened.store.size();
        for (let position = 0; position < size; position += 1) await assertReceipt(opened, position);
        assert.equal(await opened.log.receipt(size), undefined);
        await checked(opened);
        await opened.close();
      }),
      { numRuns: 5 },
    );
  });

  it("gives every one of many writers at once a receipt for what it has just written", async (test) => {
    const opened = await open(test);
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        const answer = await opened.store.append({
          reads: [],
          step: () => ({ append: [{ actor: "Jo", client: "crm", stream, kind: "preferences", document: {} }] }),
        });
        assert.ok("changes" in answer);
        await assertReceipt(opened, answer.changes[0].position);
      }),
    );
  });

  it("signs once for all who wait, and not again before something was appended", async (test) => {
    const opened = await open(test);
    await append(opened.store, 3);
    const notes = await Promise.all(Array.from({ length: 50 }, () => opened.log.checkpoint()));
    assert.equal(new Set(notes).size, 1);
    assert.equal(await opened.log.checkpoint(), notes[0]);
    const [before, after] = [opened.log.checkpoint(), append(opened.store, 1).then(() => opened.log.checkpoint())];
    assert.equal(await before, notes[0]);
    assert.equal(parseCheckpoint(openNote(await after, opened.log.verifierKey)).size, 4);
  });

  it("has tiles and bundles that are what the entries come to, as far as they are signed for", async (test) => {
    const opened = await open(test);
    const { store, log } = opened;
    const size = 256 * 256 + 256 * 2 + 7;
    await append(store, size);
    await checked(opened);
    const leaves = await leavesOf(store);
    const above = Array.from({ length: 258 }, (_, index) => rootOf(leaves.slice(index * 256, index * 256 + 256)));
    const expected: [number, number, Buffer[]][] = [
      [0, 0, leaves.slice(0, 256)],
      [0, 255, leaves.slice(255 * 256, 256 * 256)],
      [0, 258, leaves.slice(258 * 256)],
      [1, 0, above.slice(0, 256)],
      [1, 1, above.slice(256)],
      [2, 0, [rootOf(leaves.slice(0, 65_536))]],
    ];
    for (const [level, index, hashes] of expected) {
      const { length } = hashes;
      assert.deepEqual(await log.tile(level, index, length), Buffer.concat(hashes));
      assert.deepEqual(await log.tile(level, index, 1), hashes[0]);
      if (length < 256) assert.equal(await log.tile(level, index, length + 1), undefined);
      assert.equal(await log.tile(level, index + 300, 1), undefined);
    }
    assert.equal(await log.tile(63, 0, 1), undefined);
    const bundle = await log.bundle(258, 7);
    const entries = await store.entries(258 * 256, size);
    assert.deepEqual(
      bundle,
      Buffer.concat(entries.map(printEntry).flatMap((bytes) => [Buffer.of(0, bytes.length), bytes])),
    );
    await append(store, 1);
    assert.equal(await log.tile(0, 258, 8), undefined);
    assert.equal(await log.bundle(258, 8), undefined);
    for (const position of [0, 65_535, 65_536, size - 1, size]) await assertReceipt(opened, position);
  });

  it("catches up in the background with what was appended before it was opened, and gives receipts meanwhile", async (test) => {
    const home = newHome();
    const before = await openSqliteStore({ file: home.database });
    await append(before, 3000);
    await before.close();
    const opened = await open(test, home);
    assert.ok((await opened.store.tiled()) < 3000);
    await assertReceipt(opened, 2999);
    await assertReceipt(opened, 0);
    assert.equal(await opened.store.tiled(), 2816);
    assert.deepEqual(opened.log.figures, { isSigning: true, size: 3000, signedSize: 3000 });
  });

  it("makes tiles of what is appended without being asked", async (test) => {
    const { store, log } = await open(test);
    await append(store, 1000);
    for (let turns = 0; turns < 1000 && (await store.tiled()) < 768; turns += 1) await new Promise(setImmediate);
    assert.equal(await store.tiled(), 768);
    assert.deepEqual(log.figures, { isSigning: true, size: 1000, signedSize: 0 });
  });

  it("derives its tiles anew when one of them is missing", async (test) => {
    const home = newHome();
    const first = await openAt(home);
    await append(first.store, 600);
    await checked(first);
    await first.close();
    tamper(home, "DELETE FROM tile WHERE level = 1");
    const second = await open(test, home);
    assert.equal(second.log.stoppedBecause, undefined);
    await assertReceipt(second, 0);
    await checked(second);
  });

  it("never proves an entry that is not the one that was signed for, nor hands it out", async (test) => {
    const home = newHome();
    const { log, store } = await open(test, home);
    await append(store, 300);
    await log.checkpoint();
    const damages: [number, string][] = [
      [3, "at = at + 1"],
      [4, "commitment = zeroblob(32)"],
      [299, "kind = 'catalogue'"],
    ];
    for (const [position, damage] of damages) {
      tamper(home, `UPDATE change SET ${damage} WHERE position = ${position}`);
      await assert.rejects(log.receipt(position), isDamaged(position));
      const [index, width] = [Math.floor(position / 256), (position % 256) + 1];
      await assert.rejects(log.bundle(index, width), isDamaged(position < 256 ? 3 : position));
      assert.ok(await log.bundle(index, 3));
      assert.ok(await log.receipt(2));
    }
  });

  it("names the entry whose time is none, and is opened over it without signing", async (test) => {
    const home = newHome();
    const first = await open(test, home);
    await append(first.store, 5);
    await first.log.checkpoint();
    tamper(home, "UPDATE change SET at = 9000000000000000 WHERE position = 3");
    await assert.rejects(first.log.receipt(3), isDamaged(3));
    await assert.rejects(first.log.bundle(0, 5), isDamaged(3));
    assert.ok(await first.log.receipt(2));
    await first.close();
    const second = await open(test, home);
    assert.match(second.log.stoppedBecause ?? "", /the first 5 are not those that were signed for.*saywhen verify/);
    await assertStopped(second);
  });

  it("says once that it cannot follow, however much is appended meanwhile", async (test) => {
    const home = newHome();
    const told: unknown[] = [];
    const { store } = await open(test, home, { onError: (error) => told.push(error) });
    tamper(home, refuseTiles);
    for (let writes = 0; writes < 5; writes += 1) {
      await append(store, 300);
      await delay(5);
    }
    assert.equal(told.length, 1);
    tamper(home, takeTiles);
    for (let tries = 0; tries < 100 && (await store.tiled()) < 1280; tries += 1) {
      await append(store, 1);
      await delay(5);
    }
    assert.ok((await store.tiled()) >= 1280);
  });

  it("signs again once tiles can be stored, also where the log ends with a full one", async (test) => {
    const home = newHome();
    const opened = await open(test, home, { onError: () => undefined });
    await append(opened.store, 200);
    await checked(opened);
    tamper(home, refuseTiles);
    await append(opened.store, 56);
    await assert.rejects(opened.log.checkpoint(), /no room/);
    await assertReceipt(opened, 199);
    tamper(home, takeTiles);
    await checked(opened);
    await assertReceipt(opened, 255);
    assert.equal(await opened.store.tiled(), 256);
  });

  it("gives out no checkpoint that could not be kept, and the next when it can be kept again", async (test) => {
    const home = newHome();
    const opened = await open(test, home);
    await append(opened.store, 1);
    rmSync(dirname(home.key), { recursive: true });
    await assert.rejects(opened.log.checkpoint(), StoreUnavailable);
    mkdirSync(dirname(home.key));
    await checked(opened);
  });

  it("signs what was not asked for when it is closed", async () => {
    const home = newHome();
    const first = await openAt(home);
    await append(first.store, 7);
    await first.close();
    const kept = openKeyFiles(home.key).keptCheckpoint() ?? "";
    assert.equal(parseCheckpoint(openNote(kept, first.log.verifierKey)).size, 7);
  });
});

describe("the log's name", () => {
  it("is the address that it is reached at, for good", async () => {
    const home = newHome();
    const first = await openAt(home, { base: "say.example.org/when+where" });
    assert.match(first.log.verifierKey, /^say\.example\.org\/when%2Bwhere\/v1\/log\+/);
    await first.close();
    const second = await openAt(home, { base: "elsewhere.example.org" });
    assert.equal(second.log.verifierKey, first.log.verifierKey);
    await second.close();
  });

  it("is unique to the key where there is no such address", async (test) => {
    const [one, other] = [await open(test), await open(test)];
    assert.match(one.log.verifierKey, /^saywhen\.invalid\/[0-9a-f]{16}\/v1\/log\+[0-9a-f]{8}\+/);
    assert.notEqual(one.log.verifierKey.split("+")[0], other.log.verifierKey.split("+")[0]);
  });
});

describe("a log that is opened", () => {
  it("begins with the key that is there already", async (test) => {
    const home = newHome();
    const key = openKeyFiles(home.key).newKey();
    const { store } = await open(test, home);
    const [identity = assert.fail()] = await store.identities();
    assert.deepEqual(identity.publicKey, rawPublicKey(key));
  });

  it("takes a name that no log of its key can have had, where the key was there before", async (test) => {
    const home = newHome();
    openKeyFiles(home.key).newKey();
    const [one, other] = [await open(test, home), await open(test, { ...newHome(), key: home.key })];
    const [[first = assert.fail()], [second = assert.fail()]] = [
      await one.store.identities(),
      await other.store.identities(),
    ];
    assert.match(first.origin, /\/v1\/log\/[0-9a-f]{8}$/);
    assert.notEqual(first.origin, second.origin);
    assert.equal(one.log.branch, first.origin.slice(-8));
    const { origin } = await continueLog(one.store, one.keyFiles);
    assert.equal(origin.slice(0, -8), first.origin.slice(0, -8), "one part behind the first, not two");
  });

  it("is refused when its key is missing, or another one", async () => {
    const home = newHome();
    await (await openAt(home)).close();
    rmSync(home.key);
    await assert.rejects(openAt(home), {
      name: "KeyUnusable",
      message: /log\.key.*SAYWHEN_KEY.*log continue --new-key/,
    });
    openKeyFiles(home.key).newKey();
    await assert.rejects(
      openAt(home),
      (error) => error instanceof KeyUnusable && /log\.key is not the key/.test(error.message),
    );
  });

  it("is refused when its key has signed a log that the database does not hold", async () => {
    const home = newHome();
    const first = await openAt(home);
    await append(first.store, 3);
    await first.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${home.database}${suffix}`, { force: true });
    await assert.rejects(
      openAt(home),
      (error) => error instanceof LogLost && /of size 3,.*Restore.*move/.test(error.message),
    );
    const other = await openSqliteStore({ file: home.database });
    await append(other, 9);
    await other.close();
    await assert.rejects(openAt(home), LogLost);
    await openKeyFiles(home.key).keepCheckpoint("damaged\n");
    await assert.rejects(openAt(home), (error) => error instanceof LogLost && /is damaged/.test(error.message));
  });

  it("signs nothing when the database was set back, and says so", async (test) => {
    const home = newHome();
    const restored = await setBack(home, { kept: 600, more: 400, signed: 1000 });
    test.after(() => restored.close());
    assert.match(restored.log.stoppedBecause ?? "", /600 entries and 1000 were signed.*saywhen log continue/);
    await assertStopped(restored);
    assert.equal(parseCheckpoint(restored.keyFiles.keptCheckpoint()?.split("\n\n")[0] + "\n").size, 1000);
  });

  it("signs nothing when other entries were signed for, and says so", async (test) => {
    const home = newHome();
    await (await setBack(home, { kept: 600, more: 10, signed: 610 })).close();
    const store = await openSqliteStore({ file: home.database });
    await append(store, 50);
    await store.close();
    const opened = await open(test, home);
    assert.match(opened.log.stoppedBecause ?? "", /650 entries, and the first 610.*verify.*rebuild.*log continue/);
    await assertStopped(opened);
  });

  it("signs nothing when the kept checkpoint is of a log that the database does not know, until it goes on", async () => {
    const home = newHome();
    const first = await openAt(home);
    await append(first.store, 3);
    await first.close();
    const key = first.keyFiles.privateKey() ?? assert.fail();
    const text = printCheckpoint({ origin: "later", size: 2, root: Buffer.alloc(32) });
    for (const note of [signNote(text, "later", key), "damaged\n", ""]) {
      await first.keyFiles.keepCheckpoint(note);
      const opened = await openAt(home);
      assert.match(
        opened.log.stoppedBecause ?? "",
        /damaged, or of a log that this database does not know.*log continue/,
      );
      await assertStopped(opened);
      await opened.close();
    }
    await first.keyFiles.keepCheckpoint(signNote(text, "later", key));
    const store = await openSqliteStore({ file: home.database });
    await continueLog(store, first.keyFiles);
    await store.close();
    const opened = await openAt(home);
    await checked(opened);
    await opened.close();
  });

  it("signs again once it goes on under a new name, whatever is kept of the names before", async (test) => {
    const home = newHome();
    const restored = await setBack(home, { kept: 600, more: 400, signed: 1000 });
    await continueLog(restored.store, restored.keyFiles);
    await restored.close();
    const opened = await openAt(home);
    assert.equal(opened.log.stoppedBecause, undefined);
    await checked(opened);
    await opened.close();
    const again = await open(test, home);
    await assertReceipt(again, 0);
  });
});

/** A log that was put back to where it had `kept` entries, after `more` were appended and signed for. */
async function setBack(home: Home, { kept, more, signed }: { kept: number; more: number; signed: number }) {
  const first = await openAt(home);
  await append(first.store, kept);
  await first.close();
  copyFileSync(home.database, `${home.database}.backup`);
  const second = await openAt(home);
  await append(second.store, more);
  assert.equal(parseCheckpoint(openNote(await second.log.checkpoint(), second.log.verifierKey)).size, signed);
  await second.close();
  copyFileSync(`${home.database}.backup`, home.database);
  return openAt(home);
}

async function assertStopped({ log, store }: Opened): Promise<void> {
  assert.equal(log.figures.isSigning, false);
  await assert.rejects(log.checkpoint(), LogStopped);
  await assert.rejects(log.receipt(0), LogStopped);
  await assert.rejects(log.tile(0, 0, 1), LogStopped);
  await assert.rejects(log.bundle(0, 1), LogStopped);
  await append(store, 300);
  await assert.rejects(log.checkpoint(), LogStopped);
}

/** What a full disk does to tiles, and only to them. */
const refuseTiles = "CREATE TRIGGER full BEFORE INSERT ON tile BEGIN SELECT RAISE(ABORT, 'no room'); END";
const takeTiles = "DROP TRIGGER full";

function isDamaged(position: number): (error: unknown) => boolean {
  return (error) => error instanceof RecordDamaged && error.position === position;
}

/** Changes a database behind the store's back. */
function tamper({ database }: Home, sql: string): void {
  const db = new DatabaseSync(database);
  db.exec(sql);
  db.close();
}
