import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { commitmentOf } from "../../audit/verify-receipt.ts";
import { erasureStream, type Stream } from "../../domain/stream.ts";
import { type Store, StoreUnavailable } from "../../service/store.ts";
import { SchemaMismatch } from "../migrations.ts";
import { digestOf } from "./digests.ts";
import { StoreInUse } from "./serving-lock.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const folder = mkdtempSync(join(tmpdir(), "saywhen-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function newFile(): string {
  files += 1;
  return join(folder, `${files}`, "deep", "saywhen.db");
}

async function opened(test: TestContext, file: string, clock = Date.now) {
  const store = await openSqliteStore({ file, clock });
  test.after(() => store.close());
  return store;
}

async function put(store: Store, subject: string, document: string) {
  const draft = { actor: "Jo", client: "crm", kind: "preferences", document, stream: subject as Stream } as const;
  const answer = await store.append({ reads: [], step: () => ({ append: [draft] }) });
  assert("changes" in answer && answer.changes[0] !== undefined);
  return answer.changes[0];
}

/** Changes a database file behind the store's back. */
function edit(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.function("digest", (text) => digestOf(db)(text as string));
  db.function("commitment", (salt, body) => commitmentOf(salt as Uint8Array, body as string));
  db.exec(sql);
  db.close();
}

describe("the store on a file", () => {
  it("makes the folder and the file, for their owner only, and leaves no WAL when it is closed", async (test) => {
    const file = newFile();
    const store = await opened(test, file);
    await put(store, "customer:1", "a");
    const modes = () =>
      readdirSync(join(file, "..")).map((name) => [name, statSync(join(file, "..", name)).mode & 0o777]);
    assert.deepEqual(
      modes(),
      ["", "-shm", "-wal", ".lock"].map((end) => [`saywhen.db${end}`, 0o600]),
    );
    assert.equal(statSync(join(file, "..")).mode & 0o777, 0o700);
    await store.close();
    assert.deepEqual(
      modes(),
      ["", ".lock"].map((end) => [`saywhen.db${end}`, 0o600]),
    );
  });

  it("can be read beside the server, which goes on writing", async (test) => {
    const file = newFile();
    const store = await opened(test, file);
    await put(store, "customer:1", "a");
    const reader = new DatabaseSync(file, { readOnly: true });
    test.after(() => reader.close());
    const count = () => reader.prepare("SELECT count(*) AS changes FROM change").get()?.["changes"];
    reader.exec("BEGIN");
    assert.equal(count(), 1);
    await put(store, "customer:1", "b");
    assert.equal(count(), 1);
    reader.exec("COMMIT");
    assert.equal(count(), 2);
  });

  it("is served once: a second server is told by whom, and starts when the first has stopped", async (test) => {
    const file = newFile();
    const first = await opened(test, file);
    const second = openSqliteStore({ file });
    await assert.rejects(
      second,
      (error) => error instanceof StoreInUse && error.message.includes(`(pid ${process.pid})`),
    );
    await put(first, "customer:1", "a");
    await first.close();
    await put(await opened(test, file), "customer:1", "b");
  });

  it("is served once under whatever name: a symbolic link to the file is the file", async (test) => {
    const file = newFile();
    await opened(test, file);
    const link = join(folder, `link-${files}.db`);
    symlinkSync(file, link);
    await assert.rejects(openSqliteStore({ file: link }), StoreInUse);
  });

  it("answers nothing from memory that somebody else has written past", async (test) => {
    const file = newFile();
    const store = await opened(test, file);
    const first = await put(store, "customer:1", "a");
    edit(
      file,
      `INSERT INTO change SELECT position + 1, at, stream, position, kind, salt, zeroblob(32), replace(body, '"a"', '"b"')
         FROM change;
       UPDATE change SET commitment = commitment(salt, body) WHERE position = 1;
       UPDATE stream SET head = head + 1`,
    );
    await put(store, "customer:2", "c");
    const [newest] = await store.newest(["customer:1" as Stream]);
    assert.deepEqual([newest?.document, newest?.previous], ["b", first.position]);
  });

  it("does not go on taking a stream for empty to which somebody else has written", async (test) => {
    const file = newFile();
    const store = await opened(test, file);
    await put(store, "customer:1", "a");
    assert.deepEqual(await store.newest(["customer:2" as Stream]), [undefined]);
    edit(
      file,
      `INSERT INTO stream (digest, head) VALUES (digest('customer:2'), 1);
       INSERT INTO change SELECT 1, at, (SELECT max(id) FROM stream), NULL, kind, salt, zeroblob(32),
         replace(body, 'customer:1', 'customer:2') FROM change;
       UPDATE change SET commitment = commitment(salt, body) WHERE position = 1`,
    );
    await put(store, "customer:3", "c");
    const [newest] = await store.newest(["customer:2" as Stream]);
    assert.deepEqual([newest?.document, newest?.position], ["a", 1]);
  });

  it("does not let time go back over a restart with a clock that was set back", async (test) => {
    const file = newFile();
    const noon = Date.parse("2026-03-03T12:00:00.000Z");
    const first = await opened(test, file, () => noon);
    await put(first, "customer:1", "a");
    await first.close();
    const second = await opened(test, file, () => noon - 3_600_000);
    assert.equal((await put(second, "customer:1", "b")).at, "2026-03-03T12:00:00.000Z");
  });

  it("copies the WAL into the file while it serves", async (test) => {
    const file = newFile();
    const store = await opened(test, file);
    const before = statSync(file).size;
    await Promise.all(Array.from({ length: 1100 }, (_, index) => put(store, `customer:${index}`, "x".repeat(500))));
    for (let wait = 0; wait < 500 && statSync(file).size < before + 500_000; wait += 1) await sleep(10);
    assert(statSync(file).size >= before + 500_000);
    assert(existsSync(`${file}-wal`));
  });
});

describe("the store, with somebody who reads its file while a subject is erased", () => {
  const secret = "jo.doe@example.com";

  /** A store whose erasure is held up, and who holds it up. */
  async function heldUp(test: TestContext) {
    const file = newFile();
    const store = await opened(test, file);
    await put(store, "customer:1", secret);
    const reader = new DatabaseSync(file, { readOnly: true });
    reader.exec("BEGIN; SELECT count(*) FROM change");
    const stream = "customer:1" as Stream;
    const erasure = { actor: "Jo", client: "crm", kind: "erasure", document: {}, stream: erasureStream } as const;
    await store.append({ reads: [], step: () => ({ append: [erasure], erase: [stream] }) });
    return { file, store, reader };
  }

  const filesWith = (file: string) =>
    readdirSync(join(file, "..")).filter((name) => readFileSync(join(file, "..", name)).includes(secret));

  it("is not clean before they are through, and does not say so when it is closed before", async (test) => {
    const { file, store, reader } = await heldUp(test);
    const clean = assert.rejects(store.scrubbed(), StoreUnavailable);
    await sleep(50);
    await store.close();
    await clean;
    assert.notDeepEqual(filesWith(file), []);
    await assert.rejects(store.scrubbed(), StoreUnavailable);
    reader.close();
  });

  it("is clean with the next start, when they are through by then", async (test) => {
    const { file, store, reader } = await heldUp(test);
    await store.close();
    reader.close();
    assert.notDeepEqual(filesWith(file), []);
    const next = await opened(test, file);
    assert.deepEqual(filesWith(file), []);
    await next.scrubbed();
  });

  it("is clean by itself after the next start, as soon as they are through", async (test) => {
    const { file, store, reader } = await heldUp(test);
    await store.close();
    const next = await opened(test, file);
    let isClean = false;
    const clean = next.scrubbed().then(() => (isClean = true));
    await sleep(100);
    assert.equal(isClean, false);
    reader.close();
    for (let wait = 0; wait < 500 && filesWith(file).length > 0; wait += 1) await sleep(10);
    assert.deepEqual(filesWith(file), []);
    await clean;
  });
});

describe("the schema of the store", () => {
  it("may be newer than the server, as long as that was not marked as breaking", async (test) => {
    const file = newFile();
    await (await opened(test, file)).close();
    edit(file, "INSERT INTO migration VALUES (9998, '9998-an-index-more', 0, '2027-01-01T00:00:00.000Z')");
    await (await opened(test, file)).close();
    edit(file, "INSERT INTO migration VALUES (9999, '9999-another-world', 1, '2027-01-01T00:00:00.000Z')");
    await assert.rejects(openSqliteStore({ file }), (error) => {
      assert(error instanceof SchemaMismatch);
      assert.match(
        error.message,
        /^The database was changed by a newer version \(9999-another-world\).*use that version/,
      );
      return true;
    });
    edit(file, "DELETE FROM migration WHERE number = 9999");
    await put(await opened(test, file), "customer:1", "a");
  });

  it("is not laid into another program's database", async () => {
    const file = newFile();
    await (await openSqliteStore({ file: join(file, "..", "other.db") })).close();
    edit(file, "CREATE TABLE song (title TEXT)");
    await assert.rejects(openSqliteStore({ file }), SchemaMismatch);
    const db = new DatabaseSync(file);
    assert.deepEqual(
      db
        .prepare("SELECT name FROM sqlite_schema")
        .all()
        .map(({ name }) => name),
      ["song"],
    );
    db.close();
  });
});
