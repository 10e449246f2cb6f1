import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { change, put, streamOf } from "../../../test/contract/store-support.ts";
import { newDatabase } from "../../../test/support/postgres.ts";
import { limits } from "../../domain/limits.ts";
import { RecordDamaged } from "../../service/store.ts";
import { Database, type Statements } from "./database.ts";
import { digestOf } from "./digests.ts";
import { Heads } from "./heads.ts";
import { openPostgresStore, type PostgresStore } from "./postgres-store.ts";

interface Place {
  readonly store: PostgresStore;
  readonly database: Database;
  readonly heads: Heads;
  /** The rows with which each statement of the heads was answered. */
  readonly answers: { readonly body: string | null }[][];
}

/** A database that a store writes, and heads that are read from it besides, as on another node. */
async function place(test: TestContext): Promise<Place> {
  const url = await newDatabase();
  const store = await openPostgresStore({ url });
  test.after(() => store.close());
  const database = new Database(url);
  test.after(() => database.close());
  const answers: Place["answers"] = [];
  const counted: Statements = {
    async rows<Row>(sql: string, values?: readonly unknown[], ms?: number): Promise<Row[]> {
      const rows = await database.rows<Row & { body: string | null }>(sql, values, ms);
      answers.push(rows);
      return rows;
    },
  };
  return { store, database, heads: new Heads(counted, await digestOf(database)), answers };
}

const streams = Array.from({ length: 20 }, (_, index) => streamOf(`customer:${index}`));
const [one = streamOf(""), two = streamOf("")] = streams;

describe("the newest changes on PostgreSQL", () => {
  it("are read by one statement for all who ask at the same time", async (test) => {
    const { store, heads, answers } = await place(test);
    await Promise.all(streams.map((stream) => put(store, stream, "a")));
    const found = await Promise.all(streams.map((stream) => heads.read([stream, one])));
    assert.deepEqual(
      found.map(([head]) => head?.change.stream),
      streams,
    );
    assert.equal(answers.length, 1);
    assert.equal(answers[0]?.length, streams.length);
  });

  it("are read by few statements at a time, and no more than a group's worth by each", async (test) => {
    const { heads, answers } = await place(test);
    const callers = limits.groupWrites * 3 + 1;
    const found = await Promise.all(Array.from({ length: callers }, (_, id) => heads.read([streamOf(`user:${id}`)])));
    assert.equal(found.flat().filter((head) => head !== undefined).length, 0);
    assert.equal(answers.length, 4);
  });

  it("are sent once, as long as they stay the newest, and again when another node has appended", async (test) => {
    const { store, heads, answers } = await place(test);
    const first = change(await put(store, one, "a"));
    assert.deepEqual((await heads.read([one]))[0]?.change, first);
    assert.deepEqual((await heads.read([one]))[0]?.change, first);
    const second = change(await put(store, one, "b"));
    assert.deepEqual((await heads.read([one]))[0]?.change, second);
    const sent = answers.map(([row]) => row?.body !== null);
    assert.deepEqual(sent, [true, false, true]);
  });

  it("are forgotten with the stream's name, so that an erased one is not answered from memory", async (test) => {
    const { store, heads, database } = await place(test);
    await put(store, one, "a");
    assert.notEqual((await heads.read([one]))[0], undefined);
    await database.rows("UPDATE saywhen.stream SET digest = NULL WHERE id = 1");
    assert.equal((await heads.read([one]))[0], undefined);
  });

  it("are refused to who asked for a damaged one, and to nobody else who asked with it", async (test) => {
    const { store, heads, database, answers } = await place(test);
    await Promise.all([put(store, one, "a"), put(store, two, "b")]);
    await database.rows("UPDATE saywhen.change SET body = replace(body, '\"a\"', '\"c\"') WHERE position = 0");
    const asked = await Promise.allSettled([heads.read([one]), heads.read([two]), heads.read([two, one])]);
    assert.equal(answers.length, 1);
    assert.deepEqual(
      asked.map((each) => each.status === "fulfilled" || each.reason instanceof RecordDamaged),
      [true, true, true],
    );
    assert.deepEqual(
      asked.map(({ status }) => status),
      ["rejected", "fulfilled", "rejected"],
    );
  });

  it("are damaged where they are missing, and where a stream's row leads to another's", async (test) => {
    const { store, heads, database } = await place(test);
    await put(store, one, "a");
    await put(store, two, "b");
    await heads.read([one, two]);
    await database.rows("UPDATE saywhen.stream SET head = 1 - head");
    await assert.rejects(heads.read([one]), RecordDamaged);
    await database.rows("DELETE FROM saywhen.change");
    await assert.rejects(heads.read([one]), /position 1 is damaged: it is missing/);
    await assert.rejects(heads.read([two]), /position 0 is damaged: it is missing/);
  });
});
