import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { printCheckpoint, signNote } from "../audit/checkpoint.ts";
import { RunningTree } from "../audit/tree.ts";
import { hashLeaf, openNote, parseCheckpoint, printEntry, verifyReceipt } from "../audit/verify-receipt.ts";
import type { Draft } from "../domain/change.ts";
import type { Stream } from "../domain/stream.ts";
import { openKeyFiles } from "../storage/key-files.ts";
import { openSqliteStore, type SqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { continueLog } from "./continue-log.ts";
import { KeyUnusable } from "./key-files.ts";
import { Log, type LogOptions, LogStopped } from "./log.ts";
import { StoreUnavailable } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "saywhen-"));
after(() => rmSync(folder, { recursive: true }));

type Store = LogOptions["store"];

interface ToClose {
  readonly logs: AsyncDisposableStack;
  readonly stores: AsyncDisposableStack;
}

const opened = new WeakMap<TestContext, ToClose>();

/** What is closed after a test: the logs before their databases. */
function closing(test: TestContext): ToClose {
  const known = opened.get(test);
  if (known !== undefined) return known;
  const toClose = { logs: new AsyncDisposableStack(), stores: new AsyncDisposableStack() };
  opened.set(test, toClose);
  test.after(async () => {
    await toClose.logs.disposeAsync();
    await toClose.stores.disposeAsync();
  });
  return toClose;
}

/** The way from a node to the database that it shares: it counts what is signed, and can lead to another database. */
class Way implements Store {
  to: SqliteStore;
  signed = 0;
  isCut = false;

  constructor(to: SqliteStore) {
    this.to = to;
  }

  size() {
    return this.to.size();
  }

  entries(from: number, to: number) {
    return this.to.entries(from, to);
  }

  tile(level: number, index: number) {
    return this.to.tile(level, index);
  }

  tiled() {
    return this.to.tiled();
  }

  identities() {
    return this.to.identities();
  }

  lineage() {
    return this.to.lineage();
  }

  saveLineage() {
    return this.to.saveLineage();
  }

  opening(position: number) {
    return this.to.opening(position);
  }

  saveTiles(...args: Parameters<Store["saveTiles"]>) {
    return this.to.saveTiles(...args);
  }

  addIdentity(...args: Parameters<Store["addIdentity"]>) {
    return this.to.addIdentity(...args);
  }

  async saveCheckpoint(...args: Parameters<Store["saveCheckpoint"]>) {
    if (this.isCut) throw new StoreUnavailable("the connection was cut");
    this.signed += 1;
    return this.to.saveCheckpoint(...args);
  }
}

async function openStore(test: TestContext, file = ":memory:"): Promise<SqliteStore> {
  const store = await openSqliteStore({ file });
  closing(test).stores.defer(() => store.close());
  return store;
}

const stream = "customer:1" as Stream;

async function append(store: SqliteStore, count: number): Promise<void> {
  const draft: Draft = { actor: "Jo", client: "crm", stream, kind: "preferences", document: { selections: [] } };
  const more = Array.from({ length: count - 1 }, () => draft);
  await store.append({ reads: [], step: () => ({ append: [draft, ...more] }) });
}

let nodes = 0;
function newPlace(): string {
  nodes += 1;
  mkdirSync(join(folder, String(nodes)));
  return join(folder, String(nodes), "log.key");
}

/** A node's log, with its own copy of the key unless it is told where the key is. */
async function openNode(test: TestContext, store: SqliteStore, key: string) {
  const way = new Way(store);
  const told: string[] = [];
  const keyFiles = openKeyFiles(key);
  const onError = (error: unknown) => assert.fail(String(error));
  const log = await Log.open({
    store: way,
    keyFiles,
    base: "example.com",
    onError,
    onStopped: (why) => told.push(why),
  });
  closing(test).logs.defer(() => log.close());
  return { way, log, keyFiles, told };
}

/** Two nodes over one database, each with its own copy of the key. */
async function openTwo(test: TestContext, file?: string) {
  const store = await openStore(test, file);
  const keys = [newPlace(), newPlace()] as const;
  openKeyFiles(keys[0]).newKey();
  copyFileSync(keys[0], keys[1]);
  return { store, here: await openNode(test, store, keys[0]), there: await openNode(test, store, keys[1]) };
}

async function rootOver(store: SqliteStore, size: number): Promise<Buffer> {
  const tree = new RunningTree();
  for (const entry of await store.entries(0, size)) tree.add(hashLeaf(printEntry(entry)));
  return tree.root();
}

/** The size that a checkpoint says, once its root is that of the log's first so many entries. */
async function checked(store: SqliteStore, log: Log, note: string): Promise<number> {
  const { size, root } = parseCheckpoint(openNote(note, log.verifierKey));
  assert.deepEqual(root, await rootOver(store, size));
  return size;
}

describe("two nodes that sign one log", () => {
  it("give receipts that verify and checkpoints that extend each other, and sign nothing twice", async (test) => {
    const act = fc.oneof(
      fc.record({ append: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ at: fc.nat({ max: 1 }), ask: fc.constantFrom("checkpoint", "receipt", "both") }),
    );
    const property = fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 20 }), async (acts) => {
      const { store, here, there } = await openTwo(test);
      await append(store, 1);
      for (const each of acts) {
        const before = here.way.signed + there.way.signed;
        const size = await store.size();
        if ("append" in each) {
          await append(store, each.append);
          here.log.follow();
          there.log.follow();
          continue;
        }
        const asked = each.ask === "both" ? [here, there] : [[here, there][each.at] ?? here];
        for (const { log } of each.ask === "receipt" ? asked : []) {
          const verdict = verifyReceipt((await log.receipt(size - 1)) ?? "", log.verifierKey);
          assert.equal(verdict.ok && verdict.position, size - 1);
        }
        const notes = await Promise.all(asked.map(({ log }) => log.checkpoint()));
        for (const note of notes) assert.equal(await checked(store, here.log, note), size);
        const [first] = notes;
        assert.ok(notes.every((note) => note === first));
        const signedNow = here.way.signed + there.way.signed - before;
        assert.ok(signedNow <= asked.length, "who asks alone signs once");
        assert.equal(await here.log.checkpoint(), await there.log.checkpoint());
        assert.equal(here.way.signed + there.way.signed - before, signedNow, "what covers everything is used");
      }
    });
    await fc.assert(property, { numRuns: 15 });
  });

  it("keep each other's last checkpoint beside their keys, and the tiles whole", async (test) => {
    const { store, here, there } = await openTwo(test);
    for (const log of [here.log, there.log, here.log]) {
      await append(store, 700);
      await log.checkpoint();
    }
    const note = await there.log.checkpoint();
    assert.equal(await checked(store, there.log, note), 2100);
    assert.deepEqual([here.keyFiles.keptCheckpoint(), there.keyFiles.keptCheckpoint()], [note, note]);
    assert.equal(await store.tiled(), 2048);
    assert.equal((await store.tile(1, 0))?.length, 8 * 32);
    assert.deepEqual(await there.log.tile(0, 3, 256), await here.log.tile(0, 3, 256));
  });

  it("stop when the log goes on under another name, and say so once", async (test) => {
    const { store, here, there } = await openTwo(test);
    await append(store, 3);
    await here.log.checkpoint();
    await continueLog(store, here.keyFiles);
    for (const { log, told } of [here, there]) {
      assert.equal(log.figures.isSigning, true);
      await assert.rejects(log.checkpoint(), LogStopped);
      await assert.rejects(log.receipt(0), LogStopped);
      assert.equal(log.figures.isSigning, false);
      assert.match(log.stoppedBecause ?? "", /another name or key.*Restart/);
      assert.deepEqual(told, [log.stoppedBecause]);
    }
    assert.equal((await store.identities()).at(-1)?.checkpoint, undefined);
  });

  it("stop when the database has a checkpoint that is not of this log, or cannot be understood", async (test) => {
    for (const [size, expected] of [
      [5, /first 5 are not those/],
      [4, /first 4 are not those/],
      [9, /set back/],
      [undefined, /checkpoint that the database records is damaged/],
    ] as const) {
      const { store, here, there } = await openTwo(test);
      await append(store, 4);
      await here.log.checkpoint();
      const key = here.keyFiles.privateKey();
      const name = (await store.identities())[0]?.origin;
      assert.ok(key !== undefined && name !== undefined);
      const note = signNote(printCheckpoint({ origin: name, size: size ?? 0, root: Buffer.alloc(32) }), name, key);
      await append(store, 2);
      await store.saveCheckpoint({ size: size ?? 6, note: size === undefined ? `${note}.` : note }, name);
      for (const { log } of [here, there]) {
        await assert.rejects(log.checkpoint(), LogStopped);
        assert.match(log.stoppedBecause ?? "", expected);
      }
    }
  });
});

let files = 0;
/** Two nodes on a database in a file, and a copy of what it holds when that is called. */
async function openInFile(test: TestContext) {
  files += 1;
  const file = join(folder, `${files}.db`);
  const two = await openTwo(test, file);
  let copies = 0;
  const setBack = async (copy: string) => {
    const older = await openStore(test, copy);
    for (const { way } of [two.here, two.there]) way.to = older;
    return older;
  };
  const copy = () => {
    copies += 1;
    const name = `${file}.${copies}`;
    for (const end of ["", "-wal"]) if (existsSync(file + end)) copyFileSync(file + end, name + end);
    return name;
  };
  return { ...two, copy, setBack };
}

describe("a database that is set back while it is served", () => {
  it("is signed no more by a node that has signed what was lost", async (test) => {
    const { store, here, there, copy, setBack } = await openInFile(test);
    await append(store, 3);
    await there.log.checkpoint();
    const older = copy();
    await append(store, 3);
    await here.log.checkpoint();
    const now = await setBack(older);
    await assert.rejects(here.log.checkpoint(), LogStopped);
    assert.match(here.log.stoppedBecause ?? "", /3 entries and 6 were signed for: the database was set back/);
    assert.equal(
      await checked(now, there.log, await there.log.checkpoint()),
      3,
      "the other node knows of nothing lost",
    );
  });

  it("is signed no more either once it has grown beyond that again", async (test) => {
    const { store, here, copy, setBack } = await openInFile(test);
    await append(store, 300);
    await here.log.checkpoint();
    const older = copy();
    await append(store, 3);
    await here.log.checkpoint();
    await append(await setBack(older), 300);
    await assert.rejects(here.log.checkpoint(), LogStopped);
    assert.match(here.log.stoppedBecause ?? "", /600 entries, and the first 303 are not those/);
  });

  it("goes on where nothing that was signed is lost, over the entries that it has now", async (test) => {
    for (const [kept, lost, again] of [
      [3, 5, 9],
      [3, 5, 2],
      [250, 20, 40],
      [250, 600, 5],
      [513, 600, 900],
    ] as const) {
      const { store, here, copy, setBack } = await openInFile(test);
      await append(store, kept);
      await here.log.checkpoint();
      const older = copy();
      // The tree follows what is never signed: somebody asks for a checkpoint that cannot be kept.
      await append(store, lost);
      here.way.isCut = true;
      await assert.rejects(here.log.checkpoint(), StoreUnavailable);
      here.way.isCut = false;
      const now = await setBack(older);
      await append(now, again);
      assert.equal(await checked(now, here.log, await here.log.checkpoint()), kept + again);
      const verdict = verifyReceipt((await here.log.receipt(kept)) ?? "", here.log.verifierKey);
      assert.ok(verdict.ok);
    }
  });

  it("is told of a larger checkpoint that it has lost, where it has all that was signed", async (test) => {
    const { store, here, there, copy, setBack } = await openInFile(test);
    await append(store, 3);
    const older = copy();
    const note = await here.log.checkpoint();
    const now = await setBack(older);
    assert.equal(await here.log.checkpoint(), note);
    assert.equal((await now.identities()).at(-1)?.checkpoint?.note, note);
    assert.equal(await there.log.checkpoint(), note);
  });
});

describe("the first start of two nodes at once on an empty database", () => {
  it("gives the log one identity, where both have the same key or the same folder", async (test) => {
    const copied = [newPlace(), newPlace()] as const;
    openKeyFiles(copied[0]).newKey();
    copyFileSync(copied[0], copied[1]);
    const shared = newPlace();
    for (const [one, other] of [copied, [shared, shared]] as const) {
      const store = await openStore(test);
      await append(store, 2);
      const both = await Promise.all([openNode(test, store, one), openNode(test, store, other)]);
      assert.equal((await store.identities()).length, 1);
      assert.equal(both[0].log.verifierKey, both[1].log.verifierKey);
      const notes = await Promise.all(both.map(({ log }) => log.checkpoint()));
      assert.equal(notes[0], notes[1]);
    }
  });

  it("refuses the node that has another key", async (test) => {
    const store = await openStore(test);
    const both = await Promise.allSettled([openNode(test, store, newPlace()), openNode(test, store, newPlace())]);
    const refused = both.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    assert.equal(refused.length, 1);
    assert.ok(refused[0] instanceof KeyUnusable);
    assert.equal((await store.identities()).length, 1);
  });
});
