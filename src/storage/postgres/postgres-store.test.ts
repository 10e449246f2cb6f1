import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { newDatabase } from "../../../test/support/postgres.ts";
import { StoreUnavailable } from "../../service/store.ts";
import { Database } from "./database.ts";
import { openPostgresStore } from "./postgres-store.ts";

describe("the store on PostgreSQL", () => {
  it("is not ready once its log was moved elsewhere", async () => {
    const url = await newDatabase();
    const store = await openPostgresStore({ url });
    await store.check();
    const database = new Database(url);
    await database.rows("UPDATE saywhen.log_head SET moved_to = 'elsewhere'");
    await database.close();
    await assert.rejects(store.check(), { name: "StoreUnavailable", message: /was moved to elsewhere/ });
    await store.close();
  });

  it("says in words when nobody can be told that a node serves", async () => {
    const store = await openPostgresStore({ url: await newDatabase() });
    await store.close();
    const node = { id: "1", host: "here", pid: 1 };
    for (const told of [store.nodes.joined(node), store.nodes.heard(node), store.nodes.left(node)])
      await assert.rejects(told, StoreUnavailable);
  });
});
