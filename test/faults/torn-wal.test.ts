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
import { assertReceipts, readLog, type Recorded, wholeLog } from "./whole-log.ts";

/** How many WALs are damaged in each way; `npm run faults` asks for more. */
const rounds = Number(process.env["FAULT_ROUNDS"] ?? 6);
const customers = 30;

/** A database as a kill would leave it: with all of its last changes in the WAL, and the last of them signed for. */
interface Killed {
  readonly folder: string;
  readonly recorded: readonly Recorded[];
  readonly receipts: readonly string[];
}

async function writeAndKill(folder: string): Promise<Killed> {
  const [living, killed] = [join(folder, "living"), join(folder, "killed")];
  const file = join(living, "saywhen.db");
  const receipts: string[] = [];
  // The first start's tables are in the file itself, whatever becomes of the WAL.
  await (await startInProcess({ file })).service.close();
  {
    await using running = await startInProcess({ file });
    // As long as somebody reads what was there before, nothing can be copied from the WAL into the file.
    using reader = new DatabaseSync(file, { readOnly: true });
    reader.exec("BEGIN; SELECT * FROM change");
    const send = inProcess(running.service.server);
    for (let id = 0; id < customers; id += 1) {
      receipts.push(await recordWithReceipt(send, id));
      // Two changes at once: the user and what it has chosen.
      assert.equal((await send(putUser(`u${id}@example.com`, "Daily"))).status, 200);
    }
    receipts.push(await recordWithReceipt(send, customers));
    copy(living, killed);
  }
  return { folder: killed, recorded: wholeLog(file), receipts };
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

const damages: Readonly<Record<string, (wal: string, at: number) => void>> = {
  "is cut off": (wal, at) => truncateSync(wal, at),
  "has a flipped byte": (wal, at) => {
    const bytes = readFileSync(wal);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
    writeFileSync(wal, bytes);
  },
};

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
  const env = { SAYWHEN_DATABASE: file };
  const left = readLog(file);
  assert.deepEqual(left, killed.recorded.slice(0, left.length));
  if (left.length < killed.recorded.length) {
    await assertStopped(file);
    const { exitCode, printed, told } = await carryOut(["verify"], env);
    assert.equal(exitCode, 5, printed + told);
    const continued = await carryOut(["log", "continue"], env);
    assert.equal(continued.exitCode, 0, continued.told);
  }
  await assertSigns(file);
  const verified = await carryOut(["verify"], env);
  assert.equal(verified.exitCode, 0, verified.printed + verified.told);
  const kept = killed.receipts.filter((receipt) => Number(/^index (\d+)$/m.exec(receipt)?.[1]) < left.length);
  assertReceipts(file, wholeLog(file), kept);
}

describe("a WAL that", () => {
  for (const [what, damage] of Object.entries(damages)) {
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
});
