import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { openSqliteStore } from "../../src/storage/sqlite/sqlite-store.ts";
import { storeContract } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "saywhen-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
storeContract("SQLite in a file", () => {
  files += 1;
  const file = join(folder, `${files}.db`);
  return { open: (clock = Date.now) => openSqliteStore({ file, clock }) };
});

storeContract(
  "SQLite in memory",
  () => ({ open: (clock = Date.now) => openSqliteStore({ file: ":memory:", clock }) }),
  {
    "Durability: when the promise resolves, the changes survive `kill -9` and power loss.":
      "what is kept in memory ends with the process",
  },
);
