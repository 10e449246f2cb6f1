import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { verifyReceipt } from "../src/audit/verify-receipt.ts";
import { openSqliteRecords } from "../src/storage/sqlite/open-records.ts";
import * as acts from "./faults/acts.ts";
import { assertVerify, wholeLog } from "./faults/whole-log.ts";
import { inProcess, type Transport } from "./support/exchange.ts";
import { type RunningService, startInProcess, temporaryFolder } from "./support/service.ts";

// What people said to an older version still counts, word for word, and can be proved and erased from now on.

const golden = (name: string): string => readFileSync(new URL(`golden/${name}`, import.meta.url), "utf8");

/** What the program of that time answered, and a client's secret that it gave out. */
interface Then {
  readonly clientSecret: string;
  readonly answers: readonly { readonly target: string; readonly etag?: string; readonly body: string }[];
}

const { clientSecret, answers } = JSON.parse(golden("database-2.json")) as Then;
/** How many changes it holds, the catalogue's and the key of marks, which it lacked, among them. */
const changes = 16;

function load(file: string): void {
  using db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(golden("database-2.sql"));
}

describe("a database with data from before the log was signed", () => {
  const folder = temporaryFolder();
  const file = join(folder.path, "saywhen.db");
  let running: RunningService;
  let send: Transport;

  before(async () => {
    load(file);
    await start();
  });

  after(async () => {
    await running[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function start(): Promise<void> {
    running = await startInProcess({ file });
    send = inProcess(running.service.server);
  }

  async function streamsWith(address: string): Promise<readonly string[]> {
    const records = await openSqliteRecords(file);
    try {
      return (await records.newestWithAddress(address, 9)).map(({ change: { stream } }) => stream);
    } finally {
      await records.close();
    }
  }

  it("is answered from as before, down to the tags", async () => {
    for (const { target, etag, body } of answers) {
      const answer = await send(acts.get(target));
      assert.deepEqual([answer.status, answer.headers["etag"], answer.body], [200, etag, body], target);
    }
  });

  it("still has the no of a customer who had said yes before", async () => {
    const path = "/v1/subjects/customer/2/preferences";
    const now = await send(acts.get(path));
    const before = await send(acts.get(`${path}?at=2026-03-03T14:05:02.305Z`));
    assert.match(now.body, /"state":"opted-out"/);
    assert.match(before.body, /"state":"opted-in"/);
  });

  it("is searched by the addresses that are held, and by those that once were", async () => {
    assert.deepEqual(await streamsWith("jo@example.org"), ["customer:1"]);
    assert.deepEqual(await streamsWith("jo.doe@example.com"), ["customer:1"]);
    assert.deepEqual(await streamsWith("+12025550101"), ["customer:1"]);
    assert.deepEqual(await streamsWith("nobody@example.com"), []);
  });

  it("still takes its clients' secrets", async () => {
    const as = (secret: string) => ({ ClientId: "crm", Authorization: `Bearer ${secret}` });
    const ask = (secret: string) => send(acts.get(acts.customerPath(2), as(secret)));
    assert.deepEqual([(await ask(clientSecret)).status, (await ask(`${clientSecret}x`)).status], [200, 401]);
  });

  it("has a receipt for every change, and verifies", async () => {
    const key = (await send(acts.get("/v1/log/key"))).body.trim();
    for (let position = 0; position < changes; position += 1) {
      const change = `/v1/changes/${position}`;
      const [receipt, opening] = [await send(acts.get(`${change}/receipt`)), await send(acts.get(change))];
      const verdict = verifyReceipt(receipt.body, key, opening.body);
      assert(verdict.ok, verdict.ok ? "" : verdict.why);
      assert.equal(verdict.position, position);
    }
    await assertVerify(file);
    assert.equal(wholeLog(file).length, changes);
  });

  it("is rid of whom it erases, in every file", async () => {
    const marks = ["77003", "77006"];
    assert.deepEqual(marks.filter(isInFiles), marks);
    for (const subject of ["customer/77003", "user/77006"]) {
      const { status, body } = await send(acts.erase(subject));
      assert.equal(status, 200, body);
    }
    assert.deepEqual(marks.filter(isInFiles), []);
    assert.equal((await send(acts.get(acts.userPath("user.77006@example.com")))).status, 404);
    assert.deepEqual(await streamsWith("plain.77003@example.com"), []);
  });

  it("is whole after all that, and with the next start", async () => {
    await running[Symbol.asyncDispose]();
    wholeLog(file);
    await assertVerify(file);
    await start();
    const [, no] = answers;
    assert.equal((await send(acts.get(acts.customerPath(2)))).body, no?.body);
  });

  function isInFiles(mark: string): boolean {
    return readdirSync(folder.path).some((name) => readFileSync(join(folder.path, name)).includes(mark));
  }
});
