import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Database } from "../../src/storage/postgres/database.ts";
import { describeSchema, printSchema, readSchema } from "../../src/storage/postgres/schema.ts";
import { newDatabase } from "../support/postgres.ts";

const golden = new URL("../../src/storage/postgres/schema.txt", import.meta.url);

describe("the schema on PostgreSQL", () => {
  it("is the one in src/storage/postgres/schema.txt, once every migration has been applied", async () => {
    const database = new Database(await newDatabase());
    try {
      const parts = await describeSchema(database);
      const dump = printSchema(parts);
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, dump);
      assert.equal(dump, readFileSync(golden, "utf8"));
      assert.deepEqual(readSchema(dump), parts);
    } finally {
      await database.close();
    }
  });
});
