import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import type { Change, Draft } from "../../domain/change.ts";
import { erasureStream, type Stream } from "../../domain/stream.ts";
import type { SqliteRecords } from "./sqlite-records.ts";
import { Changes } from "./changes.ts";
import { digestOf } from "./digests.ts";
import { LogTail } from "./log-tail.ts";
import { migrate } from "./migrate.ts";
import { openSqliteRecords } from "./open-records.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const mebi = 1024 * 1024;

function committed(position: number, size = 1) {
  const change = { position } as Change;
  return { logged: { position, place: position % 3, commitment: Buffer.of(position), change }, size };
}

function draft(stream: string): Draft {
  const act = { actor: "Jo", client: "crm", evidence: { source: "form" }, trackingId: "t-1" };
  return { ...act, kind: "preferences", document: {}, stream: stream as Stream };
}

function tailOf(sizes: readonly number[]): LogTail {
  const tail = new LogTail();
  for (const [position, size] of sizes.entries()) tail.add(committed(position, size));
  return tail;
}

function positions(tail: LogTail, from: number, limit = 100): number[] | undefined {
  return tail.from(from, limit)?.map(({ position }) => position);
}

/** What somebody else finds in the file. */
async function stored<Value>(file: string, read: (records: SqliteRecords) => Promise<Value>): Promise<Value> {
  const records = await openSqliteRecords(file);
  try {
    return await read(records);
  } finally {
    await records.close();
  }
}

describe("the log's tail", () => {
  it("knows what was committed, from each position on, and nothing of what comes before or after", () => {
    const tail = new LogTail();
    assert.equal(positions(tail, 0), undefined);
    assert.equal(new LogTail().last, undefined);
    for (const position of [7, 8, 9]) tail.add(committed(position));
    assert.deepEqual(
      [6, 7, 8, 9, 10, 11].map((from) => positions(tail, from)),
      [undefined, [7, 8, 9], [8, 9], [9], [], undefined],
    );
    assert.deepEqual(positions(tail, 7, 2), [7, 8]);
    assert.equal(tail.last?.position, 9);
  });

  it("lets the first go when the texts are long, and so many are kept", () => {
    assert.deepEqual(positions(tailOf([2 * mebi, mebi, mebi]), 0), [0, 1, 2]);
    const tail = tailOf([2 * mebi, mebi, mebi, 1]);
    assert.equal(positions(tail, 0), undefined);
    assert.deepEqual(positions(tail, 1), [1, 2, 3]);
    tail.add(committed(4, 5 * mebi));
    assert.equal(positions(tail, 4), undefined, "one that is too long is not kept");
    assert.deepEqual(positions(tail, 5), []);
    assert.equal(tail.last?.position, 4);
  });

  it("starts anew where something is missing", () => {
    const tail = tailOf([1, 1, 1]);
    tail.add(committed(5));
    assert.equal(positions(tail, 2), undefined);
    assert.deepEqual(positions(tail, 5), [5]);
  });

  it("has nothing of a transaction that was rolled back, and forgets what somebody else has written past", () => {
    using db = new DatabaseSync(":memory:");
    migrate(db, "2026-03-03T14:05:00.000Z");
    const changes = new Changes(db, digestOf(db));
    const time = { ms: Date.parse("2026-03-03T14:05:00.000Z"), text: "2026-03-03T14:05:00.000Z" };
    const append = (position: number, isCommitted: boolean) => {
      db.exec("BEGIN");
      changes.append(draft("customer:1"), position, time);
      db.exec(isCommitted ? "COMMIT" : "ROLLBACK");
      changes.settle(isCommitted);
    };
    append(0, false);
    assert.deepEqual([changes.tail.last, changes.tail.from(0, 9)], [undefined, undefined]);
    append(0, true);
    append(1, false);
    assert.deepEqual([changes.tail.last?.position, changes.tail.from(0, 9)?.length], [0, 1]);
    db.exec("INSERT INTO change SELECT 1, at, stream, 0, kind, salt, commitment, body FROM change");
    assert.equal(changes.end().next, 2);
    assert.deepEqual([changes.tail.last, changes.tail.from(0, 9)], [undefined, undefined]);
  });

  it("tells what the file has, whatever was appended, erased, refused or rolled back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "saywhen-"));
    const file = join(folder, "saywhen.db");
    try {
      await using opened = new AsyncDisposableStack();
      let isBookFull = false;
      const onErasure = () => {
        if (isBookFull) throw new Error("the book of erasures is full");
        return () => undefined;
      };
      const store = await openSqliteStore({ file, onErasure });
      opened.defer(() => store.close());
      const put = (...streams: [string, ...string[]]) =>
        store.append({ reads: [], step: () => ({ append: [draft(streams[0]), ...streams.slice(1).map(draft)] }) });
      const erase = (stream: string) => {
        const erasure: Draft = { ...draft("customer:1"), kind: "erasure", stream: erasureStream };
        return store.append({ reads: [], step: () => ({ append: [erasure], erase: [stream as Stream] }) });
      };
      await put("customer:1");
      await Promise.all([put("customer:2", "customer:3"), put("customer:1"), erase("customer:1"), put("customer:1")]);
      assert.deepEqual(await store.changesFrom(0, 20), await stored(file, (records) => records.changesFrom(0, 20)));
      await store.append({ reads: [], step: () => ({ refuse: "no" }) });
      isBookFull = true;
      const results = await Promise.allSettled([put("customer:4"), erase("customer:2"), put("customer:2")]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled"],
      );
      isBookFull = false;
      await erase("customer:3");
      isBookFull = true;
      await assert.rejects(erase("customer:4"));
      await stored(file, async (records) => {
        const size = await records.size();
        assert.equal(size, 9);
        assert.deepEqual(await store.last(), await records.last());
        for (let from = 0; from <= size + 1; from += 1) {
          for (const limit of [1, 3, 20])
            assert.deepEqual(await store.changesFrom(from, limit), await records.changesFrom(from, limit));
        }
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
