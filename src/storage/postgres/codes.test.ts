import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { change, erase, put, streamOf } from "../../../test/contract/store-support.ts";
import { newDatabase } from "../../../test/support/postgres.ts";
import { subjectKeyBytes } from "../../domain/subject-key.ts";
import type { KeptCode } from "../../service/code-store.ts";
import { Database } from "./database.ts";
import { openPostgresStore, type PostgresStore } from "./postgres-store.ts";

// Law 10, of codes: none is left of a stream that was erased, whoever saves it at the same time.

let url = "";
let database: Database;
let one: PostgresStore;
let other: PostgresStore;

before(async () => {
  url = await newDatabase();
  database = new Database(url);
  [one, other] = await Promise.all([openPostgresStore({ url }), openPostgresStore({ url })]);
});
after(() => Promise.all([database, one, other].map((each) => each.close())));

function coded(place: number, position: number): KeptCode {
  return { place, position, name: Buffer.alloc(subjectKeyBytes, `${place}`), said: Buffer.alloc(place % 90, `${position}`) };
}

/** The codes of all newest changes. */
async function everyCode(store: PostgresStore): Promise<KeptCode[]> {
  const codes: KeptCode[] = [];
  for await (const page of store.everyNewest())
    codes.push(...page.map(({ place, change: { position } }) => coded(place, position)));
  return codes;
}

/** How many codes there are of streams that are still there, and of others. */
async function count(): Promise<{ readonly standing: number; readonly left: number }> {
  const [row] = await database.rows<{ standing: number; left: number }>(
    "SELECT count(digest) AS standing, count(*) - count(digest) AS left FROM saywhen.code LEFT JOIN saywhen.stream ON id = code.stream",
  );
  assert(row !== undefined);
  return row;
}

async function placeOf(position: number): Promise<number> {
  const [place] = await one.placesOf([position]);
  assert(place !== undefined);
  return place;
}

/** Whether somebody waits for the lock that keeps savers and erasures apart. */
async function isWaitedFor(): Promise<boolean> {
  const sql =
    "SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database " +
    "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()";
  return (await database.rows(sql)).length > 0;
}

async function untilWaitedFor(): Promise<void> {
  while (!(await isWaitedFor())) await delay(5);
}

const saveSql = "SELECT saywhen.save_codes($1::bigint[], $2::bigint[], $3, $4, ARRAY[4])";

describe("codes of changes on PostgreSQL", () => {
  it("that are saved while their stream is being erased go with it, and appends wait for neither", async () => {
    const { position } = change(await put(one, "customer:1", "a"));
    const place = await placeOf(position);
    let erased: Promise<number> | undefined;
    await database.transaction(async (statements) => {
      await statements.rows(saveSql, [[place], [position], Buffer.alloc(subjectKeyBytes), Buffer.from("said")]);
      await put(other, "customer:2", "a");
      erased = erase(one, streamOf("customer:1"));
      await untilWaitedFor();
    });
    await erased;
    assert.deepEqual(await count(), { standing: 0, left: 0 });
  });

  it("that come after their stream was erased, but before that was committed, are not kept", async () => {
    const { position } = change(await put(one, "customer:3", "a"));
    const code = coded(await placeOf(position), position);
    await one.saveCodes([code]);
    assert.deepEqual(await count(), { standing: 1, left: 0 });
    let saved: Promise<void> | undefined;
    await database.transaction(async (statements) => {
      await statements.rows("SELECT saywhen.hold_codes()");
      await statements.rows("UPDATE saywhen.stream SET digest = NULL WHERE id = $1", [code.place]);
      await statements.rows("DELETE FROM saywhen.code WHERE stream = $1", [code.place]);
      saved = other.saveCodes([code]);
      await untilWaitedFor();
    });
    await saved;
    assert.deepEqual(await count(), { standing: 0, left: 0 });
  });

  it("are written once, whoever saves them again", async () => {
    const { position } = change(await put(one, "customer:4", "a"));
    const code = coded(await placeOf(position), position);
    const written = () =>
      database.rows("SELECT ctid::text, xmin::text FROM saywhen.code WHERE stream = $1", [code.place]);
    await one.saveCodes([code, code]);
    const was = await written();
    assert.equal(was.length, 1);
    await other.saveCodes([code]);
    assert.deepEqual(await written(), was);
  });

  it("are left of no erased stream after many saves, appends and erasures at one time, none of which fails", async () => {
    const both = [one, other] as const;
    await Promise.all(
      both.map(async (store, node) => {
        for (let round = 0; round < 25; round += 1) {
          const subjects = [0, 1, 2, 3, 4, 5].map((index) => `customer:${1000 * (node + 1) + 10 * round + index}`);
          const answers = await Promise.all(subjects.map((subject) => put(store, subject, "a")));
          const codes = await Promise.all(
            answers.map(async (answer) => coded(await placeOf(change(answer).position), change(answer).position)),
          );
          const [standing = "", ...others] = subjects;
          const streams = others.map(streamOf);
          const saving = both.map(async (saver, index) => {
            // Later and later, so that some of the first come just before the commit.
            await delay(4 * round);
            for (let step = 0; step < 3; step += 1) await saver.saveCodes(index === 0 ? codes : codes.toReversed());
          });
          const erased = erase(store, ...(node === 0 ? streams : streams.toReversed()));
          await Promise.all([...saving, erased, put(store, standing, "b")]);
        }
      }),
    );
    await one.saveCodes(await everyCode(other));
    const { standing, left } = await count();
    assert.deepEqual([standing >= 50, left], [true, 0]);
    const sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert.deepEqual(await database.rows(sql), [{ deadlocks: 0 }]);
  });
});
