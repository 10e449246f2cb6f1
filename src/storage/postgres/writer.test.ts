import assert from "node:assert/strict";
import { once } from "node:events";
import { it } from "node:test";
import { put } from "../../../test/contract/store-support.ts";
import { newDatabase } from "../../../test/support/postgres.ts";
import { openPostgresStore } from "./postgres-store.ts";

it("a group whose watcher throws is written once, and answered", async (test) => {
  const onGroup = () => {
    throw new Error("the watcher is wrong");
  };
  const store = await openPostgresStore({ url: await newDatabase(), onGroup });
  test.after(() => store.close());
  const warned = once(process, "warning");
  await Promise.all([put(store, "customer:1", "a"), put(store, "customer:2", "a")]);
  assert.equal(await store.size(), 2);
  assert.match(String(await warned), /the watcher is wrong/);
  await put(store, "customer:1", "b");
  assert.equal(await store.size(), 3);
});
