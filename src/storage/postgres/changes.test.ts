import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { act, historyIn } from "../../../test/support/history.ts";
import { newDatabase } from "../../../test/support/postgres.ts";
import { temporaryFolder } from "../../../test/support/service.ts";
import { preferencesOf } from "../../domain/stream.ts";
import { customer } from "../../domain/subject.ts";
import { RecordDamaged } from "../../service/store.ts";
import { Changes } from "./changes.ts";
import { Database } from "./database.ts";
import { digestOf } from "./digests.ts";
import { openPostgresStore } from "./postgres-store.ts";

const folder = temporaryFolder();
let history: Awaited<ReturnType<typeof open>>;
let database: Database;

async function open(url: string) {
  return historyIn(await openPostgresStore({ url }), join(folder.path, "say.key"));
}

const record = (id: number) => act(history, { what: "customer", id, address: "a@b.com" }, false);
const erase = (id: number) => act(history, { what: "erase-customer", id, address: "" }, false);
const streamOf = (id: number) => preferencesOf(customer(String(id)));

/** The changes, for a reader to whom something happens once between two statements: before the `nth` of all. */
async function changes(nth: number, happens: () => Promise<unknown>): Promise<Changes> {
  let left = nth;
  const rows: Database["rows"] = async (sql, values, ms) => {
    left -= 1;
    if (left === 0) await happens();
    return database.rows(sql, values, ms);
  };
  return new Changes({ rows }, await digestOf(database));
}

describe("reading a stream while its subject is erased", () => {
  before(async () => {
    const url = await newDatabase();
    history = await open(url);
    database = new Database(url);
  });
  after(async () => {
    await database.close();
    await history.close();
    folder[Symbol.dispose]();
  });

  it("finds nothing recorded, and no damage", async () => {
    for (const id of [1, 2]) await record(id);
    assert.deepEqual(await (await changes(2, () => erase(1))).history(streamOf(1), 10), []);
    assert.equal(await (await changes(2, () => erase(2))).headAmong(2, streamOf(2)), undefined);
  });

  it("finds what was recorded anew since", async () => {
    await record(3);
    const raced = await changes(2, async () => {
      await erase(3);
      await record(3);
    });
    assert.equal((await raced.history(streamOf(3), 10))?.length, 1);
  });

  it("leaves it out of everybody's preferences", async () => {
    await record(4);
    await record(5);
    // Its newest change is later than the moment that is asked for: the one before is looked for, and gone by then.
    const raced = await changes(2, () => record(4));
    const found: string[] = [];
    for await (const { stream } of raced.everyPreferences()) {
      found.push(stream);
      if (stream === streamOf(3)) await erase(4);
    }
    assert.deepEqual(found, [streamOf(3), streamOf(5)]);
  });

  it("calls damaged what is", async () => {
    await record(6);
    await database.rows("UPDATE saywhen.change SET body = repeat(' ', length(body)) WHERE position = $1", [
      (await history.store.size()) - 1,
    ]);
    const sound = await changes(0, async () => {});
    await assert.rejects(sound.history(streamOf(6), 10), RecordDamaged);
    await assert.rejects(sound.headAmong(1000, streamOf(6)), RecordDamaged);
  });
});
