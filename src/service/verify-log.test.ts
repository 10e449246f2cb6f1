import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { codeDamages, damages, type Found, sqlite } from "../../test/support/damages.ts";
import { assertFound } from "../../test/support/findings.ts";
import { keepCodes } from "../../test/support/kept-codes.ts";
import { act, openHistory, recordSample } from "../../test/support/history.ts";
import { verifierKeyOf } from "../audit/checkpoint.ts";
import { commitmentOf } from "../audit/verify-receipt.ts";
import { draft } from "../domain/change.ts";
import { preferencesOf } from "../domain/stream.ts";
import { customer } from "../domain/subject.ts";
import { openSqliteRecords } from "../storage/sqlite/open-records.ts";
import { openKeyFiles } from "../storage/key-files.ts";
import { NotRebuildable } from "../storage/derive-anew.ts";
import { rebuild } from "../storage/sqlite/rebuild.ts";
import { failureOf } from "../storage/sqlite/sqlite-failure.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { continueLog } from "./continue-log.ts";
import { type VerifyOptions, verifyLog } from "./verify-log.ts";

const folder = mkdtempSync(join(tmpdir(), "saywhen-verify-"));
after(() => rmSync(folder, { recursive: true }));
const sound = join(folder, "sound.db");
/** The same, with codes. */
const coded = join(folder, "coded.db");
const file = join(folder, "damaged.db");
/** What was signed at 280 entries, and over all of them. */
let notes = { early: "", last: "" };

async function verified(options?: VerifyOptions, database = file) {
  const records = await openSqliteRecords(database);
  try {
    return await verifyLog(records.inspection(), options);
  } finally {
    await records.close();
  }
}

/** A copy of a sound database, after some SQL. */
function damaged(sql: string, from = sound): void {
  copyFileSync(from, file);
  for (const part of ["-wal", "-shm", ".key.checkpoint"]) rmSync(`${file}${part}`, { force: true });
  using db = new DatabaseSync(file);
  db.exec(sql);
}

async function findsInCodes(sql: string, expected: readonly Found[]): Promise<void> {
  damaged(sql, coded);
  assertFound((await verified()).findings, expected);
  assert.equal((await rebuild(file)).mended, expected.length);
  assert.deepEqual((await verified()).findings, []);
  using db = new DatabaseSync(file);
  for (const table of ["code", "name"])
    assert.equal(db.prepare(`SELECT count(*) AS number FROM ${table}`).get()?.["number"], 0);
}

async function finds(sql: string, ...expected: readonly Found[]): Promise<void> {
  damaged(sql);
  assertFound((await verified()).findings, expected);
}

/** Rewrites what a change says, and its entry with it. */
function forge(position: number): void {
  using db = new DatabaseSync(file);
  const { salt, body } = db
    .prepare("SELECT salt, body FROM change WHERE position = ?")
    .get(position) as unknown as Forged;
  const text = body.replace("Daily", "Never");
  const commitment = commitmentOf(salt, text);
  db.prepare("UPDATE change SET body = ?, commitment = ? WHERE position = ?").run(text, commitment, position);
}

interface Forged {
  readonly salt: Uint8Array;
  readonly body: string;
}

describe("verifyLog", () => {
  before(async () => {
    const history = await openHistory(sound);
    notes = await recordSample(history);
    await history.close();
    damaged("");
    const store = await openSqliteStore({ file });
    await keepCodes(store);
    await store.close();
    copyFileSync(file, coded);
  });

  it("finds nothing in a sound log, and says its size, its root and how far it is", async () => {
    const seen: (readonly [number, number])[] = [];
    const options = {
      checkpoints: [{ note: notes.early, where: "in a file" }],
      onProgress: (...at: [number, number]) => seen.push(at),
    };
    const { size, root, checkpoints, findings, counts } = await verified(options, sound);
    assert.deepEqual([size, checkpoints, findings, counts], [286, 2, [], { checkpoint: 0, derived: 0, log: 0 }]);
    assert.equal(root.toString("base64"), notes.last.split("\n")[2]);
    assert.deepEqual(seen.at(-1), [286, 286]);
  });

  it("finds nothing in an empty log", async () => {
    const empty = join(folder, "empty.db");
    await (await openHistory(empty)).close();
    const { size, findings } = await verified({}, empty);
    assert.deepEqual([size, findings], [0, []]);
  });

  for (const { what, sql, found } of damages) {
    it(`finds and names ${what}`, () => finds(sql(sqlite), ...found));
  }

  for (const { what, sql, found } of codeDamages) {
    it(`finds and names ${what}, which rebuilding takes away`, () => findsInCodes(sql(sqlite), found));
  }

  it("finds and names a code's name that is another, or is left where there is no code", async () => {
    const name = "UPDATE name SET name = CAST(substr(name, 1, 11) || x'01' AS BLOB) WHERE stream =";
    const otherCode = /^The code that is kept of it is of something else\.$/;
    await findsInCodes(`${name} 30`, [["derived", 279, otherCode]]);
    await findsInCodes("DELETE FROM name WHERE stream = 30", [["derived", 279, otherCode]]);
    const left = /^The name of stream number (7|30) stands where no code is kept\.$/;
    await findsInCodes(`${name} 7`, [["derived", undefined, left]]);
    await findsInCodes("DELETE FROM code WHERE stream = 30", [["derived", undefined, left]]);
    const missing = /^A code of stream number 99 is kept, which is missing\.$/;
    await findsInCodes("UPDATE name SET stream = 99 WHERE stream = 7", [["derived", undefined, missing]]);
  });

  it("finds nothing in codes of changes that others followed, and any code in a log that has no key of marks", async () => {
    damaged("", coded);
    writeFileSync(`${file}.key`, readFileSync(`${sound}.key`));
    const history = await openHistory(file);
    for (const what of ["customer", "user", "erase-customer"] as const)
      await act(history, { what, id: what === "erase-customer" ? 9 : 2, address: "new@example.com" });
    await history.close();
    assert.deepEqual((await verified()).findings, []);
    const noKey = /^Codes are kept, and the log has no key by which addresses in them are marked\.$/;
    const code = "INSERT INTO code (stream, position, said) VALUES (30, 279, x'');";
    await finds(`${code} INSERT INTO name (stream, name) VALUES (30, zeroblob(12))`, ["derived", undefined, noKey]);
  });

  it("names what is missing, in the middle and at the end", async () => {
    damaged("DELETE FROM change WHERE position IN (30, 31)");
    const { findings } = await verified();
    assert.deepEqual(
      findings.find(({ kind }) => kind === "log"),
      { kind: "log", position: 30, what: "The changes from here to position 31 are missing." },
    );
    damaged("UPDATE change SET position = position + 4503599627370496 WHERE position = 40");
    const { findings: moved, counts } = await verified();
    assert.deepEqual(
      [counts.log, moved.filter(({ kind }) => kind === "log").map(({ position }) => position)],
      [2, [40, 286]],
    );
  });

  it("finds what was erased and is still there, which rebuilding mends", async () => {
    damaged("UPDATE change SET body = 'x' || substr(body, 2) WHERE position = 281");
    assert.equal((await rebuild(file)).mended, 1);
    assert.deepEqual((await verified()).findings, []);
  });

  it("names what was planted in the schema or is missing from it, which rebuilding mends", async () => {
    const plant = 'CREATE TRIGGER "a ""b" AFTER INSERT ON stream BEGIN DELETE FROM stream; END';
    await finds(
      `CREATE TABLE mine (own); ${plant}; DROP INDEX directory_email; CREATE VIEW v AS SELECT 1`,
      ["derived", undefined, /the index directory_email is missing\.$/],
      ["derived", undefined, /the trigger a "b should not be there\.$/],
      ["derived", undefined, /the view v should not be there\.$/],
    );
    assert.equal((await rebuild(file)).mended, 3);
    assert.deepEqual((await verified()).findings, []);
    const index = "CREATE INDEX directory_email ON directory (email)";
    await finds(`DROP INDEX directory_email; ${index}`, [
      "derived",
      undefined,
      /the index directory_email is another\.$/,
    ]);
    assert.equal((await rebuild(file)).mended, 1);
    assert.deepEqual((await verified()).findings, []);
    await finds(
      "DROP TABLE token",
      ["derived", undefined, /the index token_expiry is missing\.$/],
      ["log", undefined, /the table token is missing\.$/],
    );
    await assert.rejects(rebuild(file), NotRebuildable);
  });

  it("counts what it does not list", async () => {
    damaged("UPDATE change SET salt = zeroblob(32)");
    const { findings, counts } = await verified();
    assert.equal(counts.log, 286);
    assert.deepEqual([findings.filter(({ kind }) => kind === "log").length, findings[0]?.position], [100, 0]);
  });

  it("shows by a checkpoint kept elsewhere that the log lost its end", async () => {
    damaged("");
    const checkpoints = [{ note: notes.last, where: "in a file" }];
    using db = new DatabaseSync(file);
    db.exec("DELETE FROM change WHERE position = 285; UPDATE log SET checkpoint_size = NULL, checkpoint = NULL");
    const { findings } = await verified({ checkpoints });
    const lost = findings.find(({ kind }) => kind === "checkpoint");
    assert.deepEqual(lost, {
      kind: "checkpoint",
      position: 285,
      what: "The checkpoint in a file is of 286 entries and the log has 285: those from here on are lost.",
    });
  });

  it("shows by a checkpoint kept elsewhere that a change was rewritten with everything that is derived from it", async () => {
    damaged("UPDATE log SET checkpoint_size = NULL, checkpoint = NULL");
    forge(283);
    assert.deepEqual((await verified()).findings, []);
    const checkpoints = [notes.early, notes.last].map((note, index) => ({ note, where: `in file ${index}` }));
    const { findings } = await verified({ checkpoints });
    assert.deepEqual(findings, [
      {
        kind: "checkpoint",
        what: "The checkpoint in file 1 is of another log: the entries from 280 to 285 are not those that were signed for.",
      },
    ]);
    await assert.doesNotReject(rebuild(file));
  });

  it("says why a checkpoint shows nothing", async () => {
    damaged("");
    const where = "in a file";
    const [altered, foreign] = [notes.early.replace("\n280\n", "\n281\n"), notes.early.replace(/^.*\n/, "other\n")];
    for (const [note, why] of [
      [altered, /signature .* does not fit/],
      [foreign, /not signed by a key of this log/],
    ] as const) {
      const { findings } = await verified({ checkpoints: [{ note, where }] });
      assert.deepEqual([findings.length, findings[0]?.kind], [1, "checkpoint"]);
      assert.match(findings[0]?.what ?? "", why);
    }
  });

  it("finds the change with which the log took on another identity, and whether it did so there", async () => {
    damaged("");
    writeFileSync(`${file}.key`, readFileSync(`${sound}.key`));
    const store = await openSqliteStore({ file });
    const { position } = await continueLog(store, openKeyFiles(`${file}.key`), { newKey: true });
    await store.close();
    assert.deepEqual([position, (await verified()).findings], [286, []]);
    using db = new DatabaseSync(file);
    db.exec("UPDATE log SET since = since - 1 WHERE number = 2");
    const { findings } = await verified();
    assert.deepEqual([findings.length, findings[0]?.kind, findings[0]?.position], [1, "checkpoint", 286]);
  });

  it("names what was lost before the log was continued, also where as many changes came since", async () => {
    for (const since of [0, 3, 20]) {
      damaged("");
      writeFileSync(`${file}.key`, readFileSync(`${sound}.key`));
      const history = await openHistory(file);
      const backup = readFileSync(file);
      for (let id = 1; id <= 3; id += 1) await act(history, { what: "customer", id, address: "a@example.com" });
      await history.close();
      for (const part of ["-wal", "-shm"]) rmSync(`${file}${part}`, { force: true });
      writeFileSync(file, backup);
      const store = await openSqliteStore({ file });
      const stream = preferencesOf(customer("x"));
      const who = { actor: "Jo", client: "crm" };
      for (let id = 0; id < since; id += 1) {
        await store.append<never>({
          reads: [stream],
          step: () => ({ append: [draft(who, "preferences", stream, { selections: [] })] }),
        });
      }
      const { position } = await continueLog(store, openKeyFiles(`${file}.key`));
      await store.close();
      const { findings, losses } = await verified();
      assert.deepEqual([position, findings], [286 + since, []]);
      assert.deepEqual(losses, [
        {
          position,
          what: "The log before was signed to 289 entries and is not continued from there: entries before this were lost or replaced.",
        },
      ]);
    }
  });

  it("names no loss where the log was continued with all that was signed", async () => {
    damaged("");
    writeFileSync(`${file}.key`, readFileSync(`${sound}.key`));
    const store = await openSqliteStore({ file });
    await continueLog(store, openKeyFiles(`${file}.key`), { newKey: true });
    await store.close();
    assert.deepEqual((await verified()).losses, []);
  });

  it("finds a key that is asked for and has signed nothing", async () => {
    damaged("");
    const key = verifierKeyOf("example.com/v1/log", Buffer.alloc(32, 7));
    const { findings } = await verified({ keys: [key] });
    assert.deepEqual(findings, [
      { kind: "checkpoint", what: `The key ${key} has signed nothing that the log is compared with.` },
    ]);
  });

  it("refuses to rebuild a log that is wrong itself, says where, and changes nothing", async () => {
    damaged("UPDATE change SET salt = zeroblob(32) WHERE position = 29; DELETE FROM address");
    const bytes = readFileSync(file);
    await assert.rejects(
      rebuild(file),
      (error) => error instanceof NotRebuildable && /position 29: Its text/.test(error.message),
    );
    assert(readFileSync(file).equals(bytes));
  });

  it("never breaks on a file with wrong bytes: it finds them, or nobody needs them", async () => {
    const bytes = readFileSync(sound);
    const property = fc.asyncProperty(
      fc.noBias(fc.nat(bytes.length - 1)),
      fc.integer({ min: 1, max: 255 }),
      async (at, mask) => {
        const wrong = Buffer.from(bytes);
        wrong[at] = (wrong[at] ?? 0) ^ mask;
        for (const part of ["-wal", "-shm"]) rmSync(`${file}${part}`, { force: true });
        writeFileSync(file, wrong);
        try {
          await verified();
        } catch (error) {
          const isSaid =
            failureOf(error) !== undefined || ["SchemaMismatch", "SqliteError"].includes((error as Error).name);
          assert(isSaid || (error as { code?: string }).code === "ERR_SQLITE_ERROR", String((error as Error).stack));
        }
      },
    );
    await fc.assert(property, { numRuns: 60, endOnFailure: true });
  });
});
