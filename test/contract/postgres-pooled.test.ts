import { after, describe } from "node:test";
import { limits } from "../../src/domain/limits.ts";
import { openPostgresStore } from "../../src/storage/postgres/postgres-store.ts";
import { hasPgbouncer, type Pgbouncer, startPgbouncer } from "../support/pgbouncer.ts";
import { newDatabase } from "../support/postgres.ts";
import type { Place } from "./store-support.ts";
import { storeContract } from "./store.ts";

/** Fewer of the server's connections than one node opens: they take turns on them. */
const poolSize = limits.databaseConnections / 4;

let pool: Promise<Pgbouncer> | undefined;
after(async () => (await pool)?.stop());

/** A database of one's own, behind the pool of all. */
async function pooledDatabase(): Promise<string> {
  const url = new URL(await newDatabase());
  pool ??= startPgbouncer(url.href, { poolMode: "transaction", poolSize });
  url.port = new URL((await pool).url).port;
  return url.href;
}

function placeAt(newUrl: () => Promise<string>): Place {
  let url: Promise<string> | undefined;
  return {
    open: async (clock = Date.now) => {
      url ??= newUrl();
      return openPostgresStore({ url: await url, clock });
    },
  };
}

describe("with a pooler", { skip: hasPgbouncer ? false : "pgbouncer is not installed" }, () => {
  storeContract("PostgreSQL behind pgbouncer in transaction mode", () => placeAt(pooledDatabase));
});

storeContract("PostgreSQL whose sessions keep statements", () =>
  placeAt(async () => `${await newDatabase()}?prepare=true`),
);
