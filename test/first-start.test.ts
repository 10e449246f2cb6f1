import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Client } from "pg";
import { markingStream } from "../src/domain/stream.ts";
import { loadCatalogue } from "../src/service/catalogue.ts";
import { ClientRegistry } from "../src/service/clients.ts";
import { ensureAdmin } from "../src/service/ensure-admin.ts";
import { openPostgresRecords } from "../src/storage/postgres/open-records.ts";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { catalogueOf, smallCatalogue } from "./support/own-api.ts";
import { newDatabase } from "./support/postgres.ts";
import { adminToken, startInProcess, temporaryFolder } from "./support/service.ts";

/** A log of before the key of marks was recorded at the start: it has its catalogue and its operator. */
async function olderLog(url: string): Promise<void> {
  const store = await openPostgresStore({ url });
  await loadCatalogue(store, () => catalogueOf(smallCatalogue));
  const clients = await ClientRegistry.open(store);
  await ensureAdmin(clients, { adminToken }, Date.now());
  clients.close();
  await store.close();
}

async function keysIn(url: string): Promise<number> {
  const records = await openPostgresRecords(url);
  const positions = await records.positions(markingStream);
  await records.close();
  return positions.length;
}

describe("the key of marks", () => {
  it("is recorded at the first start, by one of the nodes that start together", async () => {
    using folder = temporaryFolder();
    const database = await newDatabase();
    const options = { database, key: join(folder.path, "saywhen.key") };
    const nodes = await Promise.all([startInProcess(options), startInProcess(options)]);
    assert.equal(await keysIn(database), 1);
    for (const node of nodes) await node[Symbol.asyncDispose]();
  });

  it("is missing from a log that takes no writes at the start, which is served, and gets it at the next", async () => {
    using folder = temporaryFolder();
    const database = await newDatabase();
    const options = { database, key: join(folder.path, "saywhen.key") };
    await olderLog(database);
    const other = new Client({ connectionString: database });
    await using _ = { [Symbol.asyncDispose]: () => other.end() };
    await other.connect();
    await other.query(`
      CREATE FUNCTION no() RETURNS TRIGGER LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$;
      CREATE TRIGGER no BEFORE INSERT ON saywhen.change FOR EACH ROW EXECUTE FUNCTION no()`);
    {
      await using running = await startInProcess(options);
      const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
      const payload = { address: "jo@example.com" };
      const request = { method: "POST", url: "/v1/suppressions/search", headers, payload } as const;
      const answer = await running.service.server.inject(request);
      assert.deepEqual([answer.statusCode, answer.json()], [200, { suppressions: [] }]);
    }
    await other.query("DROP TRIGGER no ON saywhen.change");
    assert.equal(await keysIn(database), 0);
    await (await startInProcess(options))[Symbol.asyncDispose]();
    assert.equal(await keysIn(database), 1);
  });
});
