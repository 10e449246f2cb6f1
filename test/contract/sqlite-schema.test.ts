import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { migrate } from "../../src/storage/sqlite/migrate.ts";

const golden = new URL("../golden/schema.sqlite.sql", import.meta.url);

describe("the schema on SQLite", () => {
  it("is the one in test/golden/schema.sqlite.sql, once every migration has been applied", () => {
    const db = new DatabaseSync(":memory:");
    migrate(db, "2026-03-03T14:05:00.000Z");
    const objects = db
      .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name")
      .all();
    const dump = objects.map(({ sql }) => `${String(sql)};\n`).join("\n");
    db.close();
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, dump);
    assert.equal(dump, readFileSync(golden, "utf8"));
  });
});
