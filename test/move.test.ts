import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { verifyReceipt } from "../src/audit/verify-receipt.ts";
import { draft } from "../src/domain/change.ts";
import { preferencesOf, type Stream } from "../src/domain/stream.ts";
import { customer } from "../src/domain/subject.ts";
import { eraseSubject } from "../src/service/erase-subject.ts";
import { StoreUnavailable } from "../src/service/store.ts";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import * as acts from "./faults/acts.ts";
import { inProcess, type Transport } from "./support/exchange.ts";
import { historyIn } from "./support/history.ts";
import { emptyDatabase } from "./support/postgres.ts";
import { startInProcess, temporaryFolder } from "./support/service.ts";
import { saywhen, serve } from "./support/serving.ts";
import { credentials } from "./support/target.ts";

const main = join(import.meta.dirname, "../src/main.ts");

interface Here {
  readonly folder: string;
  readonly file: string;
  readonly path: (name: string) => string;
  readonly move: (from: string, to: string) => ReturnType<typeof saywhen>;
}

function here(test: TestContext): Here {
  const folder = temporaryFolder();
  test.after(() => folder[Symbol.dispose]());
  const path = (name: string): string => join(folder.path, name);
  return {
    folder: folder.path,
    file: path("a.db"),
    path,
    move: (from, to) => saywhen(folder.path, ["move", "--from", from, "--to", to]),
  };
}

async function succeeds(command: ReturnType<typeof saywhen>): Promise<string> {
  const { exitCode, stdout, stderr } = await command;
  assert.equal(exitCode, 0, stderr + stdout);
  return stdout;
}

async function fails(command: ReturnType<typeof saywhen>, message: RegExp): Promise<void> {
  const { exitCode, stderr } = await command;
  assert.equal(exitCode, 1, stderr);
  assert.match(stderr, message);
}

async function verifies(at: Here, database: string): Promise<string> {
  return succeeds(saywhen(at.folder, ["verify"], { SAYWHEN_DATABASE: database }));
}

/** Serves a database of the folder in this process. */
async function serving<Value>(at: Here, database: string, use: (send: Transport) => Promise<Value>): Promise<Value> {
  const key = database.startsWith("postgres") ? at.path("data/saywhen.key") : `${database}.key`;
  await using running = await startInProcess({ database, key });
  return await use(inProcess(running.service.server));
}

const json = { "Content-Type": "application/json" };

/** A little of everything. */
async function recordAll(send: Transport): Promise<void> {
  const evidence = { "Saywhen-Evidence": "phone", "X-Request-Id": "7" };
  for (const id of [1, 2, 3, 4, 1, 2]) await send(acts.putCustomer(id, `${id}@example.com`, evidence));
  for (const id of [1, 3]) await send(acts.putOrganisation(id, "Weekly"));
  await send(acts.nameOrganisation(3, "Acme"));
  for (const name of ["jo", "al", "mo"]) await send(acts.postUser(`${name}@example.com`, 3));
  await send(acts.putUser("jo@example.com", "Daily"));
  for (const subject of ["customer/2", "user/2"]) await send(acts.erase(subject));
  await send(acts.putCustomer(2, "again@example.com"));
  for (const id of [1, 2, 9]) await send(acts.suppress(`${id}@example.com`));
  const client = { id: "crm", scopes: ["customers.read"] };
  await send({ method: "POST", target: "/v1/clients", headers: credentials(json), body: JSON.stringify(client) });
}

const targets = [
  ...[1, 2, 3, 4, 5].map(acts.customerPath),
  ...[1, 2, 3].map(acts.organisationPath),
  ...[1, 2, 3].map(acts.userPath),
  "/api/2/users",
  "/api/2/organisations",
  "/v1/catalogue",
  "/v1/clients",
  "/v1/suppressions",
  ...["customer/1", "customer/2", "user/1", "organisation/3"].map((subject) => `/v1/subjects/${subject}/changes`),
];

/** What the service answers about everything that there is. */
async function answersOf(send: Transport): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const target of [...targets, ...Array.from({ length: 40 }, (_, at) => `/v1/changes/${at}`)]) {
    const { status, headers, body } = await send(acts.get(target));
    answers.push([target, status, headers["etag"], body]);
  }
  return answers;
}

async function addCustomers(
  store: Pick<Awaited<ReturnType<typeof openSqliteStore>>, "append">,
  count: number,
  from = 0,
) {
  const writes = Array.from({ length: count }, (_, index) => {
    const id = from + index;
    const stream: Stream = preferencesOf(customer(String(1 + (id % 20_000))));
    const document = { selections: [{ normal: `${id}@example.com`, note: "x".repeat(200) }] };
    const step = () => ({ append: [draft({ actor: "Jo", client: "crm" }, "preferences", stream, document)] as const });
    return store.append<never>({ reads: [stream], step });
  });
  await Promise.all(writes);
}

async function onPostgres(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

describe("saywhen move", () => {
  it("takes everything to PostgreSQL and back, and the log goes on there", async (test) => {
    const at = here(test);
    await serving(at, at.file, recordAll);
    await succeeds(saywhen(at.folder, ["log", "continue", "--new-key"], { SAYWHEN_DATABASE: at.file }));
    const { receipts, answers } = await serving(at, at.file, async (send) => {
      await send(acts.putCustomer(4, "four@example.com"));
      await send(acts.erase("customer/3"));
      const given = [0, 3, 12].map((position) => send(acts.get(`/v1/changes/${position}/receipt`)));
      return { receipts: await Promise.all(given), answers: await answersOf(send) };
    });
    const key = (await succeeds(saywhen(at.folder, ["log"], { SAYWHEN_DATABASE: at.file }))).match(
      /verifier key +(\S+)/,
    )?.[1];

    const url = await emptyDatabase();
    const printed = await succeeds(at.move(at.file, url));
    assert.match(printed, /^(\d+) changes moved; root hash of \S+a\.db: (\S+), of postgres:\/\/127\S+: \2\.$/m);
    assert(!printed.includes(new URL(url).password) || new URL(url).password === "");
    assert.deepEqual(
      readdirSync(at.path("data"))
        .map(
          (name) =>
            `${name.replace(/[0-9a-f]{16}/, "…")} ${(statSync(at.path(`data/${name}`)).mode & 0o777).toString(8)}`,
        )
        .sort(),
      ["saywhen.key 600", "saywhen.key.checkpoint 600", "saywhen.key.erased 600", "saywhen.key.….old 600"],
    );
    await verifies(at, url);
    const back = at.path("b.db");
    await succeeds(at.move(url, back));
    await verifies(at, back);

    // Clients have signed in since: that is no change.
    assert.deepEqual(await serving(at, back, answersOf), answers);
    for (const { status, body } of receipts) {
      assert.equal(status, 200);
      assert.equal(verifyReceipt(body, key ?? "").ok, true);
    }
    const size = Number(/^(\d+) changes/.exec(printed)?.[1]);
    await serving(at, back, async (send) => {
      const { headers } = await send(acts.putCustomer(9, "nine@example.com"));
      assert.equal(headers["saywhen-change"], String(size));
      const { status, body } = await send(acts.postUser("new@example.com", 3));
      assert.equal(status, 200, body);
      assert.match(body, /"id":4\b/, "the id of the erased user is not given out again");
    });
    await verifies(at, back);
  });

  it("goes on wherever it was killed, in both directions", async (test) => {
    const at = here(test);
    const { close, store } = await filled(at.file, 3500);
    await close();
    await store.close();
    const [url, back] = [await emptyDatabase(), at.path("b.db")];
    await killedOften(at, [at.file, url], () => changesIn(url));
    await killedOften(at, [url, back], async () => changesInFile(back));
    await verifies(at, back);
    assert.deepEqual(dump(back), dump(at.file));
  });

  it("copies what is written, and erases what is erased, while it copies", async (test) => {
    const at = here(test);
    const { store, close } = await filled(at.file, 4000);
    const url = await emptyDatabase();
    const copying = at.move(at.file, url);
    let more = 4000;
    while ((await changesIn(url)) < 1000) await delay(20);
    for (let round = 0; round < 5; round += 1, more += 200) {
      await addCustomers(store, 200, more);
      await eraseSubject(store, customer(String(1 + round)), { actor: "Jo", client: "crm" });
    }
    await fails(copying, /^\d+ changes are copied so far, and verified\. .*a\.db is still served: stop the service/);
    await eraseSubject(store, customer("100"), { actor: "Jo", client: "crm" });
    await addCustomers(store, 100, 0);
    await close();
    await store.close();
    await succeeds(at.move(at.file, url));
    await verifies(at, url);
    await succeeds(at.move(url, at.path("b.db")));
    assert.deepEqual(dump(at.path("b.db")), dump(at.file));
  });

  it("refuses a target that is not empty, that another log's move has left, and itself", async (test) => {
    const at = here(test);
    for (const name of ["a.db", "b.db", "c.db"]) {
      const { store, close } = await filled(at.path(name), 10);
      await close();
      await store.close();
    }
    await fails(at.move(at.file, at.path("b.db")), /b\.db is not empty/);
    await fails(at.move(at.file, at.file), /cannot be moved to itself/);
    await fails(at.move(at.path("none.db"), at.path("new.db")), /There is no database/);
    assert(!existsSync(at.path("new.db")));
    const half = at.path("half.db");
    await succeeds(at.move(at.file, half));
    writeHalf(half);
    await fails(at.move(at.path("c.db"), half), /holds what a move of another log has left/);
    await fails(saywhen(at.folder, ["serve"], { SAYWHEN_DATABASE: half }), /is being filled from/);
    await fails(saywhen(at.folder, ["log", "rebuild"], { SAYWHEN_DATABASE: half }), /is being filled from/);
    await fails(at.move(at.file, at.path("c.db")), /was moved to \S+half\.db/);
  });

  it("refuses to write over another key, and changes nothing then", async (test) => {
    const at = here(test);
    const { store, close } = await filled(at.file, 10);
    await close();
    await store.close();
    mkdirSync(at.path("data"));
    writeFileSync(at.path("data/saywhen.key"), "another key");
    await fails(at.move(at.file, await emptyDatabase()), /saywhen\.key is another key/);
    assert.equal(readFileSync(at.path("data/saywhen.key"), "utf8"), "another key");
    const again = await openSqliteStore({ file: at.file });
    await again.close();
  });

  it("closes a file: serving it says where the log is, and continuing it takes another name", async (test) => {
    const at = here(test);
    const { store, close } = await filled(at.file, 10);
    await close();
    await store.close();
    await succeeds(at.move(at.file, at.path("b.db")));
    await fails(saywhen(at.folder, ["serve"], { SAYWHEN_DATABASE: at.file }), /was moved to \S+b\.db/);
    const again = await succeeds(at.move(at.file, at.path("b.db")));
    assert.match(again, /was moved to \S+b\.db before; there is nothing left to do\.$/m);
    await succeeds(saywhen(at.folder, ["log", "continue"], { SAYWHEN_DATABASE: at.file }));
    const opened = await openSqliteStore({ file: at.file });
    assert.equal((await opened.identities()).length, 2);
    await opened.close();
  });

  it("leaves the nodes of a PostgreSQL database reading, and refusing every write", async (test) => {
    const at = here(test);
    const { store, close } = await filled(at.file, 10);
    await close();
    await store.close();
    const url = await emptyDatabase();
    await succeeds(at.move(at.file, url));
    const node = await openPostgresStore({ url });
    await serving(at, url, async (send) => {
      assert.equal((await send(acts.putCustomer(500, "1@example.com"))).status, 200);
      await succeeds(at.move(url, at.path("b.db")));
      assert.equal((await send(acts.get(acts.customerPath(500)))).status, 200);
      const refused = [
        acts.putCustomer(500, "2@example.com"),
        acts.postUser("a@example.com", 3),
        acts.erase("customer/500"),
        { ...acts.get("/v1/clients"), method: "POST", body: '{"id":"x","scopes":["admin"]}' },
      ];
      for (const request of refused) {
        const headers = [...(request.headers ?? []), ["Content-Type", "application/json"] as const];
        const { status, body } = await send({ ...request, headers });
        assert.equal(status, 503, body);
      }
    });
    await assert.rejects(addCustomers(node, 1), StoreUnavailable);
    await assert.rejects(addCustomers(node, 1), /^StoreUnavailable: the database was moved to \S+b\.db/);
    await node.close();
    await assert.rejects(openPostgresStore({ url }), /was moved to \S+b\.db/);
    await verifies(at, at.path("b.db"));
    await succeeds(saywhen(at.folder, ["log", "continue"], { SAYWHEN_DATABASE: url }));
    const again = await openPostgresStore({ url });
    assert.equal((await again.identities()).length, 2);
    await again.close();
  });

  it("says how many erasures the key's book lacks", async (test) => {
    const at = here(test);
    await serving(at, at.file, async (send) => {
      for (const id of [1, 2, 3]) await send(acts.putCustomer(id, `${id}@example.com`));
      for (const id of [1, 2, 3]) await send(acts.erase(`customer/${id}`));
    });
    const book = `${at.file}.key.erased`;
    writeFileSync(book, readFileSync(book, "utf8").replace(/^.*\n/, ""));
    const { exitCode, stderr } = await at.move(at.file, at.path("b.db"));
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /The log has 3 erasures, and \S+b\.db\.key\.erased lacks 1 line: /);
  });

  it("says where a source is damaged, and leaves it open", async (test) => {
    const at = here(test);
    const { store, close } = await filled(at.file, 10);
    await close();
    await store.close();
    alter(at.file, "UPDATE change SET body = replace(body, '5@example', '6@example') WHERE position = 5");
    await fails(at.move(at.file, await emptyDatabase()), /a\.db is damaged: position 5: its text does not fit/);
    const again = await openSqliteStore({ file: at.file });
    await again.close();
  });
});

/** A served database with customers, signed. */
async function filled(file: string, count: number) {
  const store = await openSqliteStore({ file });
  const { log } = await historyIn(store, `${file}.key`);
  await addCustomers(store, count);
  await log.checkpoint();
  return { store, close: () => log.close() };
}

/** Moves with a kill while it copies, twice, and a kill at some time after that; then until it is through. */
async function killedOften(at: Here, [from, to]: readonly [string, string], size: () => Promise<number>) {
  const moving = () => serve(at.folder, {}, [process.execPath, main, "move", "--from", from, "--to", to]);
  for (const copied of [1, 2000]) {
    const { child, ended } = moving();
    while ((await size()) < copied && child.exitCode === null) await delay(5);
    child.kill("SIGKILL");
    const { signal, stderr } = await ended;
    assert.equal(signal, "SIGKILL", `it was through before it was killed: ${stderr}`);
  }
  const { child, ended } = moving();
  await Promise.race([ended, delay(300 + Math.random() * 1500, undefined, { ref: false })]);
  child.kill("SIGKILL");
  const { signal, exitCode, stderr } = await ended;
  if (signal === "SIGKILL") await succeedsOrWas(at.move(from, to));
  else assert.equal(exitCode, 0, stderr);
}

/** Killed after its last step it was through all the same. */
async function succeedsOrWas(command: ReturnType<typeof saywhen>): Promise<void> {
  const { exitCode, stderr } = await command;
  if (exitCode !== 0) assert.match(stderr, /there is nothing left to do/);
}

function changesInFile(file: string): number {
  if (!existsSync(file)) return 0;
  using db = new DatabaseSync(file, { readOnly: true, timeout: 1000 });
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'change'").get() === undefined) return 0;
  return Number(db.prepare("SELECT count(*) AS changes FROM change").get()?.["changes"]);
}

async function changesIn(url: string): Promise<number> {
  const [there] = await onPostgres(url, "SELECT to_regclass('saywhen.tile') IS NOT NULL AS there");
  if (there?.["there"] !== true) return 0;
  const [row] = await onPostgres(url, "SELECT count(*) AS changes FROM saywhen.change");
  return Number(row?.["changes"]);
}

/** All that a file holds but digests, which each database makes with a key of its own, and the marks of moves. */
function dump(file: string): unknown[] {
  using db = new DatabaseSync(file, { readOnly: true });
  return [
    "SELECT * FROM change ORDER BY position",
    "SELECT id, head, digest IS NULL FROM stream ORDER BY id",
    "SELECT stream, count(*) FROM address GROUP BY stream ORDER BY stream",
    "SELECT kind, id, stream, email IS NULL FROM directory ORDER BY kind, id",
    "SELECT * FROM directory_size ORDER BY kind",
    "SELECT * FROM log ORDER BY number",
    "SELECT * FROM client ORDER BY id",
    "SELECT * FROM token ORDER BY sha256",
  ].map((sql) => db.prepare(sql).all());
}

function alter(file: string, sql: string): void {
  using db = new DatabaseSync(file);
  db.exec(sql);
}

/** As a move that was cut off would leave it. */
function writeHalf(file: string): void {
  alter(file, "UPDATE move SET moved_from = 'elsewhere'; DELETE FROM change WHERE position > 5");
}
