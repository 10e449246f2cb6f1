import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { entryOf } from "../src/domain/stream.ts";
import { user } from "../src/domain/subject.ts";
import { openPostgresStore, type PostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { change, put, stored, streamOf } from "./contract/store-support.ts";
import { hasPgbouncer, startPgbouncer } from "./support/pgbouncer.ts";
import { newDatabase } from "./support/postgres.ts";

const pooler = hasPgbouncer ? false : "pgbouncer is not installed";

/** Two nodes on one database, the second with a clock of its own. */
async function nodes(
  test: TestContext,
  clockAheadMs = 0,
  database: string | Promise<string> = newDatabase(),
): Promise<[PostgresStore, PostgresStore]> {
  const url = await database;
  const one = await openPostgresStore({ url });
  test.after(() => one.close());
  const other = await openPostgresStore({ url, clock: () => Date.now() + clockAheadMs });
  test.after(() => other.close());
  return [one, other];
}

/** The log as it stands: positions without a gap, times that never go back, each stream's chain whole. */
async function assertSound(store: PostgresStore, subjects: readonly string[]): Promise<void> {
  const size = await store.size();
  const entries = await store.entries(0, size);
  assert.equal(entries.length, size);
  const times = entries.map(({ at }) => Date.parse(at));
  assert.deepEqual(
    times,
    times.toSorted((one, next) => one - next),
  );
  const positions: number[] = [];
  for (const subject of subjects) positions.push(...(await store.positions(streamOf(subject))));
  const inOrder = positions.sort((one, next) => one - next);
  assert.deepEqual(
    inOrder,
    Array.from({ length: size }, (_, index) => index),
  );
}

describe("two nodes on one database", () => {
  it("see at once what the other has acknowledged, though they remember what they have read (law 11)", async (test) => {
    const [one, other] = await nodes(test);
    const stream = streamOf("customer:1");
    for (let round = 0; round < 50; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [one, other] : [other, one];
      const answer = change(await put(writer, "customer:1", `slot ${round}`));
      const [found] = await reader.newest([stream]);
      assert.equal(found?.position, answer.position);
      assert.equal(found.document.slots.at(-1), `slot ${round}`);
      // From here on it is remembered, and has to be found stale.
      await reader.newest([stream]);
    }
  });

  it("see it in a read that was asked for while others were under way", async (test) => {
    const [one, other] = await nodes(test);
    await put(one, "customer:1", "0");
    let isOver = false;
    const noise = Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        while (!isOver) await other.newest([streamOf("customer:1"), streamOf(`customer:${index}`)]);
      }),
    );
    for (let round = 1; round <= 30; round += 1) {
      const { position } = change(await put(one, "customer:1", String(round)));
      const [found] = await other.newest([streamOf("customer:1")]);
      assert((found?.position ?? -1) >= position);
    }
    isOver = true;
    await noise;
  });

  it("keep a hundred changes of one subject that come to both at the same time (law 12)", async (test) => {
    const [one, other] = await nodes(test);
    const slots = Array.from({ length: 100 }, (_, index) => `slot ${index}`);
    await Promise.all(slots.map((slot, index) => put(index % 2 === 0 ? one : other, "customer:1", slot)));
    const [newest] = await one.newest([streamOf("customer:1")]);
    assert.deepEqual(newest?.document.slots.toSorted(), slots.toSorted());
    await assertSound(other, ["customer:1"]);
  });

  it("make one log of what they append to the same and to different subjects, with clocks 5 s apart", async (test) => {
    const [one, other] = await nodes(test, 5000);
    const subjects = Array.from({ length: 12 }, (_, index) => `customer:${index}`);
    const appendedBy = async (store: PostgresStore, shift: number) => {
      for (let round = 0; round < 25; round += 1)
        await Promise.all(
          subjects.slice(0, 8).map((_, index) => {
            const subject = subjects[(index + shift) % subjects.length] ?? "";
            const partner = subjects[(index * 5 + round) % subjects.length] ?? "";
            // Each reads another subject besides, and some append to two, in opposite orders on the two nodes.
            const drafts = index % 3 === 0 && partner !== subject ? [partner, subject] : [subject];
            return store.append({
              reads: [streamOf(subject), streamOf(partner)],
              step: () => ({ append: drafts.map((each) => stored(each, [`${shift}.${round}`])) as never }),
            });
          }),
        );
    };
    await Promise.all([appendedBy(one, 0), appendedBy(other, 4)]);
    await assertSound(one, subjects);
  });

  it("wait for each other behind a pooler that has fewer connections than one of them", {
    skip: pooler,
  }, async (test) => {
    const pool = await startPgbouncer(await newDatabase(), { poolMode: "transaction", poolSize: 3 });
    test.after(() => pool.stop());
    const both = await nodes(test, 0, pool.url);
    const subjects = Array.from({ length: 10 }, (_, index) => `customer:${index}`);
    await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const [writer, reader] = index % 2 === 0 ? both : both.toReversed();
        const subject = subjects[index % subjects.length] ?? "";
        const { position } = change(await put(writer ?? both[0], subject, String(index)));
        const [found] = await (reader ?? both[0]).newest([streamOf(subject)]);
        assert((found?.position ?? -1) >= position);
      }),
    );
    await assertSound(both[0], subjects);
  });

  it("give an e-mail address to one user, and a free id to one, whoever asks them at the same time", async (test) => {
    const both = await nodes(test);
    const taken: string[] = [];
    await Promise.all(
      Array.from({ length: 24 }, (_, index) => {
        const email = `user${index % 12}@example.com`;
        return (both[index % 2] ?? both[0]).append({
          reads: [],
          emails: [email],
          ids: ["user"],
          step: (newest) => {
            if (newest.userWithEmail(email) !== undefined) return { refuse: "taken" };
            const id = newest.freeId("user");
            taken.push(`user:${id}`);
            const stream = entryOf(user(id));
            return {
              append: [{ actor: "Jo", client: "crm", stream, kind: "directory", document: { id, email } }],
            };
          },
        });
      }),
    );
    const { entries, total } = await both[0].users({ limit: 100, offset: 0 });
    assert.equal(total, 12);
    assert.equal(new Set(entries.map(({ email }) => email)).size, 12);
    await assertSound(
      both[1],
      [...new Set(taken)].map((subject) => `directory/${subject}`),
    );
  });
});
