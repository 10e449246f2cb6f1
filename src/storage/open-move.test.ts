import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { temporaryFolder } from "../../test/support/service.ts";
import { MoveFailed } from "./move/move-failed.ts";
import { moveDatabase } from "./open-move.ts";
import { openSqliteStore } from "./sqlite/sqlite-store.ts";

describe("a move between two databases", () => {
  it("says which of them cannot be used", async () => {
    using folder = temporaryFolder();
    const [file, empty, directory] = ["a.db", "empty.db", "folder.db"].map((name) => join(folder.path, name));
    assert(file && empty && directory);
    await (await openSqliteStore({ file })).close();
    writeFileSync(empty, "");
    mkdirSync(directory);
    for (const [from, to, message] of [
      [file, "postgres://nobody:hidden@127.0.0.1:9/none", /^postgres:\/\/127.0.0.1:9\/none, which --to names, cannot/],
      [file, directory, /folder\.db, which --to names, cannot be used: /],
      [empty, file, /empty\.db cannot be used: The file is empty/],
      [file, empty, undefined],
    ] as const) {
      const moving = moveDatabase({ from, to, copyKey: () => undefined, onProgress: () => undefined });
      if (message === undefined) assert.equal((await moving).size, 0);
      else await assert.rejects(moving, (error) => error instanceof MoveFailed && message.test(error.message));
    }
  });
});
