import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { markingStream } from "../src/domain/stream.ts";
import { loadCatalogue } from "../src/service/catalogue.ts";
import { ClientRegistry } from "../src/service/clients.ts";
import { ensureAdmin } from "../src/service/ensure-admin.ts";
import { openPostgresRecords } from "../src/storage/postgres/open-records.ts";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import { readLog } from "./faults/whole-log.ts";
import { catalogueOf, smallCatalogue } from "./support/own-api.ts";
import { newDatabase } from "./support/postgres.ts";
import { adminToken, startInProcess, temporaryFolder } from "./support/service.ts";

/** A log of before the key of marks was recorded at the start: it has its catalogue and its operator. */
async function olderLog(file: string): Promise<void> {
  const store = await openSqliteStore({ file });
  await loadCatalogue(store, () => catalogueOf(smallCatalogue));
  const clients = await ClientRegistry.open(store);
  await ensureAdmin(clients, { adminToken }, Date.now());
  clients.close();
  await store.close();
}

function alter(file: string, sql: string): void {
  using db = new DatabaseSync(file);
  db.exec(sql);
}

describe("the key of marks", () => {
  it("is recorded at the first start, by one of the nodes that start together", async () => {
    using folder = temporaryFolder();
    const database = await newDatabase();
    const options = { database, key: join(folder.path, "saywhen.key") };
    const nodes = await Promise.all([startInProcess(options), startInProcess(options)]);
    const records = await openPostgresRecords(database);
    assert.equal((await records.positions(markingStream)).length, 1);
    assert.equal(await records.countUntil(Number.MAX_SAFE_INTEGER), 2);
    await records.close();
    for (const node of nodes) await node[Symbol.asyncDispose]();
  });

  it("is missing from a log that takes no writes at the start, which is served, and gets it at the next", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "saywhen.db");
    await olderLog(file);
    alter(file, "CREATE TRIGGER no BEFORE INSERT ON change BEGIN SELECT RAISE(ABORT, 'not now'); END");
    const kinds = () => readLog(file).map(({ kind }) => kind);
    {
      await using running = await startInProcess({ file });
      const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
      const payload = { address: "jo@example.com" };
      const options = { method: "POST", url: "/v1/suppressions/search", headers, payload } as const;
      const answer = await running.service.server.inject(options);
      assert.deepEqual([answer.statusCode, answer.json()], [200, { suppressions: [] }]);
    }
    alter(file, "DROP TRIGGER no");
    assert.deepEqual(kinds(), ["catalogue"]);
    await (await startInProcess({ file }))[Symbol.asyncDispose]();
    assert.deepEqual(kinds(), ["catalogue", "marking"]);
  });
});
