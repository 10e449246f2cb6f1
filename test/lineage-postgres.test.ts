import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { Log, LogStopped } from "../src/service/log.ts";
import { whyStopped } from "../src/service/why-stopped.ts";
import { openKeyFiles } from "../src/storage/key-files.ts";
import { openPostgresStore, type PostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { act, historyIn } from "./support/history.ts";
import { copyOf, newDatabase } from "./support/postgres.ts";
import { temporaryFolder } from "./support/service.ts";

const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());

let places = 0;
/** Where a node's key is: with what stands beside it, or without. */
function keyLike(key: string, { withCheckpoint }: { readonly withCheckpoint: boolean }): string {
  const copy = newKey();
  copyFileSync(key, copy);
  if (withCheckpoint) copyFileSync(`${key}.checkpoint`, `${copy}.checkpoint`);
  return copy;
}

function newKey(): string {
  places += 1;
  return join(folder.path, `${places}.key`);
}

/** A database whose log was signed at one change, and the key beside which that is kept. */
async function signedOnce() {
  const url = await newDatabase();
  const key = newKey();
  const history = await historyIn(await openPostgresStore({ url }), key);
  await act(history, { what: "customer", id: 1, address: "a@b.com" });
  await history.close();
  return { url, key };
}

async function openStore(test: TestContext, url: string): Promise<PostgresStore> {
  const store = await openPostgresStore({ url });
  test.after(() => store.close());
  return store;
}

async function openNode(store: PostgresStore, key: string) {
  const told: string[] = [];
  const onError = (error: unknown) => assert.fail(String(error));
  const log = await Log.open({ store, keyFiles: openKeyFiles(key), onError, onStopped: (why) => told.push(why) });
  return { store, log, told };
}

describe("a copy of a database that is served in its place", () => {
  it("is not signed by a node that has the key only, however much was signed that the copy lacks", async (test) => {
    const { url, key } = await signedOnce();
    const old = keyLike(key, { withCheckpoint: true });
    const backup = await copyOf(url);
    const history = await historyIn(await openPostgresStore({ url }), key);
    await act(history, { what: "customer", id: 2, address: "a@b.com" });
    await history.close();
    const store = await openStore(test, backup);
    const bare = await openNode(store, keyLike(key, { withCheckpoint: false }));
    await act({ store, log: bare.log }, { what: "customer", id: 3, address: "other@b.com" }, false);
    await assert.rejects(bare.log.checkpoint(), LogStopped);
    await assert.rejects(bare.log.receipt(0), LogStopped);
    assert.match(bare.log.stoppedBecause ?? "", /restored.*newest checkpoint in .*\.key\.checkpoint.*log continue/);
    assert.deepEqual(bare.told, [bare.log.stoppedBecause]);
    assert.equal(bare.log.figures.isSigning, false);
    const knowing = await openNode(store, key);
    await act({ store, log: knowing.log }, { what: "customer", id: 4, address: "other@b.com" }, false);
    assert.match(knowing.log.stoppedBecause ?? "", /the first 2 are not those that were signed for/);
    await knowing.log.close();
    assert.match((await whyStopped(store, openKeyFiles(keyLike(old, { withCheckpoint: false })))) ?? "", /restored/);
    await bare.log.close();
  });

  it("is signed again by all, once a node that knows what was signed last has found it to be whole", async (test) => {
    const { url, key } = await signedOnce();
    const store = await openStore(test, await copyOf(url));
    const bare = await openNode(store, keyLike(key, { withCheckpoint: false }));
    await assert.rejects(bare.log.checkpoint(), LogStopped);
    const knowing = await openNode(store, key);
    assert.equal(knowing.log.stoppedBecause, undefined);
    const checkpoint = await knowing.log.checkpoint();
    assert.equal(await bare.log.checkpoint(), checkpoint);
    assert.equal(bare.log.stoppedBecause, undefined);
    const lineage = await store.lineage();
    assert.equal(lineage?.recorded, lineage?.present);
    for (const { log } of [bare, knowing]) await log.close();
  });

  it("is not found to be whole by a node whose own checkpoint is smaller than the database's", async (test) => {
    const { url, key } = await signedOnce();
    const behind = keyLike(key, { withCheckpoint: true });
    const history = await historyIn(await openPostgresStore({ url }), key);
    await act(history, { what: "customer", id: 2, address: "a@b.com" });
    await history.close();
    const store = await openStore(test, await copyOf(url));
    const node = await openNode(store, behind);
    await assert.rejects(node.log.checkpoint(), LogStopped);
    assert.notEqual((await store.lineage())?.recorded, (await store.lineage())?.present);
    await node.log.close();
  });
});
