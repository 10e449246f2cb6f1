import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { Change } from "../src/domain/change.ts";
import { StoreUnavailable } from "../src/service/store.ts";
import { verifyLog } from "../src/service/verify-log.ts";
import { NotRebuildable } from "../src/storage/derive-anew.ts";
import { openPostgresRecords } from "../src/storage/postgres/open-records.ts";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { rebuildPostgres } from "../src/storage/postgres/rebuild.ts";
import { damages, postgres } from "./support/damages.ts";
import { historyIn, recordSample } from "./support/history.ts";
import { keepCodes } from "./support/kept-codes.ts";
import { copyOf, dropDatabase, newDatabase } from "./support/postgres.ts";
import { temporaryFolder } from "./support/service.ts";

const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());
let sound = "";

async function findingsIn(url: string): Promise<readonly unknown[]> {
  const records = await openPostgresRecords(url);
  try {
    return (await verifyLog(records.inspection())).findings;
  } finally {
    await records.close();
  }
}

async function onDatabase(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SET search_path = saywhen");
    const answer = await client.query(sql);
    return answer.rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** What is derived, as it is stored. */
async function derivedIn(url: string): Promise<unknown[]> {
  return Promise.all(
    [
      "SELECT * FROM stream ORDER BY id",
      "SELECT * FROM address ORDER BY digest, stream",
      "SELECT * FROM directory ORDER BY kind, id",
      "SELECT kind, entries FROM directory_size ORDER BY kind",
      "SELECT * FROM tile ORDER BY level, number",
      "SELECT position, stream, previous, salt, body FROM change ORDER BY position",
    ].map((sql) => onDatabase(url, sql)),
  );
}

before(async () => {
  sound = await newDatabase();
  const history = await historyIn(await openPostgresStore({ url: sound }), join(folder.path, "say.key"));
  await recordSample(history);
  await history.close();
});

describe("deriving everything anew on PostgreSQL", () => {
  it("leaves what is sound as it is", async () => {
    const url = await copyOf(sound);
    const was = await derivedIn(url);
    const { size, mended } = await rebuildPostgres(url);
    assert.deepEqual([size, mended], [286, 0]);
    assert.deepEqual(await derivedIn(url), was);
    await dropDatabase(url);
  });

  for (const { what, sql, found } of damages) {
    const isDerived = found.every(([kind]) => kind === "derived");
    it(`${isDerived ? "mends" : "refuses to touch"} ${what}`, async () => {
      const url = await copyOf(sound);
      await onDatabase(url, sql(postgres));
      const was = await derivedIn(url);
      if (isDerived) {
        const { mended } = await rebuildPostgres(url);
        assert(mended > 0);
        assert.deepEqual(await findingsIn(url), []);
        assert.deepEqual(await derivedIn(url), await derivedIn(sound));
      } else {
        await assert.rejects(rebuildPostgres(url), NotRebuildable);
        assert.deepEqual(await derivedIn(url), was);
      }
      await dropDatabase(url);
    });
  }

  it("leaves no codes, be they sound or not", async () => {
    const url = await copyOf(sound);
    const store = await openPostgresStore({ url });
    await keepCodes(store);
    await store.close();
    assert((await onDatabase(url, "SELECT FROM code")).length > 20);
    assert.deepEqual(await findingsIn(url), []);
    await onDatabase(url, "UPDATE code SET said = '' WHERE stream = 30");
    assert.equal((await rebuildPostgres(url)).mended, 1);
    assert.deepEqual(await onDatabase(url, "SELECT FROM code"), []);
    assert.deepEqual(await findingsIn(url), []);
    await dropDatabase(url);
  });

  it("refuses while nodes serve", async () => {
    const url = await copyOf(sound);
    const refuse = async (): Promise<void> => {
      throw new Error("somebody serves");
    };
    await assert.rejects(rebuildPostgres(url, refuse), /somebody serves/);
    await dropDatabase(url);
  });

  it("lets whoever reads beside it, or began before, read what was there", async () => {
    const url = await copyOf(sound);
    const records = await openPostgresRecords(url);
    const store = await openPostgresStore({ url });
    const everybody = async (from: typeof records | typeof store) => {
      const found: Change[] = [];
      for await (const change of from.everyPreferences()) found.push(change);
      return found;
    };
    const was = await everybody(store);
    assert(was.length > 0);
    const holder = new Client({ connectionString: url });
    await holder.connect();
    // Tiles are emptied after streams: by then those are gone for the rebuild itself.
    await holder.query("BEGIN; LOCK TABLE saywhen.tile IN SHARE MODE");
    const rebuilt = rebuildPostgres(url);
    try {
      const waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'saywhen.tile'::regclass";
      while ((await onDatabase(url, waiting)).length === 0) await sleep(10);
      assert.deepEqual(await everybody(store), was);
    } finally {
      await holder.end();
      await rebuilt;
    }
    assert.deepEqual(await everybody(records), was);
    assert.deepEqual(await everybody(store), was);
    await Promise.all([records.close(), store.close()]);
    await dropDatabase(url);
  });

  it("keeps a node that starts meanwhile from serving before it is through", async () => {
    const url = await copyOf(sound);
    await onDatabase(url, "DELETE FROM address");
    const store = await openPostgresStore({ url });
    let joined: Promise<string> | undefined;
    await rebuildPostgres(url, async () => {
      joined = store.nodes.joined({ id: "1", host: "here", pid: 1 }).then(
        async () => ((await onDatabase(url, "SELECT FROM address")).length > 0 ? "later" : "too early"),
        // It waits for seconds, and no longer.
        (error: unknown) => (error instanceof StoreUnavailable ? "later" : String(error)),
      );
    });
    assert.equal(await joined, "later");
    await store.close();
    await dropDatabase(url);
  });
});
