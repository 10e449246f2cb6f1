import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Client } from "pg";
import { verifyLog } from "../src/service/verify-log.ts";
import { NotRebuildable } from "../src/storage/derive-anew.ts";
import { openPostgresRecords } from "../src/storage/postgres/open-records.ts";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { rebuildPostgres } from "../src/storage/postgres/rebuild.ts";
import { damages, postgres } from "./support/damages.ts";
import { historyIn, recordSample } from "./support/history.ts";
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

  it("refuses while nodes serve", async () => {
    const url = await copyOf(sound);
    const refuse = async (): Promise<void> => {
      throw new Error("somebody serves");
    };
    await assert.rejects(rebuildPostgres(url, refuse), /somebody serves/);
    await dropDatabase(url);
  });
});
