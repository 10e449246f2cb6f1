import assert from "node:assert/strict";
import { describe, type TestContext } from "node:test";
import { commitmentOf } from "../../src/audit/verify-receipt.ts";
import type { LogIdentity } from "../../src/service/log-store.ts";
import { type AnyStore, change, type Exemptions, put, sentences } from "./store-support.ts";

const first: LogIdentity = { origin: "example.com/v1/log", publicKey: Buffer.alloc(32, 1), since: 0 };
const second: LogIdentity = { origin: "example.com/v1/log/2", publicKey: Buffer.alloc(32, 2), since: 7 };
const third: LogIdentity = { origin: "a", publicKey: first.publicKey, since: 9, checkpoint: { size: 9, note: "n\n" } };

/** Hashes that differ from those of any other number. */
function hashes(count: number, fill: number): Buffer {
  return Buffer.alloc(count * 32, fill);
}

/** The part of the contract that is about the log's entries, tiles and identities: src/service/log-store.ts. */
export function logStoreContract(
  name: string,
  open: (test: TestContext) => Promise<AnyStore>,
  exempt: Exemptions,
): void {
  const says = sentences("log-store.ts", exempt);

  describe(`${name}: the log`, () => {
    says("How many entries the log has: one for each change.", async (test) => {
      const store = await open(test);
      assert.equal(await store.size(), 0);
      await Promise.all(["a", "b", "c"].map((slot) => put(store, "customer:1", slot)));
      assert.equal(await store.size(), 3);
    });

    says(
      "The entries of the positions from `from` up to, but not with, `to`; fewer where the log ends before.",
      async (test) => {
        const store = await open(test);
        const answers = await Promise.all(["a", "b", "c"].map((slot) => put(store, "customer:1", slot)));
        const expected = await Promise.all(
          answers.map(change).map(async ({ at, kind, position }) => {
            const opening = await store.opening(position);
            assert(typeof opening === "object");
            return { at, kind, commitment: commitmentOf(opening.salt, opening.text) };
          }),
        );
        assert.deepEqual(await store.entries(0, 2), expected.slice(0, 2));
        assert.deepEqual(await store.entries(1, 9), expected.slice(1));
        assert.deepEqual(await store.entries(3, 9), []);
      },
    );

    says("The hashes of one tile (C2SP tlog-tiles), 32 bytes each; undefined when it is not stored.", async (test) => {
      const store = await open(test);
      assert.equal(await store.tile(0, 0), undefined);
      await store.saveTiles([{ level: 0, index: 0, hashes: hashes(256, 1) }]);
      assert.deepEqual(await store.tile(0, 0), hashes(256, 1));
      assert.equal(await store.tile(0, 1), undefined);
      assert.equal(await store.tile(1, 0), undefined);
    });

    says("How many entries the full tiles of level 0 cover.", async (test) => {
      const store = await open(test);
      assert.equal(await store.tiled(), 0);
      const tiles = [0, 1].map((index) => ({ level: 0, index, hashes: hashes(256, index) }));
      await store.saveTiles([...tiles, { level: 1, index: 0, hashes: hashes(2, 3) }]);
      assert.equal(await store.tiled(), 512);
    });

    says("A tile that is stored with more hashes stays as it is.", async (test) => {
      const store = await open(test);
      await store.saveTiles([{ level: 1, index: 0, hashes: hashes(3, 1) }]);
      await store.saveTiles([
        { level: 0, index: 1, hashes: hashes(256, 2) },
        { level: 1, index: 0, hashes: hashes(2, 2) },
      ]);
      assert.deepEqual(await store.tile(1, 0), hashes(3, 1));
      assert.deepEqual(await store.tile(0, 1), hashes(256, 2), "those beside it are kept");
    });

    says("Adds or replaces tiles, all of them or none.", async (test) => {
      const store = await open(test);
      await store.saveTiles([{ level: 1, index: 0, hashes: hashes(1, 1) }]);
      await store.saveTiles([{ level: 1, index: 0, hashes: hashes(2, 2) }]);
      assert.deepEqual(await store.tile(1, 0), hashes(2, 2));
      const tiles = [
        { level: 1, index: 0, hashes: hashes(3, 3) },
        { level: 1, index: 0.5, hashes: hashes(3, 3) },
      ];
      await assert.rejects(store.saveTiles(tiles));
      assert.deepEqual(await store.tile(1, 0), hashes(2, 2));
    });

    says("Every identity that the log has had, the one in force last.", async (test) => {
      const store = await open(test);
      assert.deepEqual(await store.identities(), []);
      for (const [count, identity] of [first, second, third].entries()) await store.addIdentity(identity, count);
      assert.deepEqual(await store.identities(), [first, second, third]);
    });

    says("From where the database has come to be what it is; undefined where the storage cannot tell", async (test) => {
      const store = await open(test);
      const lineage = await store.lineage();
      assert.deepEqual(await store.lineage(), lineage);
      if (lineage !== undefined) assert.notEqual(lineage.present, "");
    });

    says("A log without an identity records none.", async (test) => {
      const store = await open(test);
      assert.equal((await store.lineage())?.recorded, undefined);
    });

    says("The present lineage is recorded with it.", async (test) => {
      const store = await open(test);
      await store.addIdentity(first, 0);
      const lineage = await store.lineage();
      assert.equal(lineage?.recorded, lineage?.present);
    });

    says("Records a lineage in which the log is known to be whole.", async (test) => {
      const store = await open(test);
      for (const [count, identity] of [first, second].entries()) await store.addIdentity(identity, count);
      const before = await store.lineage();
      await store.saveLineage("another", second.origin);
      assert.deepEqual(await store.lineage(), before && { ...before, recorded: "another" });
      await store.addIdentity(third, 2);
      assert.deepEqual(await store.lineage(), before, "the next identity has its own");
    });

    says("One of an identity that is no longer in force changes nothing.", async (test) => {
      const store = await open(test);
      for (const [count, identity] of [first, second].entries()) await store.addIdentity(identity, count);
      const before = await store.lineage();
      await store.saveLineage("another", first.origin);
      assert.deepEqual(await store.lineage(), before);
    });

    says("Adds an identity, which is in force from then on.", async (test) => {
      const store = await open(test);
      assert.equal(await store.addIdentity(second, 0), true);
      assert.equal(await store.addIdentity(first, 1), true);
      assert.deepEqual((await store.identities()).at(-1), first);
      await assert.rejects(store.addIdentity(first, 2), "the same origin again");
      assert.deepEqual(await store.identities(), [second, first]);
    });

    says("Where the log has another number of identities than the caller believes, none is added.", async (test) => {
      const store = await open(test);
      assert.equal(await store.addIdentity(first, 1), false);
      const added = await Promise.all([first, second].map((identity) => store.addIdentity(identity, 0)));
      assert.equal(added.filter(Boolean).length, 1);
      assert.deepEqual(await store.identities(), [[first, second][added.indexOf(true)]]);
      assert.equal(await store.addIdentity(third, 0), false);
      assert.equal((await store.identities()).length, 1);
    });

    says(
      "Keeps the last signed checkpoint of the identity in force; a smaller one than is kept changes nothing.",
      async (test) => {
        const store = await open(test);
        await store.addIdentity(first, 0);
        await store.saveCheckpoint({ size: 1, note: "one\n" }, first.origin);
        await store.addIdentity(second, 1);
        await store.saveCheckpoint({ size: 0, note: "none\n" }, second.origin);
        await store.saveCheckpoint({ size: 8, note: "eight\n" }, second.origin);
        await store.saveCheckpoint({ size: 10, note: "ten\n" }, second.origin);
        await store.saveCheckpoint({ size: 9, note: "nine\n" }, second.origin);
        assert.deepEqual(await store.identities(), [
          { ...first, checkpoint: { size: 1, note: "one\n" } },
          { ...second, checkpoint: { size: 10, note: "ten\n" } },
        ]);
      },
    );

    says("Nor does one of an identity that is no longer in force.", async (test) => {
      const store = await open(test);
      await store.addIdentity(first, 0);
      await store.addIdentity(second, 1);
      await store.saveCheckpoint({ size: 9, note: "nine\n" }, first.origin);
      assert.deepEqual(await store.identities(), [first, second]);
    });
  });
}
