import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Store, StoreUnavailable } from "../../src/service/store.ts";
import { openSqliteStore } from "../../src/storage/sqlite/sqlite-store.ts";
import { change, put, streamOf } from "../contract/store-support.ts";
import { customersError, organisationsError, problemDetails } from "../support/errors.ts";
import { overOneConnection, type Transport } from "../support/exchange.ts";
import { startListening } from "../support/service.ts";
import { customerPath, erase, get, putCustomer, putOrganisation } from "./acts.ts";
import { marked, Told } from "./http-writers.ts";
import { fill, onSmallDisk } from "./small-disk.ts";
import { assertReceipts, assertVerify, wholeLog } from "./whole-log.ts";

/**
 * Writes until the storage refuses even the smallest write, which is that of a check. (What a refused group has taken
 * of the WAL before it failed is room for smaller ones.)
 *
 * @returns how many changes were acknowledged
 */
async function exhaust(store: Store): Promise<number> {
  let acknowledged = 0;
  for (let round = 0; round < 10_000; round += 1) {
    try {
      await put(store, `customer:${acknowledged}`, "x".repeat(1000));
      acknowledged += 1;
    } catch (refusal) {
      assert(refusal instanceof StoreUnavailable, String(refusal));
      const reason = await store.check().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (reason === undefined) continue;
      assert(reason instanceof StoreUnavailable);
      assert.match(reason.message, /disk is full/);
      return acknowledged;
    }
  }
  throw new Error("the disk never became full");
}

async function fillAndMakeRoom(disk: string): Promise<void> {
  const errors: string[] = [];
  await using store = await openStore(join(disk, "saywhen.db"), (kind) => errors.push(kind));
  await put(store, "customer:first", "before");
  fill(join(disk, "filler"));
  const acknowledged = 1 + (await exhaust(store));
  await assert.rejects(Promise.all(["a", "b"].map((slot) => put(store, "customer:late", slot))), StoreUnavailable);
  assert(errors.includes("full"), errors.join());
  const [first, late] = await store.newest([streamOf("customer:first"), streamOf("customer:late")]);
  assert.deepEqual([first?.document.slots, late], [["before"], undefined]);

  rmSync(join(disk, "filler"));
  await store.check();
  assert.equal(change(await put(store, "customer:late", "c")).position, acknowledged);
}

async function openStore(file: string, onError: (kind: string) => void) {
  const store = await openSqliteStore({ file, onError });
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}

/** What a client is told of a disk that is full: 503 in each contract's shape, and when to try again. */
async function assertUnavailable(send: Transport): Promise<void> {
  const answers = [
    await send(putCustomer(1, `${"x".repeat(60)}@example.com`)),
    await send(putOrganisation(1, "Daily")),
    await send(erase("customer/1")),
  ] as const;
  for (const { headers } of answers) assert.match(headers["retry-after"] ?? "", /^\d+$/);
  assert.match(customersError(answers[0], 503).join(), /cannot answer now/);
  assert.match(organisationsError(answers[1], 503), /cannot answer now/);
  problemDetails(answers[2], 503);
}

async function receiptOf(send: Transport, position: string | undefined): Promise<string> {
  const { status, body } = await send(get(`/v1/changes/${position}/receipt`));
  assert.equal(status, 200, body);
  return body;
}

/** Sends changes until the service says that it is not ready to take any; answers with the last that it took, if any. */
async function exhaustService(send: Transport, told: Told): Promise<string | undefined> {
  let position: string | undefined;
  for (let turn = 0; turn < 10_000; turn += 1) {
    const answer = await send(putCustomer(2 + (turn % 50), `${turn}@example.com`, marked(`full-${turn}`)));
    told.answered(`full-${turn}`, answer);
    if (answer.status === 200) position = answer.headers["saywhen-change"];
    else if ((await send(get("/readyz"))).status === 503) return position;
  }
  throw new Error("the disk never became full");
}

/** The service with everything that it keeps, its key's files too, on a disk that another program fills. */
async function serveOnFullDisk(disk: string): Promise<void> {
  const file = join(disk, "saywhen.db");
  const told = new Told();
  {
    await using running = await startListening({ file });
    await using send = overOneConnection(running.url);
    const first = await send(putCustomer(1, "before@example.com"));
    told.receipts.push(await receiptOf(send, first.headers["saywhen-change"]));
    fill(join(disk, "filler"));
    const last = (await exhaustService(send, told)) ?? first.headers["saywhen-change"];
    await assertUnavailable(send);
    assert.match((await send(get(customerPath(1)))).body, /"before@example\.com"/);
    told.receipts.push(await receiptOf(send, first.headers["saywhen-change"]));
    const unsigned = await send(get(`/v1/changes/${last}/receipt`));
    assert([200, 503].includes(unsigned.status), unsigned.body);

    rmSync(join(disk, "filler"));
    const after = await send(putCustomer(1, "after@example.com"));
    assert.equal(after.status, 200, after.body);
    for (const position of [last, after.headers["saywhen-change"]]) told.receipts.push(await receiptOf(send, position));
    assert.equal((await send(erase("customer/1"))).status, 200);
  }
  const recorded = wholeLog(file, told.checkpoints);
  told.assertKept(recorded);
  assertReceipts(file, recorded, told.receipts);
  await assertVerify(file);
}

describe("a full disk", () => {
  it("refuses writes, loses nothing, still reads, and takes writes again when room returns", async (test) => {
    if (!(await onSmallDisk(fillAndMakeRoom))) test.skip("mounting a small file system takes root");
  });

  it("is told to clients in their contract's shape, stops no GET, and is got over without a restart", async (test) => {
    if (!(await onSmallDisk(serveOnFullDisk))) test.skip("mounting a small file system takes root");
  });
});
