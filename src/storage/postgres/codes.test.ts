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

type Put = Awaited<ReturnType<typeof put>>;
type Coded = Pick<KeptCode, "commitment" | "place" | "position">;

function coded({ place, position, commitment }: Coded): KeptCode {
  const name = Buffer.alloc(subjectKeyBytes, `${place}`);
  return { place, position, commitment, name, said: Buffer.alloc(place % 90, `${position}`) };
}

/** The codes of all newest changes. */
async function everyCode(store: PostgresStore): Promise<KeptCode[]> {
  const codes: KeptCode[] = [];
  for await (const page of store.everyNewest())
    codes.push(...page.map(({ change: { position }, ...placed }) => coded({ ...placed, position })));
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

/** The code of a change that was just put. */
async function codeOf(answer: Promise<Put> | Put): Promise<KeptCode> {
  const [logged] = await one.changesFrom(change(await answer).position, 1);
  assert(logged !== undefined);
  return coded(logged);
}

/** What is kept of a stream, and which row it is. */
function keptOf(place: number): Promise<{ position: number; said: Uint8Array; row: string; writtenBy: string }[]> {
  const sql = 'SELECT position, said, ctid::text AS row, xmin::text AS "writtenBy" FROM saywhen.code WHERE stream = $1';
  return database.rows(sql, [place]);
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

const saveSql = "SELECT saywhen.save_codes(ARRAY[$1::bigint], ARRAY[$2::bigint], $3, $4, $5, ARRAY[length($5::bytea)])";

describe("codes of changes on PostgreSQL", () => {
  it("that are saved while their stream is being erased go with it, and appends wait for neither", async () => {
    const { place, position, commitment, name, said } = await codeOf(put(one, "customer:1", "a"));
    let erased: Promise<number> | undefined;
    await database.transaction(async (statements) => {
      await statements.rows(saveSql, [place, position, commitment, name, said]);
      await put(other, "customer:2", "a");
      erased = erase(one, streamOf("customer:1"));
      await untilWaitedFor();
      await put(other, "customer:2", "b");
    });
    await erased;
    assert.deepEqual(await count(), { standing: 0, left: 0 });
  });

  it("that come after their stream was erased, but before that was committed, are not kept", async () => {
    const code = await codeOf(put(one, "customer:3", "a"));
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
    const code = await codeOf(put(one, "customer:4", "a"));
    await one.saveCodes([code, code]);
    const was = await keptOf(code.place);
    assert.equal(was.length, 1);
    await other.saveCodes([code]);
    assert.deepEqual(await keptOf(code.place), was);
  });

  it("are not kept of another change that had the position, and leave the right one as it is", async () => {
    const code = await codeOf(put(one, "customer:5", "a"));
    const others = {
      ...code,
      commitment: (await codeOf(put(one, "customer:6", "a"))).commitment,
      said: Buffer.from("other"),
    };
    await one.saveCodes([others]);
    assert.deepEqual(await keptOf(code.place), []);
    await one.saveCodes([others, code]);
    const was = await keptOf(code.place);
    assert.deepEqual(Buffer.from(was[0]?.said ?? []), code.said);
    await one.saveCodes([others]);
    assert.deepEqual(await keptOf(code.place), was);
  });

  it("mend what the disk has lost of them, be it only of the position", async () => {
    const code = await codeOf(put(one, "customer:7", "a"));
    await one.saveCodes([code]);
    for (const damage of [
      "position = position + 1024",
      "position = position - 1",
      "said = 'lost'",
      "name = decode(repeat('00', 12), 'hex')",
    ]) {
      await database.rows(`UPDATE saywhen.code SET ${damage} WHERE stream = $1`, [code.place]);
      await one.saveCodes([code]);
      const [kept] = await database.rows("SELECT position, name, said FROM saywhen.code WHERE stream = $1", [
        code.place,
      ]);
      assert.deepEqual(kept, { position: code.position, name: code.name, said: code.said }, damage);
    }
  });

  it("are left of no erased stream after many saves, appends and erasures at one time, none of which fails", async () => {
    const both = [one, other] as const;
    await Promise.all(
      both.map(async (store, node) => {
        for (let round = 0; round < 25; round += 1) {
          const subjects = [0, 1, 2, 3, 4, 5].map((index) => `customer:${1000 * (node + 1) + 10 * round + index}`);
          const answers = await Promise.all(subjects.map((subject) => put(store, subject, "a")));
          const codes = await Promise.all(answers.map(codeOf));
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
  });
});
