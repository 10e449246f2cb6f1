import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { carryOut } from "../support/commands.ts";
import { customersError, problemDetails } from "../support/errors.ts";
import { inProcess, type Transport } from "../support/exchange.ts";
import { startInProcess, temporaryFolder } from "../support/service.ts";
import { customerPath, get, organisationPath, postUser, putCustomer, putOrganisation, userPath } from "./acts.ts";
import { assertVerify, wholeLog } from "./whole-log.ts";

/** Enough for one full tile of the tree, and some more. */
const customers = 300;

/** Fills a database with customers, an organisation and a user, and closes it. */
async function fill(file: string): Promise<void> {
  await using running = await startInProcess({ file });
  const send = inProcess(running.service.server);
  const requests = Array.from({ length: customers }, (_, id) => putCustomer(id, `a${id}@example.com`));
  for (const { status } of await Promise.all(requests.map((request) => send(request)))) assert.equal(status, 200);
  for (const request of [
    putCustomer(1, "b1@example.com"),
    putOrganisation(3, "Weekly"),
    postUser("pat@example.com", 3),
  ]) {
    assert.equal((await send(request)).status, 200);
  }
}

async function served<Result>(file: string, use: (send: Transport) => Promise<Result>): Promise<Result> {
  await using running = await startInProcess({ file });
  return await use(inProcess(running.service.server));
}

describe("a change of which one bit has flipped", () => {
  it("is answered to nobody, found at its next read, and named by verify; everything else is still answered", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    await fill(file);
    const position = wholeLog(file).findIndex(({ said }) => JSON.stringify(said?.document).includes("a7@example.com"));
    const bytes = readFileSync(file);
    const at = bytes.indexOf("a7@example.com");
    assert(at > 0);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 2, at);
    writeFileSync(file, bytes);
    await served(file, async (send) => {
      const refusals = [
        await send(get(customerPath(7))),
        await send(putCustomer(7, "new@example.com")),
        await send(get(`/v1/changes/${position}`)),
        await send(get("/v1/subjects/customer/7/changes")),
        await send(get("/v1/subjects/customer/7/preferences")),
        await send(get("/v1/subjects/customer/7/export")),
      ] as const;
      for (const { body } of refusals) assert(!body.includes("7@example.com"), body);
      for (const answer of refusals.slice(0, 2))
        assert.match(customersError(answer, 500).join(), /does not fit its entry/);
      for (const answer of refusals.slice(2)) problemDetails(answer, 500);
      assert.equal((await send(get(customerPath(8)))).status, 200);
      assert.equal((await send(putCustomer(8, "new@example.com"))).status, 200);
      assert.equal((await send(get(`/v1/changes/${position}/receipt`))).status, 200);
    });
    assert.match(await assertVerify(file, 3), new RegExp(`^position ${position}: `, "m"));
  });
});

describe("a link to a subject's change before", () => {
  it("leads nobody to another's preferences when it is damaged, and is mended by log rebuild", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    await fill(file);
    const recorded = wholeLog(file);
    const position = recorded.findIndex(({ said }) => JSON.stringify(said?.document).includes("b1@example.com"));
    const before = recorded.findIndex(({ said }) => JSON.stringify(said?.document).includes("a7@example.com"));
    const then = `/v1/subjects/customer/1/preferences?at=${recorded[before]?.said?.at}`;
    const known = await served(file, (send) => send(get(then)));
    assert.equal(known.status, 200);
    damage(file, `UPDATE change SET previous = ${before} WHERE position = ${position}`);
    const answer = await served(file, (send) => send(get(then)));
    problemDetails(answer, 500);
    assert(!answer.body.includes("a7@example.com"));
    assert.equal((await carryOut(["log", "rebuild"], { SAYWHEN_DATABASE: file })).exitCode, 0);
    assert.equal((await served(file, (send) => send(get(then)))).body, known.body);
  });
});

const damages: Readonly<Record<string, string>> = {
  "the head of a stream": "UPDATE stream SET head = head - 1 WHERE head = (SELECT max(head) FROM stream)",
  "the digest of a stream's name": "UPDATE stream SET digest = randomblob(16) WHERE id = 5",
  "an address": "DELETE FROM address WHERE stream = 5",
  "an e-mail address of the directory": "UPDATE directory SET email = randomblob(16) WHERE kind = 'user'",
  "an entry of the directory": "DELETE FROM directory WHERE kind = 'organisation'",
  "the directory's size": "UPDATE directory_size SET entries = entries + 1 WHERE kind = 'user'",
  "a tile of the tree": "UPDATE tile SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB) WHERE level = 0",
};

describe("something derived that is damaged", () => {
  for (const [what, sql] of Object.entries(damages)) {
    it(`is found by verify and mended by log rebuild: ${what}`, async () => {
      using folder = temporaryFolder();
      const file = join(folder.path, "saywhen.db");
      await fill(file);
      const before = await served(file, documents);
      damage(file, sql);
      await assertVerify(file, 4);
      const rebuilt = await carryOut(["log", "rebuild"], { SAYWHEN_DATABASE: file });
      assert.equal(rebuilt.exitCode, 0, rebuilt.told);
      await assertVerify(file);
      wholeLog(file);
      assert.deepEqual(await served(file, documents), before);
    });
  }

  it("is mended while somebody reads the file; rebuild says that what was there before is gone later", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    await fill(file);
    using reader = new DatabaseSync(file, { readOnly: true });
    reader.exec("BEGIN; SELECT count(*) FROM change");
    const rebuilt = await carryOut(["log", "rebuild"], { SAYWHEN_DATABASE: file });
    assert.equal(rebuilt.exitCode, 0, rebuilt.told);
    assert.match(rebuilt.told, /Somebody still reads the file/);
    reader.exec("COMMIT");
    const again = await carryOut(["log", "rebuild"], { SAYWHEN_DATABASE: file });
    assert.doesNotMatch(again.told, /still reads/);
  });
});

function damage(file: string, sql: string): void {
  using db = new DatabaseSync(file);
  assert(Number(db.prepare(sql).run().changes) > 0);
}

/** What is shown of them that the damages are about. */
async function documents(send: Transport): Promise<string[]> {
  const targets = [
    customerPath(0),
    customerPath(1),
    organisationPath(3),
    userPath("pat@example.com"),
    "/api/2/users",
    "/api/2/organisations",
    "/v1/changes/9/receipt",
  ];
  const answers = await Promise.all(targets.map((target) => send(get(target))));
  return answers.map(({ status, body }) => `${status} ${body}`);
}
