import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { act, historyIn } from "../../../test/support/history.ts";
import { newDatabase } from "../../../test/support/postgres.ts";
import { temporaryFolder } from "../../../test/support/service.ts";
import { noMarks, refuseMoved } from "../move-marks.ts";
import { PostgresMoveSource } from "../postgres/move-source.ts";
import { openPostgresTarget } from "../postgres/move-target.ts";
import { openPostgresStore } from "../postgres/postgres-store.ts";
import { rebuildPostgres } from "../postgres/rebuild.ts";
import { SqliteMoveSource } from "../sqlite/move-source.ts";
import { openSqliteStore } from "../sqlite/sqlite-store.ts";
import { MovedBefore, MoveFailed } from "./move-failed.ts";
import { moveLog } from "./move.ts";
import type { MoveSource } from "./ports.ts";

const createdAt = "2026-01-01T00:00:00.000Z";
const crm = { id: "crm", createdAt, scopes: ["admin"], secrets: [{ createdAt, sha256: "ab" }] } as const;

interface Place {
  readonly from: string;
  readonly to: string;
  readonly key: string;
}

/** A log with a client, and an empty database for it. */
async function place(test: TestContext): Promise<Place> {
  const folder = temporaryFolder();
  test.after(() => folder[Symbol.dispose]());
  const [from, to] = await Promise.all([newDatabase(), newDatabase()]);
  const key = join(folder.path, "saywhen.key");
  const history = await historyIn(await openPostgresStore({ url: from }), key);
  for (const id of [1, 2, 3]) await act(history, { what: "customer", id, address: "a@b.com" });
  await history.store.saveClient(crm, undefined);
  await history.close();
  return { from, to, key };
}

/** Moves by a run of its own, from what is given or from the database itself. */
async function move({ from, to }: Place, wrap = (source: MoveSource) => source): Promise<number> {
  const source = new PostgresMoveSource(from, "the source");
  const target = await openPostgresTarget(to, "the target");
  try {
    const options = { copyKey: () => undefined, onProgress: () => undefined };
    return (await moveLog({ source: wrap(source), target, ...options })).size;
  } finally {
    await target.end();
    await source.end();
  }
}

/** The source, at whose snapshot of a number something else is done first. */
function interrupted(source: MoveSource, number: number, work: () => Promise<void>): MoveSource {
  let taken = 0;
  return {
    name: source.name,
    snapshot: async () => {
      taken += 1;
      if (taken === number) await work();
      return source.snapshot();
    },
    close: (marks, seen) => source.close(marks, seen),
    end: () => source.end(),
  };
}

async function marksOf(url: string) {
  const source = new PostgresMoveSource(url, "it");
  try {
    const snapshot = await source.snapshot();
    await snapshot.close();
    return snapshot.marks;
  } finally {
    await source.end();
  }
}

/** As the target is used once a run is through: a client is revoked, and somebody says no. */
async function use({ to, key }: Place): Promise<void> {
  const history = await historyIn(await openPostgresStore({ url: to }), key);
  await history.store.saveClient({ ...crm, revokedAt: createdAt, secrets: [] }, crm);
  await act(history, { what: "customer", id: 1, address: "no@b.com" });
  await history.close();
}

describe("two runs of one move", () => {
  for (const [when, number] of [
    ["while it copies", 2],
    ["when it has verified", 4],
    ["after it closed the source", 5],
  ] as const) {
    it(`keep out of each other's way where the later one is through before the earlier, ${when}`, async (test) => {
      const at = await place(test);
      const slow = move(at, (source) =>
        interrupted(source, number, async () => {
          assert.equal(await move(at), 3);
          await use(at);
        }),
      );
      await assert.rejects(slow, MoveFailed);
      assert.equal((await marksOf(at.from)).movedTo, "the target", "the source stays closed");
      refuseMoved(await marksOf(at.to));
      const store = await openPostgresStore({ url: at.to });
      const [client] = await store.clients();
      assert.deepEqual([client?.revokedAt, client?.secrets, await store.size()], [createdAt, [], 4]);
      await store.close();
      await assert.rejects(move(at), MovedBefore);
    });
  }

  it("open the source where the run that closed it fails, and finish where one had closed it before", async (test) => {
    const at = await place(test);
    const broken = new Error("broken");
    const failing = (source: MoveSource) => interrupted(source, 5, () => Promise.reject(broken));
    await assert.rejects(move(at, failing), broken);
    assert.equal((await marksOf(at.from)).movedTo, null);
    // One that was killed there leaves it closed.
    const killed = (source: MoveSource): MoveSource => ({
      ...interrupted(source, 5, () => Promise.reject(broken)),
      close: async (marks, seen) => ({ ...(await source.close(marks, seen)), reopen: async () => {} }),
    });
    await assert.rejects(move(at, killed), broken);
    assert.equal((await marksOf(at.from)).movedTo, "the target");
    assert.equal(await move(at), 3);
  });

  it("to two places let only one close the source", async (test) => {
    const at = await place(test);
    const elsewhere = { ...at, to: await newDatabase() };
    const slow = move(elsewhere, (source) => interrupted(source, 4, async () => void (await move(at))));
    await assert.rejects(slow, /the source was closed by another `saywhen move`/);
    assert.notEqual((await marksOf(at.from)).moveId, null);
    assert.equal((await marksOf(elsewhere.to)).movedFrom, "the source");
    await assert.rejects(rebuildPostgres(elsewhere.to), /is being filled from the source and is not whole yet/);
  });

  it("close a file once, unless the later one has seen it closed", async (test) => {
    const folder = temporaryFolder();
    test.after(() => folder[Symbol.dispose]());
    const file = join(folder.path, "a.db");
    await (await openSqliteStore({ file })).close();
    const source = new SqliteMoveSource(file);
    const marks = (moveId: string) => ({ movedTo: "there", movedFrom: null, moveId });
    await (await source.close(marks("1"), noMarks)).leave();
    await assert.rejects(source.close(marks("2"), noMarks), /was closed by another/);
    await (await source.close(marks("3"), marks("1"))).reopen();
    await (await source.close(marks("4"), marks("1"))).leave();
  });
});
