import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { temporaryFolder } from "../../../test/support/service.ts";
import { draft } from "../../domain/change.ts";
import { entryOf, preferencesOf, type Stream } from "../../domain/stream.ts";
import { customer, user } from "../../domain/subject.ts";
import { RecordDamaged } from "../../service/store.ts";
import { openSqliteRecords } from "./open-records.ts";
import type { SqliteRecords } from "./sqlite-records.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const [al, jo] = [preferencesOf(customer("1")), preferencesOf(customer("2"))];
const act = { actor: "Jo", client: "crm" };

/** Al at 0, 2, 4 and 6, Jo at 1, 3 and 5, and two users at 7 and 8. */
async function fill(file: string): Promise<void> {
  const store = await openSqliteStore({ file });
  const put = (stream: Stream, kind: "directory" | "preferences", document: unknown) =>
    store.append({ reads: [], step: () => ({ append: [draft(act, kind, stream, document)] }) });
  for (const stream of [al, jo, al, jo, al, jo, al]) {
    await put(stream, "preferences", { selections: [{ normal: `${stream}@example.com` }] });
  }
  for (const id of [4, 6]) await put(entryOf(user(id)), "directory", { email: `u${id}@example.com`, id });
  await store.close();
}

async function everything<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A damage to what leads to a change, and a question that it stands in the way of. */
interface Damage {
  readonly sql: string;
  readonly ask: (records: SqliteRecords) => Promise<unknown>;
}

const alThen = (records: SqliteRecords) => records.newestAmong(6, [al]);
const users = (records: SqliteRecords) => records.users({ limit: 9, offset: 0 });
const preferences = (records: SqliteRecords) => everything(records.everyPreferences());

const damages: Readonly<Record<string, Damage>> = {
  "a way back that leads to another's change": {
    sql: "UPDATE change SET previous = 3 WHERE position = 6",
    ask: alThen,
  },
  "a way back that leads through another's change": {
    sql: "UPDATE change SET previous = 3 WHERE position = 6",
    ask: (records) => records.newestAmong(3, [al]),
  },
  "a way back that leads nowhere": {
    sql: "UPDATE change SET previous = -4 WHERE position = 6",
    ask: alThen,
  },
  "a way back that leads to itself": {
    sql: "UPDATE change SET previous = 6 WHERE position = 6",
    ask: alThen,
  },
  "a way back that leads forth": {
    sql: "UPDATE change SET previous = 4 + (1 << 40) WHERE position = 6",
    ask: (records) => records.history(al, 9),
  },
  "a way back that leads round": {
    sql: "UPDATE change SET previous = 6 WHERE position = 4",
    ask: (records) => records.history(al, 1, 4),
  },
  "a number of another's stream": {
    sql: "UPDATE change SET stream = (SELECT stream FROM change WHERE position = 1) WHERE position = 4",
    ask: alThen,
  },
  "a newest change that is another's": {
    sql: "UPDATE stream SET head = 5 WHERE head = 6",
    ask: preferences,
  },
  "a newest change that is not there": {
    sql: "UPDATE stream SET head = head + (1 << 60) WHERE head = 6",
    ask: preferences,
  },
  "a newest change that is another's, for who has an address": {
    sql: "UPDATE stream SET head = 5 WHERE head = 6",
    ask: (records) => records.newestWithAddress("customer:1@example.com", 9),
  },
  "an entry with another's stream": {
    sql: "UPDATE directory SET stream = (SELECT stream FROM directory WHERE id = 6) WHERE id = 4",
    ask: users,
  },
  "an entry with another id": {
    sql: "UPDATE directory SET id = 5 WHERE id = 4",
    ask: users,
  },
  "an e-mail address that is another's": {
    sql: "UPDATE OR REPLACE directory SET id = 6 WHERE id = 4",
    ask: (records) => records.userWithEmail("u4@example.com"),
  },
};

describe("what leads to a change, when it is damaged", () => {
  for (const [what, { sql, ask }] of Object.entries(damages)) {
    it(`is not followed to what is another's: ${what}`, { timeout: 10_000 }, async () => {
      using folder = temporaryFolder();
      const file = join(folder.path, "saywhen.db");
      await fill(file);
      const sound = await openSqliteRecords(file);
      await ask(sound);
      await sound.close();
      using db = new DatabaseSync(file);
      assert.equal(db.prepare(sql).run().changes, 1);
      const records = await openSqliteRecords(file);
      await assert.rejects(() => ask(records), RecordDamaged);
      await records.close();
    });
  }

  it("is followed where it leads past it: to what was known before, and of the others", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    await fill(file);
    using db = new DatabaseSync(file);
    db.exec("UPDATE change SET previous = 1 WHERE position = 4");
    const records = await openSqliteRecords(file);
    const [[then], [now], [other]] = [
      await records.newestAmong(5, [jo]),
      await records.newest([al]),
      await records.newestAmong(9, [jo]),
    ];
    assert.deepEqual([then?.position, now?.position, other?.position], [3, 6, 5]);
    await records.close();
  });
});
