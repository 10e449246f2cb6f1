import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { printCheckpoint, rawPublicKey, signNote, verifierKeyOf } from "../audit/checkpoint.ts";
import { canonicalJson, openNote, parseCheckpoint } from "../audit/verify-receipt.ts";
import { draft } from "../domain/change.ts";
import { logStream, type Stream } from "../domain/stream.ts";
import { makeKey, openKeyFiles } from "../storage/key-files.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { continueLog, NothingToContinue } from "./continue-log.ts";
import { KeyUnusable } from "./key-files.ts";
import { Log, LogStopped } from "./log.ts";
import type { Opening, Records } from "./store.ts";

const act = { actor: "Jo", client: "crm" };

/** A log with one change, signed for under its first name. */
async function signedLog(test: TestContext) {
  const store = await openSqliteStore({ file: ":memory:" });
  test.after(() => store.close());
  const keyFiles = openKeyFiles(":memory:");
  const add = (subject: string) =>
    store.append({
      reads: [],
      step: () => ({ append: [draft(act, "preferences", subject as Stream<object>, { subject })] }),
    });
  /** The newest checkpoint, signed by whoever the log is now. */
  const sign = async (): Promise<{ key: string; note: string }> => {
    const log = await Log.open({
      store,
      keyFiles,
      base: "example.com",
      onError: (error) => assert.fail(String(error)),
    });
    try {
      return { key: log.verifierKey, note: await log.checkpoint() };
    } finally {
      await log.close();
    }
  };
  const continuation = async () => (await store.newest([logStream]))[0];
  await add("customer:1");
  return { store, keyFiles, add, sign, continuation, first: await sign() };
}

async function openingAt(store: Records, position: number): Promise<Opening> {
  const opening = await store.opening(position);
  assert(opening !== undefined && opening !== "erased");
  return opening;
}

describe("continuing the log", () => {
  it("goes on under a new name, with an entry that names the key and the last checkpoint before", async (test) => {
    const { store, keyFiles, add, sign, continuation, first } = await signedLog(test);
    await add("customer:2");
    const { origin, verifierKey, position } = await continueLog(store, keyFiles);
    assert.match(origin, /^example\.com\/v1\/log\/[0-9a-f]{8}$/);
    assert.equal(position, 2);
    assert.deepEqual((await continuation())?.document, {
      keptCheckpoint: createHash("sha256").update(first.note).digest("base64"),
      key: verifierKey,
      lastCheckpoint: first.note,
      previousKey: first.key,
    });
    assert.equal((await store.identities())[1]?.since, 3);
    const { key, note } = await sign();
    assert.equal(key, verifierKey);
    assert.deepEqual(parseCheckpoint(openNote(note, key)).size, 3);
    assert.equal(keyFiles.keptCheckpoint(), note);
  });

  it("says what stood beside the key, in canonical JSON; nothing of what was not there", async (test) => {
    const { store, keyFiles, continuation, first } = await signedLog(test);
    keyFiles.addErasure("one");
    keyFiles.addErasure("two");
    await continueLog(store, keyFiles);
    const { document } = (await continuation()) ?? assert.fail();
    assert.equal(document.lastErasure, createHash("sha256").update("two").digest("base64"));
    const { change, text } = await openingAt(store, 1);
    assert.equal(text, canonicalJson({ ...change, position: undefined, previous: undefined }));

    const bare = openKeyFiles(":memory:");
    bare.newKey();
    const { verifierKey } = await continueLog(store, bare);
    const { lastCheckpoint, ...said } = (await continuation())?.document ?? assert.fail();
    const previousKey = document.key;
    assert.deepEqual(said, { key: verifierKey, previousKey });
    assert.equal(lastCheckpoint, undefined, `nothing was signed after ${first.key}`);
  });

  it("goes on with a private key that is handed over, and leaves the one in the file alone", async (test) => {
    const { store, keyFiles, continuation, sign } = await signedLog(test);
    const [before, key] = [keyFiles.privateKey(), makeKey()];
    const { verifierKey, origin } = await continueLog(store, keyFiles, { newKey: key });
    assert.equal(keyFiles.privateKey(), before);
    assert.equal(verifierKey, verifierKeyOf(origin, rawPublicKey(key)));
    assert.equal((await continuation())?.document.key, verifierKey);
    await assert.rejects(sign(), KeyUnusable);
    keyFiles.putKey(key);
    assert.equal((await sign()).key, verifierKey);
  });

  it("lets what it saw beside the key stand there until it has signed itself, and nothing else", async (test) => {
    const { store, keyFiles, add, sign } = await signedLog(test);
    const elsewhere = await signedLog(test);
    for (const kept of [elsewhere.first.note, "damaged", ""]) {
      await keyFiles.keepCheckpoint(kept);
      await continueLog(store, keyFiles);
      await keyFiles.keepCheckpoint(`${kept}.`);
      await assert.rejects(sign(), LogStopped);
      await keyFiles.keepCheckpoint(kept);
      const { note } = await sign();
      await keyFiles.keepCheckpoint(kept);
      await add("customer:2");
      assert.notEqual((await sign()).note, note, "it was cut short between signing and keeping");
    }
  });

  it("names the kept checkpoint where it shows more than the database's own", async (test) => {
    const { store, keyFiles, continuation } = await signedLog(test);
    const key = keyFiles.privateKey();
    assert(key !== undefined);
    const origin = "example.com/v1/log";
    const note = signNote(printCheckpoint({ origin, size: 9, root: Buffer.alloc(32) }), origin, key);
    await keyFiles.keepCheckpoint(note);
    await continueLog(store, keyFiles);
    assert.equal((await continuation())?.document.lastCheckpoint, note);
  });

  it("is done once when two ask for it at the same time", async (test) => {
    const { store, keyFiles, sign } = await signedLog(test);
    const both = await Promise.allSettled([continueLog(store, keyFiles), continueLog(store, keyFiles)]);
    const done = both.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const refused = both.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    assert.equal(done.length, 1);
    assert(refused[0] instanceof NothingToContinue);
    const identities = await store.identities();
    assert.deepEqual([identities.length, identities[1]?.origin], [2, done[0]?.origin]);
    assert.equal((await sign()).key, done[0]?.verifierKey);
  });

  it("gives the first name another ending each time, whatever the name was", async (test) => {
    const { store, keyFiles } = await signedLog(test);
    const origins = [(await continueLog(store, keyFiles)).origin, (await continueLog(store, keyFiles)).origin];
    for (const origin of origins) assert.match(origin, /^example\.com\/v1\/log\/[0-9a-f]{8}$/);
    assert.notEqual(origins[0], origins[1]);
  });

  it("takes a new key on, and leaves what is derived from the first one as it was", async (test) => {
    const { store, keyFiles, sign, continuation, first } = await signedLog(test);
    const secret = keyFiles.secret("erasures");
    await continueLog(store, keyFiles, { newKey: true });
    const [before, now] = await store.identities();
    assert(before !== undefined && now !== undefined && !before.publicKey.equals(now.publicKey));
    assert.equal((await continuation())?.document.previousKey, first.key);
    assert.equal((await sign()).key, verifierKeyOf(now.origin, now.publicKey));
    assert.deepEqual(keyFiles.secret("erasures"), secret);
  });

  it("is mended by another one, wherever it was cut short", async (test) => {
    const { store, keyFiles, sign, first } = await signedLog(test);
    keyFiles.newKey();
    await assert.rejects(sign(), KeyUnusable, "a new key only: nothing is signed");
    await continueLog(store, keyFiles);
    const once = await sign();

    const document = { key: `${first.key}0`, previousKey: once.key };
    await store.append({ reads: [], step: () => ({ append: [draft(act, "continuation", logStream, document)] }) });
    assert.equal((await sign()).key, once.key, "an entry only: the identity before goes on");
    const { verifierKey } = await continueLog(store, keyFiles);
    assert.equal((await sign()).key, verifierKey);
  });

  it("has nothing to continue where nothing was signed, and says when there is no key", async (test) => {
    const store = await openSqliteStore({ file: ":memory:" });
    test.after(() => store.close());
    await assert.rejects(continueLog(store, openKeyFiles(":memory:")), NothingToContinue);
    const other = await signedLog(test);
    await assert.rejects(continueLog(other.store, openKeyFiles(":memory:")), /make a new one with --new-key/);
    assert.equal(await other.store.size(), 1);
  });
});
