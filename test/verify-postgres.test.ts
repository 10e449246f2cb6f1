import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Client } from "pg";
import { draft } from "../src/domain/change.ts";
import { preferencesOf, type Stream } from "../src/domain/stream.ts";
import { customer } from "../src/domain/subject.ts";
import { type VerifyOptions, verifyLog } from "../src/service/verify-log.ts";
import { openPostgresRecords } from "../src/storage/postgres/open-records.ts";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { carryOut } from "./support/commands.ts";
import { codeDamages, damages, type Found, postgres } from "./support/damages.ts";
import { assertFound } from "./support/findings.ts";
import { historyIn, recordSample } from "./support/history.ts";
import { keepCodes } from "./support/kept-codes.ts";
import { copyOf, dropDatabase, emptyDatabase, newDatabase } from "./support/postgres.ts";
import { hasPgbouncer, startPgbouncer } from "./support/pgbouncer.ts";
import { freePort } from "./support/processes.ts";
import { temporaryFolder } from "./support/service.ts";

const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());
const key = join(folder.path, "say.key");
let sound = "";
/** The same with codes. */
let coded = "";
let early = "";

function verified(url: string, options?: VerifyOptions) {
  return reading(url, (records) => verifyLog(records.inspection(), options));
}

type OpenRecords = Awaited<ReturnType<typeof openPostgresRecords>>;

async function reading<Value>(url: string, use: (records: OpenRecords) => Promise<Value>): Promise<Value> {
  const records = await openPostgresRecords(url);
  try {
    return await use(records);
  } finally {
    await records.close();
  }
}

/** Runs statements on a copy of a sound database, by the names of its tables alone, and looks at what verify finds. */
async function finds(sql: string, found: readonly Found[], from = sound): Promise<void> {
  const url = await copyOf(from);
  await onDatabase(url, sql);
  assertFound((await verified(url)).findings, found);
  await dropDatabase(url);
}

async function onDatabase(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SET search_path = saywhen; ${sql}`);
  } finally {
    await client.end();
  }
}

async function opting(url: string, id: string): Promise<void> {
  const store = await openPostgresStore({ url });
  const stream: Stream = preferencesOf(customer(id));
  const who = { actor: "Jo", client: "crm" };
  await store.append<never>({
    reads: [stream],
    step: () => ({ append: [draft(who, "preferences", stream, { selections: [{ normal: "new@example.com" }] })] }),
  });
  await store.close();
}

before(async () => {
  sound = await newDatabase();
  const history = await historyIn(await openPostgresStore({ url: sound }), key);
  ({ early } = await recordSample(history));
  await history.close();
  coded = await copyOf(sound);
  const store = await openPostgresStore({ url: coded });
  await keepCodes(store);
  await store.close();
});

describe("verifyLog on PostgreSQL", () => {
  it("finds nothing in a sound log, and says its size and how far it is", async () => {
    const seen: (readonly [number, number])[] = [];
    const onProgress = (...at: [number, number]) => seen.push(at);
    const { size, checkpoints, findings } = await verified(sound, {
      checkpoints: [{ note: early, where: "in a file" }],
      onProgress,
    });
    assert.deepEqual([size, checkpoints, findings], [286, 2, []]);
    assert.deepEqual(seen.at(-1), [286, 286]);
  });

  it("finds nothing in an empty log", async () => {
    const { size, findings } = await verified(await newDatabase());
    assert.deepEqual([size, findings], [0, []]);
  });

  for (const { what, sql, found } of damages) {
    it(`finds and names ${what}`, () => finds(sql(postgres), found));
  }

  for (const { what, sql, found } of codeDamages) {
    it(`finds and names ${what}`, () => finds(sql(postgres), found, coded));
  }

  it("finds nothing in sound codes, but a name that is another, and any code where the log has no key of marks", async () => {
    await finds("", [], coded);
    const name = "UPDATE code SET name = substring(name FOR 11) || '\\x01' WHERE stream = 30";
    await finds(name, [["derived", 279, /^The code that is kept of it is of something else\.$/]], coded);
    const code =
      "INSERT INTO code (stream, position, name, said) VALUES (30, 279, decode(repeat('00', 12), 'hex'), '')";
    await finds(code, [["derived", undefined, /^Codes are kept, and the log has no key by which addresses/]]);
  });

  it("names what was planted in the schema, is another, or is missing", async () => {
    const planted =
      "CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; " +
      'CREATE TRIGGER "a ""b" BEFORE INSERT ON change FOR EACH ROW EXECUTE FUNCTION evil(); ' +
      "CREATE RULE none AS ON DELETE TO tile DO INSTEAD NOTHING; CREATE INDEX mine ON change (kind); " +
      "DROP INDEX directory_email; DROP INDEX token_expiry; CREATE INDEX token_expiry ON token (scopes); " +
      "ALTER TABLE token DROP CONSTRAINT token_client_fkey; ALTER TABLE client ADD COLUMN more TEXT; " +
      "CREATE OR REPLACE FUNCTION count_until(ms BIGINT) RETURNS BIGINT LANGUAGE sql AS 'SELECT 1::bigint'; ";
    await finds(planted, [
      ["derived", undefined, /the function evil should not be there\.$/],
      ["derived", undefined, /the trigger "a ""b" of change should not be there\.$/],
      ["derived", undefined, /the rule "none" of tile should not be there\.$/],
      ["derived", undefined, /the index mine should not be there\.$/],
      ["derived", undefined, /the index directory_email is missing\.$/],
      ["derived", undefined, /the index token_expiry is another\.$/],
      ["derived", undefined, /the constraint token_client_fkey of token is missing\.$/],
      ["log", undefined, /the column more of client should not be there\.$/],
      ["derived", undefined, /the function count_until is another\.$/],
    ]);
    await finds("ALTER TABLE tile SET UNLOGGED", [["log", undefined, /the table tile is another\.$/]]);
  });

  it("names an index that PostgreSQL left unfinished", async () => {
    const sql = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'stream_3_id_idx'::regclass";
    await finds(sql, [["derived", undefined, /the index stream_3_id_idx is not finished\.$/]]);
  });

  it("does not mind tables that are there besides, how ours are tuned, and partitions that were added", async () => {
    const besides = "CREATE TABLE mine (own INT PRIMARY KEY); CREATE VIEW v AS SELECT position FROM change; ";
    const tuned = "ALTER TABLE tile SET (autovacuum_enabled = off); ALTER INDEX tile_pkey SET (fillfactor = 80); ";
    await finds(`${besides}${tuned}SELECT make_room(160000000)`, []);
  });

  it("says what cannot be read, and goes no further", async () => {
    await finds("DROP TABLE tile", [
      ["log", undefined, /the table tile is missing\.$/],
      ...["level", "number", "hashes"].map((name): Found => ["log", undefined, new RegExp(`column ${name} of tile`)]),
      ["derived", undefined, /constraint tile_pkey/],
      ["derived", undefined, /index tile_pkey/],
      ["log", 0, /^What follows cannot be read: relation "saywhen\.tile" does not exist\.$/],
    ]);
  });
});

describe("openPostgresRecords", () => {
  it("answers as of the moment of the opening, whatever is recorded meanwhile", async () => {
    const url = await copyOf(sound);
    const stream = preferencesOf(customer("5"));
    const past = await openPostgresRecords(url);
    const [before] = await past.newest([stream]);
    await opting(url, "5");
    await opting(url, "new");
    const [newest] = await past.newest([stream]);
    const { size, findings } = await verifyLog(past.inspection());
    assert.deepEqual([await past.size(), size, findings, newest], [286, 286, [], before]);
    assert.deepEqual(await past.newestWithAddress("new@example.com", 9), []);
    await past.close();
    await assert.rejects(past.size(), /the store is closed/);
    const now = await verified(url);
    assert.deepEqual([now.size, now.findings], [288, []]);
  });

  it("answers much that is asked at once, and several cursors", async () => {
    await reading(sound, async (records) => {
      const inspection = records.inspection();
      const [one, other] = [inspection.changes(), inspection.streams()].map((pages) => pages[Symbol.asyncIterator]());
      const next = async (pages = one) => (await pages?.next())?.value?.length;
      const lengths = [await next(one), await next(other), await inspection.size(), await next(other), await next(one)];
      assert.deepEqual(lengths, [286, 55, 286, undefined, undefined]);
      const subjects = Array.from({ length: 50 }, (_, id) => records.newest([preferencesOf(customer(String(id)))]));
      assert.equal((await Promise.all(subjects)).filter(([change]) => change !== undefined).length, 49);
    });
  });

  it("goes on after what cannot be read", async () => {
    const url = await copyOf(sound);
    await onDatabase(url, "DROP TABLE tile");
    await reading(url, async (records) => {
      await assert.rejects(records.inspection().tile(0, 0), { name: "StorageDamaged" });
      assert.equal(await records.size(), 286);
    });
  });

  it("fails when its connection breaks, and takes nothing else with it", async () => {
    const url = await copyOf(sound);
    await reading(url, async (records) => {
      const kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'saywhen'";
      await onDatabase(url, `${kill} AND datname = current_database()`);
      await assert.rejects(records.size(), { name: "StoreUnavailable" });
      await assert.rejects(verifyLog(records.inspection()), { name: "StoreUnavailable" });
    });
  });
});

describe("saywhen verify on PostgreSQL", () => {
  const verify = (database: string) => carryOut(["verify"], { SAYWHEN_DATABASE: database, SAYWHEN_KEY: key });

  it("says that all is well, and otherwise what is not", async () => {
    const { exitCode, printed } = await verify(sound);
    assert.match(printed, /All is well: 286 changes fit their entries/);
    assert.equal(exitCode, 0);
    const url = await copyOf(sound);
    await onDatabase(url, "UPDATE change SET body = replace(body, 'a30@', 'b30@') WHERE position = 29");
    const damaged = await verify(url);
    assert.equal(damaged.exitCode, 3);
    assert.match(damaged.printed, /^position 29: Its text does not fit/);
  });

  const withoutPool = hasPgbouncer ? false : "pgbouncer is not installed";
  it("goes through a pooler that shares connections by transaction", { skip: withoutPool }, async () => {
    const pool = await startPgbouncer(sound, { poolMode: "transaction", poolSize: 1 });
    try {
      for (const _ of ["one", "another"]) {
        const { exitCode, printed, told } = await verify(pool.url);
        assert.equal(exitCode, 0, printed + told);
      }
    } finally {
      await pool.stop();
    }
  });

  it("says why a database cannot be opened, without its password", async () => {
    const at = (change: (url: URL) => void): string => {
      const url = new URL(sound);
      change(url);
      return url.href;
    };
    const port = await freePort();
    const older = await copyOf(sound);
    await onDatabase(older, "DELETE FROM migration WHERE number > 1");
    const refusals: readonly (readonly [string, RegExp])[] = [
      [at((url) => (url.port = String(port))), /cannot be reached .*ECONNREFUSED/],
      [at((url) => (url.password = "wr0ng-pass")), /refuses the user or the password/],
      [at((url) => (url.password = "")), /cannot be reached|refuses the user or the password|no password was given/],
      [at((url) => (url.pathname = "/nowhere")), /no such database \(database "nowhere" does not exist\)/],
      [await emptyDatabase(), /The database is empty: start the service once/],
      [older, /of an older version/],
    ];
    for (const [database, why] of refusals) {
      const { exitCode, told, printed } = await verify(database);
      assert.deepEqual([exitCode, printed], [1, ""]);
      assert.match(told, why);
      const { password } = new URL(database);
      assert(password === "" || !told.includes(password), told);
    }
  });
});
