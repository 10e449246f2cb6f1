import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { erasureStream, type Stream } from "../../domain/stream.ts";
import { StoreUnavailable } from "../../service/store.ts";
import { Addresses } from "./addresses.ts";
import { Changes } from "./changes.ts";
import { Codes } from "./codes.ts";
import { digestOf } from "./digests.ts";
import { Directory } from "./directory.ts";
import { migrate } from "./migrate.ts";
import type { Carried, Erased } from "../watchers.ts";
import { Writer } from "./writer.ts";

/** @param book told of each erasure; what it answers takes that back */
function setUp(test: TestContext, book: (erased: Erased) => () => void = () => assert.fail("nothing is erased here")) {
  const db = new DatabaseSync(":memory:");
  test.after(() => db.close());
  migrate(db, "2026-03-03T14:05:00.000Z");
  const groups: Carried[] = [];
  const errors: string[] = [];
  const digest = digestOf(db);
  const changes = new Changes(db, digest);
  const writer = new Writer({
    db,
    changes,
    addresses: new Addresses(db, digest),
    directory: new Directory(db, digest),
    codes: new Codes(db),
    clock: () => Date.parse("2026-03-03T14:05:00.000Z"),
    onErasure: book,
    onGroup: (group) => groups.push(group),
    onError: (kind) => errors.push(kind),
  });
  const put = (subject: string, text: string, kind: "directory" | "preferences" = "preferences") => {
    const stream = subject as Stream<string>;
    return writer.append({
      reads: [stream],
      step: (newest) => ({
        append: [
          { actor: "Jo", client: "crm", stream, kind, document: (newest.change(stream)?.document ?? "") + text },
        ],
      }),
    });
  };
  const erase = (subject: string) => {
    const stream = subject as Stream;
    const erasure = { actor: "Jo", client: "crm", stream: erasureStream, kind: "erasure", document: {} } as const;
    return writer.append({ reads: [], step: () => ({ append: [erasure], erase: [stream] }) });
  };
  const newest = (subject: string) => changes.head(subject as Stream)?.change.document;
  return { db, groups, errors, writer, put, erase, newest };
}

/** Tells the disk's room (in pages) through SQLite itself, which then fails as it does on a full disk. */
function room(db: DatabaseSync, pages: number): void {
  db.exec(`PRAGMA max_page_count = ${pages}`);
}

describe("the writer", () => {
  it("carries all that is handed over before the next tick in one transaction", async (test) => {
    const { groups, put, newest } = setUp(test);
    await Promise.all(["a", "b", "c"].map((text) => put("customer:1", text)));
    await Promise.all(Array.from({ length: 600 }, (_, index) => put(`customer:${index}`, "x")));
    assert.equal(newest("customer:1"), "abcx");
    assert.deepEqual(
      groups.map(({ writes, changes }) => [writes, changes]),
      [
        [3, 3],
        [512, 512],
        [88, 88],
      ],
    );
    assert(groups.every(({ seconds }) => seconds > 0 && seconds < 10));
  });

  it("appends nothing of a group that does not fit on the disk, says so, and goes on when room returns", async (test) => {
    const { db, errors, groups, put, newest } = setUp(test);
    await put("customer:1", "a");
    const pages = db.prepare("PRAGMA page_count").get()?.["page_count"] as number;
    room(db, pages + 2);
    const answers = await Promise.allSettled([
      put("customer:1", "b"),
      put("customer:2", "x".repeat(50_000)),
      put("customer:3", "c"),
    ]);
    for (const answer of answers) {
      assert(answer.status === "rejected" && answer.reason instanceof StoreUnavailable);
      assert.equal(answer.reason.message, "the database cannot be used: database or disk is full");
    }
    assert.deepEqual([newest("customer:1"), newest("customer:2"), newest("customer:3")], ["a", undefined, undefined]);
    assert.deepEqual(errors, ["full"]);
    assert.equal(db.isTransaction, false);
    room(db, 1_000_000);
    const [answer] = await Promise.all([put("customer:1", "b"), put("customer:3", "c")]);
    assert("changes" in answer);
    assert.deepEqual([answer.changes[0]?.position, answer.changes[0]?.previous], [1, 0]);
    assert.deepEqual([newest("customer:1"), newest("customer:3")], ["ab", "c"]);
    assert.equal(groups.length, 2);
  });

  it("leaves the others alone when one write cannot be written, and their steps see nothing of it", async (test) => {
    const { db, errors, groups, put, newest } = setUp(test);
    const answers = await Promise.allSettled([
      put("customer:1", "a"),
      put("customer:1", "not an entry", "directory"),
      put("customer:1", "b"),
      put("customer:2", "not an entry either", "directory"),
      put("customer:2", "c"),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"],
    );
    assert.deepEqual([newest("customer:1"), newest("customer:2")], ["ab", "c"]);
    assert.deepEqual(
      db
        .prepare("SELECT position FROM change")
        .all()
        .map(({ position }) => position),
      [0, 1, 2],
    );
    assert.deepEqual([errors, groups.length], [[], 1]);
  });

  it("has nothing of a stream only until something of it is committed, and again once it is erased", async (test) => {
    const { db, put, erase, newest } = setUp(test, () => () => {});
    const subjects = ["customer:1", "customer:2"];
    const found = () => subjects.map(newest);
    assert.deepEqual(
      [found(), found()],
      [
        [undefined, undefined],
        [undefined, undefined],
      ],
    );
    await put("customer:1", "a");
    assert.deepEqual(found(), ["a", undefined]);
    db.exec("PRAGMA query_only = 1");
    await assert.rejects(put("customer:2", "b"), StoreUnavailable);
    assert.deepEqual(found(), ["a", undefined]);
    db.exec("PRAGMA query_only = 0");
    await Promise.all([put("customer:2", "c"), erase("customer:1")]);
    assert.deepEqual(
      [found(), found()],
      [
        [undefined, "c"],
        [undefined, "c"],
      ],
    );
    await Promise.all([put("customer:1", "d"), erase("customer:2"), put("customer:2", "e"), put("customer:2", "f")]);
    assert.deepEqual(found(), ["d", "ef"]);
  });

  it("takes nothing while the database is read-only, and tells that from a full disk", async (test) => {
    const { db, errors, put, newest } = setUp(test);
    db.exec("PRAGMA query_only = ON");
    await assert.rejects(put("customer:1", "a"), StoreUnavailable);
    db.exec("PRAGMA query_only = OFF");
    await put("customer:1", "b");
    assert.deepEqual([newest("customer:1"), errors], ["b", ["readonly"]]);
  });
});

describe("the writer, with a book of erasures", () => {
  /** Each line that is in the book, and each that was taken back. */
  function openBook() {
    const [lines, takenBack] = [[] as string[], [] as string[]];
    const note = ({ streams, position }: Erased) => {
      const line = `${position} ${streams.join()}`;
      lines.push(line);
      return () => takenBack.push(...lines.splice(lines.lastIndexOf(line), 1));
    };
    return { lines, takenBack, note };
  }

  it("has a line for each erasure that is committed", async (test) => {
    const { lines, takenBack, note } = openBook();
    const { put, erase } = setUp(test, note);
    await Promise.all([put("customer:1", "a"), put("customer:2", "b"), erase("customer:1"), erase("customer:2")]);
    assert.deepEqual([lines, takenBack], [["2 customer:1", "3 customer:2"], []]);
  });

  it("takes the lines back of what was not committed, the last first, so that no restore erases it", async (test) => {
    const { lines, takenBack, note } = openBook();
    const { db, errors, put, erase, newest } = setUp(test, note);
    await Promise.all([put("customer:1", "a"), put("customer:2", "b")]);
    room(db, (db.prepare("PRAGMA page_count").get()?.["page_count"] as number) + 2);
    const answers = await Promise.allSettled([
      erase("customer:1"),
      erase("customer:2"),
      put("customer:3", "x".repeat(50_000)),
    ]);
    assert(answers.every(({ status }) => status === "rejected"));
    assert.deepEqual([newest("customer:1"), newest("customer:2"), errors], ["a", "b", ["full"]]);
    assert.deepEqual([lines, takenBack], [[], ["3 customer:2", "2 customer:1"]]);
  });

  it("has one line for an erasure that was tried again without a write that broke beside it", async (test) => {
    const { lines, takenBack, note } = openBook();
    const { put, erase, newest } = setUp(test, note);
    await put("customer:1", "a");
    await Promise.all([erase("customer:1"), assert.rejects(put("customer:2", "no entry", "directory"))]);
    assert.deepEqual([lines, takenBack, newest("customer:1")], [["1 customer:1"], ["1 customer:1"], undefined]);
  });

  it("refuses the erasure that cannot be booked, and that alone", async (test) => {
    const unwritable = new StoreUnavailable("the book cannot be written");
    const { errors, put, erase, newest } = setUp(test, () => {
      throw unwritable;
    });
    await put("customer:1", "a");
    const refused = assert.rejects(erase("customer:1"), unwritable);
    await Promise.all([put("customer:1", "b"), refused, put("customer:2", "c")]);
    assert.deepEqual([newest("customer:1"), newest("customer:2"), errors], ["ab", "c", ["unavailable"]]);
  });

  it("goes on when a line cannot be taken back, and says so", async (test) => {
    const { errors, put, erase, newest } = setUp(test, () => () => {
      throw new StoreUnavailable("the book cannot be written");
    });
    const broken = [erase("customer:3"), assert.rejects(put("customer:2", "no entry", "directory"))];
    await Promise.all([put("customer:1", "a"), ...broken]);
    assert.deepEqual([newest("customer:1"), errors], ["a", ["unavailable"]]);
  });
});
