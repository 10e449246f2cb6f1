import { openPostgresStore } from "../../src/storage/postgres/postgres-store.ts";
import { newDatabase } from "../support/postgres.ts";
import { storeContract } from "./store.ts";

storeContract(
  "PostgreSQL",
  () => {
    let url: Promise<string> | undefined;
    return {
      open: async (clock = Date.now) => {
        url ??= newDatabase();
        return openPostgresStore({ url: await url, clock });
      },
    };
  },
  {
    "Resolves when nothing that was erased is left in the storage's files, whichever call or process erased it.":
      "PostgreSQL overwrites nothing in place; test/erasure-postgres.test.ts says what is left, and where",
  },
);
