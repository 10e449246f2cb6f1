import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { carryOut } from "../support/commands.ts";
import { problemDetails } from "../support/errors.ts";
import { inProcess, type Transport } from "../support/exchange.ts";
import { startInProcess, temporaryFolder } from "../support/service.ts";
import { customerPath, get, putCustomer, putUser } from "./acts.ts";
import { assertReceipts, assertVerify, readLog, type Recorded, wholeLog } from "./whole-log.ts";

/** How many WALs are damaged in each way; `npm run faults` asks for more. */
const rounds = Number(process.env["FAULT_ROUNDS"] ?? 4);
const customers = 30;

/** A database as a kill would leave it: with all of its last changes in the WAL, and the last of them signed for. */
interface Killed {
  readonly folder: string;
  readonly recorded: readonly Recorded[];
  readonly receipts: readonly string[];
}

/** @param isPartlyCopied whether some of the WAL has been copied into the file, where it is newer than what a cut leaves */
async function writeAndKill(folder: string, isPartlyCopied = false): Promise<Killed> {
  const [living, killed] = [join(folder, "living"), join(folder, "killed")];
  const file = join(living, "saywhen.db");
  const receipts: string[] = [];
  // The first start's tables are in the file itself, whatever becomes of the WAL.
  await (await startInProcess({ file })).service.close();
  {
    await using running = await startInProcess({ file });
    // As long as somebody reads what was there at a moment, nothing later is copied from the WAL into the file.
    using reader = new DatabaseSync(file, { readOnly: true });
    const send = inProcess(running.service.server);
    for (let id = 0; id < customers; id += 1) {
      if (id === (isPartlyCopied ? customers / 2 : 0)) reader.exec("BEGIN; SELECT * FROM change");
      receipts.push(await recordWithReceipt(send, id));
      // Two changes at once: the user and what it has chosen.
      assert.equal((await send(putUser(`u${id}@example.com`, "Daily"))).status, 200);
    }
    receipts.push(await recordWithReceipt(send, customers));
    if (isPartlyCopied) copyWal(file);
    copy(living, killed);
  }
  return { folder: killed, recorded: wholeLog(file), receipts };
}

/** Copies what may be copied from the WAL into its database file. */
function copyWal(file: string): void {
  using db = new DatabaseSync(file);
  const { log, checkpointed } = db.prepare("PRAGMA wal_checkpoint(PASSIVE)").get() ?? {};
  assert(Number(checkpointed) > 0 && Number(checkpointed) < Number(log));
}

async function recordWithReceipt(send: Transport, id: number): Promise<string> {
  const { headers } = await send(putCustomer(id, `a${id}@example.com`));
  const { status, body } = await send(get(`/v1/changes/${headers["saywhen-change"]}/receipt`));
  assert.equal(status, 200, body);
  return body;
}

/** All files but the WAL's index, which does not outlive its process's memory. */
function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (path) => !/-shm$|\.lock/.test(path) });
}

function cutOff(wal: string, at: number): void {
  truncateSync(wal, at);
}

function flip(wal: string, at: number): void {
  const bytes = readFileSync(wal);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
  writeFileSync(wal, bytes);
}

/** The service answers and takes changes, and signs nothing. */
async function assertStopped(file: string): Promise<void> {
  await using running = await startInProcess({ file });
  assert.match(running.service.logStopped ?? "", /saywhen log continue/);
  const send = inProcess(running.service.server);
  problemDetails(await send(get("/v1/changes/0/receipt")), 503);
  problemDetails(await send(get("/v1/log/checkpoint")), 503);
  assert.equal((await send(get(customerPath(1)))).status, 200);
  assert.equal((await send(putCustomer(7, "meanwhile@example.com"))).status, 200);
  problemDetails(await send(get("/v1/changes/0/receipt")), 503);
}

async function assertSigns(file: string): Promise<void> {
  await using running = await startInProcess({ file });
  assert.equal(running.service.logStopped, undefined);
  await recordWithReceipt(inProcess(running.service.server), 7);
}

/** What is left is a beginning of what was there; whoever was told otherwise can show it. */
async function assertNoticed(killed: Killed, file: string): Promise<void> {
  const left = readLog(file);
  assert.deepEqual(left, killed.recorded.slice(0, left.length));
  if (left.length < killed.recorded.length) {
    await assertStopped(file);
    await assertVerify(file, 5);
    const continued = await carryOut(["log", "continue"], { SAYWHEN_DATABASE: file });
    assert.equal(continued.exitCode, 0, continued.told);
  }
  await assertSigns(file);
  await assertVerify(file);
  const kept = killed.receipts.filter((receipt) => Number(/^index (\d+)$/m.exec(receipt)?.[1]) < left.length);
  assertReceipts(file, wholeLog(file), kept);
}

describe("a WAL that", () => {
  for (const [what, damage] of Object.entries({ "is cut off": cutOff, "has a flipped byte": flip })) {
    it(`${what} costs whole changes at the end, never a part of one; that is noticed, and can be gone on from`, async () => {
      using folder = temporaryFolder();
      const killed = await writeAndKill(folder.path);
      for (let round = 0; round < rounds; round += 1) {
        const again = join(folder.path, String(round));
        copy(killed.folder, again);
        const file = join(again, "saywhen.db");
        assert(existsSync(`${file}-wal`));
        const { length } = readFileSync(`${file}-wal`);
        damage(`${file}-wal`, Math.floor(Math.random() * length));
        await assertNoticed(killed, file);
      }
    });
  }

  it("is damaged where it was copied from is noticed at the start, and nothing is answered that was never so", async () => {
    using folder = temporaryFolder();
    const killed = await writeAndKill(folder.path, true);
    for (let round = 0; round < rounds; round += 1) {
      const again = join(folder.path, String(round));
      copy(killed.folder, again);
      const file = join(again, "saywhen.db");
      const { length } = readFileSync(`${file}-wal`);
      (round % 2 === 0 ? cutOff : flip)(`${file}-wal`, Math.floor((Math.random() * length) / 2));
      await assertNothingInvented(file);
    }
  });
});

/** The service does not start, or it does not sign; what it answers is what was there at one time or another. */
async function assertNothingInvented(file: string): Promise<void> {
  const starting = startInProcess({ file }).catch((error: unknown) => String(error));
  const running = await starting;
  if (typeof running === "string") return assert.match(running, /database/);
  try {
    assert.notEqual(running.service.logStopped, undefined);
    const send = inProcess(running.service.server);
    for (let id = 0; id < customers; id += 1) {
      const { status, body } = await send(get(customerPath(id)));
      assert(
        status === 500 ||
          status === 503 ||
          /"value":"([^"]*)"/.exec(body)?.[1] === `a${id}@example.com` ||
          body.includes('"preferences":[]'),
        body,
      );
    }
  } finally {
    await running[Symbol.asyncDispose]();
  }
}
