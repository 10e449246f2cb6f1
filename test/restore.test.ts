import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { verifyReceipt } from "../src/audit/verify-receipt.ts";
import { draft } from "../src/domain/change.ts";
import type { Continuation } from "../src/domain/log-acts.ts";
import { preferencesOf, type Stream } from "../src/domain/stream.ts";
import { customer } from "../src/domain/subject.ts";
import { continueLog } from "../src/service/continue-log.ts";
import { openKeyFiles } from "../src/storage/key-files.ts";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import * as acts from "./faults/acts.ts";
import { checkpointOf, readLog, wholeLog } from "./faults/whole-log.ts";
import { type Place, place } from "./support/recorded.ts";
import { startInProcess } from "./support/service.ts";

/** The verifier key of the log, and those that it had before. */
async function keysOf({ saywhen }: Place): Promise<{ key: string; before: string[] }> {
  const { printed } = await saywhen("log");
  const before = [...printed.matchAll(/^before +(\S+)$/gm)].map(([, key]) => key ?? "");
  return { key: /^verifier key +(\S+)$/m.exec(printed)?.[1] ?? "", before };
}

/** The address that a customer is shown with. */
async function addressOf({ ask }: Place, customer: number): Promise<string | undefined> {
  return /"value":"([^"]*)"/.exec((await ask(acts.get(acts.customerPath(customer)))).body)?.[1];
}

async function succeeds(command: Promise<{ exitCode: number; printed: string; told: string }>): Promise<string> {
  const { exitCode, printed, told } = await command;
  assert.equal(exitCode, 0, told);
  return printed;
}

async function fails(command: Promise<{ exitCode: number; told: string }>, message: RegExp): Promise<void> {
  const { exitCode, told } = await command;
  assert.equal(exitCode, 1, told);
  assert.match(told, message);
}

/** Alters the text of a change where it stands. */
function alter(file: string): void {
  using db = new DatabaseSync(file);
  db.exec("UPDATE change SET body = replace(body, '2@example', '9@example') WHERE body LIKE '%2@example%'");
}

describe("saywhen restore", () => {
  it("goes back to a backup, and goes on under a new name that says what is lost", async (test) => {
    const at = place(test);
    const [first = ""] = await at.record(1);
    const { key } = await keysOf(at);
    await succeeds(at.saywhen("backup", at.path("b")));
    const [lost = ""] = await at.record(2);
    const printed = await succeeds(at.saywhen("restore", at.path("b")));
    assert.match(printed, /is restored: 3 changes, the last of 20\S+Z\.\n.*before-restore/);
    assert.match(printed, /^Lost: the change at position 3, /m);
    const now = await keysOf(at);
    assert.deepEqual(now.before, [key]);
    assert(printed.endsWith(`goes on under a new name. Its verifier key: ${now.key}`), printed);

    const [third = ""] = await at.record(3);
    assert.equal(verifyReceipt(third, now.key).ok, true);
    assert.equal(verifyReceipt(first, key).ok, true, "what was proved stays proved");
    assert.deepEqual([await addressOf(at, 1), await addressOf(at, 2)], ["1@example.com", undefined]);
    wholeLog(at.file, [checkpointOf(first)]);
    const { lastCheckpoint, previousKey } = continuationIn(at);
    assert.deepEqual([lastCheckpoint, previousKey], [checkpointOf(lost), key]);
    await succeeds(at.saywhen("verify"));
  });

  it("keeps the name when nothing that was signed is lost", async (test) => {
    const at = place(test);
    await at.record(1, 2);
    const before = await keysOf(at);
    await succeeds(at.saywhen("backup", at.path("b")));
    const printed = await succeeds(at.saywhen("restore", at.path("b")));
    assert.doesNotMatch(printed, /Lost|new name/);
    assert.deepEqual(await keysOf(at), before);
    await at.record(3);
    wholeLog(at.file);
  });

  it("gives no two continuations of one backup the same name, and names the one that was lost", async (test) => {
    const at = place(test);
    await at.record(1);
    await succeeds(at.saywhen("backup", at.path("b")));
    await at.record(2);
    await succeeds(at.saywhen("restore", at.path("b")));
    await at.record(3);
    const once = await keysOf(at);
    await succeeds(at.saywhen("restore", at.path("b")));
    const twice = await keysOf(at);
    assert.notEqual(twice.key, once.key);
    assert.equal(twice.before.length, 1);
    const { lastCheckpoint, previousKey } = continuationIn(at);
    assert.equal(previousKey, once.key);
    assert.match(lastCheckpoint ?? "", /\n5\n/);
  });

  it("erases again what was erased after the backup, but not who came back since", async (test) => {
    const at = place(test);
    await at.record(1, 2, 3);
    await succeeds(at.saywhen("backup", at.path("old")));
    for (const customer of [1, 2]) assert.equal((await at.ask(acts.erase(`customer/${customer}`))).status, 200);
    await at.record(2);
    await succeeds(at.saywhen("backup", at.path("new")));
    assert.match(await succeeds(at.saywhen("restore", at.path("old"))), /Erased again, .*: 2 subjects/);
    assert.equal(await addressOf(at, 1), undefined);
    assert.equal(await addressOf(at, 3), "3@example.com");
    assert.equal(readFileSync(at.file).includes("1@example.com"), false);
    assert.doesNotMatch(await succeeds(at.saywhen("restore", at.path("new"))), /Erased again/);
    assert.deepEqual([await addressOf(at, 1), await addressOf(at, 2)], [undefined, "2@example.com"]);
    wholeLog(at.file);
  });

  it("says what is lost that was acknowledged and not yet signed for, and gives its positions to nobody", async (test) => {
    const at = place(test);
    await at.record(1);
    const { key } = await keysOf(at);
    await succeeds(at.saywhen("backup", at.path("b")));
    await recordUnsigned(at, 2, 3);
    const printed = await succeeds(at.saywhen("restore", at.path("b")));
    assert.match(printed, /^Lost: the changes at positions 3 to 4, which nothing was signed for yet\.$/m);
    assert.match(printed, /goes on under a new name/);
    assert.deepEqual((await keysOf(at)).before, [key]);

    // Back to what was lost: then the changes since are.
    const [, before = ""] = /^What was there before is (\S+);/m.exec(printed) ?? [];
    await at.record(4);
    const back = await succeeds(at.saywhen("restore", before));
    assert.match(back, /^Lost: the changes at positions 3 to 4, for which this was signed:/m);
    assert.equal(await addressOf(at, 2), "2@example.com");
    wholeLog(at.file);
  });

  it("says how far what is lost was signed for", async (test) => {
    const at = place(test);
    await at.record(1);
    await succeeds(at.saywhen("backup", at.path("b")));
    await at.record(2);
    await recordUnsigned(at, 3);
    const printed = await succeeds(at.saywhen("restore", at.path("b")));
    assert.match(printed, /^Lost: .* positions 3 to 4, of which those up to 3 were signed for:\nexample.*\n4\n/m);
  });

  it("sees a change that took the place of another one, though nothing was signed for either", async (test) => {
    const at = place(test);
    await at.record(1);
    copyFileSync(at.file, at.path("copy"));
    await recordUnsigned(at, 2);
    await succeeds(at.saywhen("backup", at.path("b")));
    copyFileSync(at.path("copy"), at.file);
    await recordUnsigned(at, 3);
    assert.match(await succeeds(at.saywhen("restore", at.path("b"))), /goes on under a new name/);
  });

  it("changes nothing about the key when the database cannot be replaced", async (test) => {
    const at = place(test);
    await at.record(1);
    await succeeds(at.saywhen("backup", at.path("b")));
    const names = ["", ".key"].map((end) => `${at.file}${end}`);
    const before = names.map((name) => readFileSync(name));
    // A link that leads nowhere stands where the database before would get its second name.
    symlinkSync("nowhere", `${at.file}.before-restore`);
    await fails(at.saywhen("restore", at.path("b"), "--new-key"), /^Nothing was replaced\./);
    rmSync(`${at.file}.before-restore`);
    mkdirSync(`${at.file}.key.new`);
    await fails(at.saywhen("restore", at.path("b"), "--new-key"), /^Nothing was replaced\. .*key.* cannot be written/);
    assert.deepEqual(
      names.map((name) => readFileSync(name)),
      before,
    );
    assert.deepEqual(namesBeside(at), []);
    await at.record(2);
  });

  it("says whom it cannot erase again, because the book was written with another key", async (test) => {
    const at = place(test);
    await at.record(1, 2);
    await succeeds(at.saywhen("backup", at.path("b")));
    assert.equal((await at.ask(acts.erase("customer/1"))).status, 200);
    const unreadable = /whom 1 line of \S+\.key\.erased are about cannot be told/;
    renameSync(`${at.file}.key`, at.path("lost"));
    const other = place(test);
    await other.record(1);
    copyFileSync(`${other.file}.key`, `${at.file}.key`);
    assert.match(await succeeds(at.saywhen("restore", at.path("b"), "--new-key")), unreadable);
    assert.equal(await addressOf(at, 1), "1@example.com");
    const continued = await at.saywhen("log", "continue", "--new-key");
    assert.match(continued.told, unreadable);
  });

  it("says that there is no book, so that whoever was erased is back", async (test) => {
    const at = place(test);
    await at.record(1);
    await succeeds(at.saywhen("backup", at.path("b")));
    assert.equal((await at.ask(acts.erase("customer/1"))).status, 200);
    rmSync(`${at.file}.key.erased`);
    assert.match(await succeeds(at.saywhen("restore", at.path("b"))), /^There is no line in \S+\.key\.erased: /m);
  });

  it("says that clients are those of the backup", async (test) => {
    const at = place(test);
    await at.record(1);
    await succeeds(at.saywhen("backup", at.path("b")));
    assert.match(await succeeds(at.saywhen("restore", at.path("b"))), /^Clients are as they were then: /m);
  });

  it("refuses a damaged backup and says what is wrong with it; nothing is replaced", async (test) => {
    const at = place(test);
    await at.record(1, 2);
    await succeeds(at.saywhen("backup", at.path("b")));
    const before = readFileSync(at.file);
    alter(at.path("b"));
    await fails(at.saywhen("restore", at.path("b")), /^Nothing was replaced\. .*b is damaged\. Position 3: /);
    writeFileSync(at.path("empty"), "");
    await fails(at.saywhen("restore", at.path("empty")), /^Nothing was replaced\. .*empty holds no change/);
    assert.equal((await at.saywhen("restore", "")).exitCode, 2);
    writeFileSync(at.path("text"), "no database");
    await fails(at.saywhen("restore", at.path("text")), /^Nothing was replaced\. .*not a database/);
    await fails(at.saywhen("restore", at.path("nothing")), /^Nothing was replaced\. There is no file/);
    await fails(at.saywhen("restore", at.file), /is the database itself/);
    assert.deepEqual(readFileSync(at.file), before);
    assert.deepEqual(namesBeside(at), []);
  });

  it("refuses while the database is served, and names the process", async (test) => {
    const at = place(test);
    await at.record(1);
    await succeeds(at.saywhen("backup", at.path("b")));
    await using _running = await startInProcess({ file: at.file });
    for (const words of [
      ["restore", at.path("b")],
      ["log", "continue"],
      ["log", "rebuild"],
    ]) {
      await fails(at.saywhen(...words), new RegExp(`served by another process \\(pid ${process.pid}\\)`));
    }
    assert.deepEqual(namesBeside(at), []);
  });

  it("takes the log's key only, and says which that is; a lost one gives way to a new one", async (test) => {
    const at = place(test);
    await at.record(1);
    const { key } = await keysOf(at);
    await succeeds(at.saywhen("backup", at.path("b")));
    const other = place(test);
    await other.record(1);
    copyFileSync(`${other.file}.key`, `${at.file}.key`);
    const refusal = /The backup needs the key whose other half is (\S+):/;
    await fails(at.saywhen("restore", at.path("b")), refusal);
    rmSync(`${at.file}.key`);
    const { told } = await at.saywhen("restore", at.path("b"));
    assert.equal(refusal.exec(told)?.[1], key);
    const printed = await succeeds(at.saywhen("restore", at.path("b"), "--new-key"));
    assert.match(printed, /new name/);
    assert.deepEqual((await keysOf(at)).before, [key]);
    await at.record(2);
    wholeLog(at.file);
  });

  it("restores an old backup with the key that the log has had since", async (test) => {
    const at = place(test);
    await at.record(1);
    await succeeds(at.saywhen("backup", at.path("b")));
    await succeeds(at.saywhen("log", "continue", "--new-key"));
    await at.record(2);
    const before = await keysOf(at);
    await succeeds(at.saywhen("restore", at.path("b")));
    const { previousKey } = continuationIn(at);
    assert.equal(previousKey, before.key);
    await at.record(3);
  });

  it("restores onto an empty machine, where nobody knows what was signed since", async (test) => {
    const at = place(test);
    const [first = ""] = await at.record(1);
    const { key } = await keysOf(at);
    await succeeds(at.saywhen("backup", at.path("b")));
    const empty = place(test);
    // Beside the key stands a checkpoint that is as old as the backup: it knows nothing of the second change.
    for (const end of ["", ".checkpoint"]) copyFileSync(`${at.file}.key${end}`, `${empty.file}.key${end}`);
    const [lost = ""] = await at.record(2);
    const printed = await succeeds(empty.saywhen("restore", at.path("b")));
    assert.doesNotMatch(printed, /before/);
    assert.match(printed, /goes on under a new name/);
    assert.deepEqual((await keysOf(empty)).before, [key]);
    await empty.record(2);
    wholeLog(empty.file, [checkpointOf(first)]);
    assert.throws(() => wholeLog(empty.file, [checkpointOf(lost)]), "what was lost still tells against it");
  });

  it("replaces a database that cannot be opened, and keeps it", async (test) => {
    const at = place(test);
    await at.record(1);
    await succeeds(at.saywhen("backup", at.path("b")));
    for (const name of ["before-restore", "before-restore-2"]) {
      writeFileSync(at.file, `damaged ${name}`);
      await succeeds(at.saywhen("restore", at.path("b")));
      assert.equal(readFileSync(`${at.file}.${name}`, "utf8"), `damaged ${name}`);
    }
    assert.equal(await addressOf(at, 1), "1@example.com");
  });

  it("takes up a copy that was made with its WAL beside it, and what an interrupted restore left", async (test) => {
    const at = place(test);
    await at.record(1);
    const db = new DatabaseSync(at.file);
    db.exec("UPDATE readiness SET checks = 77");
    for (const part of ["", "-wal"]) copyFileSync(`${at.file}${part}`, at.path(`copy${part}`));
    db.close();
    for (const part of ["", "-wal", "-shm"]) writeFileSync(`${at.file}.restoring${part}`, "left behind");
    await succeeds(at.saywhen("restore", at.path("copy")));
    using restored = new DatabaseSync(at.file, { readOnly: true });
    assert.equal(restored.prepare("SELECT checks FROM readiness").get()?.["checks"], 77);
    assert.deepEqual(namesBeside(at), ["saywhen.db.before-restore"]);
  });

  it("brings a database of an older version up to date, on the copy only", async (test) => {
    const at = place(test);
    const old = new DatabaseSync(at.path("old"));
    const folder = new URL("../src/storage/sqlite/migrations/", import.meta.url);
    old.exec(
      "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, breaking INTEGER NOT NULL, applied_at TEXT NOT NULL) STRICT",
    );
    for (const [index, name] of readdirSync(folder).toSorted().slice(0, 2).entries()) {
      old.exec(readFileSync(new URL(name, folder), "utf8"));
      old.prepare("INSERT INTO migration VALUES (?, ?, 0, '')").run(index + 1, name.slice(0, -4));
    }
    old.exec(`INSERT INTO stream (id, name, head) VALUES (1, 'customer:9', 0);
      INSERT INTO change (position, at, stream, kind, body) VALUES (0, 0, 1,
      'preferences', '{"actor":"Jo","at":"1970-01-01T00:00:00.000Z","client":"crm","document":{},' ||
      '"kind":"preferences","stream":"customer:9"}')`);
    old.close();
    const before = readFileSync(at.path("old"));
    await succeeds(at.saywhen("restore", at.path("old")));
    await at.record(1);
    assert.deepEqual(readFileSync(at.path("old")), before);
  });
});

describe("a database that was set back by hand", () => {
  it("serves, signs nothing, says so, and signs again after `log continue`", async (test) => {
    const at = place(test);
    await at.record(1);
    copyFileSync(at.file, at.path("copy"));
    const [lost = ""] = await at.record(2);
    const kept = `${at.file}.key.checkpoint`;
    copyFileSync(kept, at.path("kept"));
    copyFileSync(at.path("copy"), at.file);
    assert.equal((await at.saywhen("verify", "--checkpoint", at.path("kept"))).exitCode, 5);
    await fails(at.saywhen("log"), /^Nothing is signed\. .*4 were signed for: the database was set back/);
    await assert.rejects(at.record(3), /log-stopped/);
    const { key } = await keysOf(at);
    await succeeds(at.saywhen("log", "continue"));
    const [fourth = ""] = await at.record(4);
    const now = await keysOf(at);
    assert.equal(verifyReceipt(fourth, now.key).ok, true);
    assert.deepEqual(now.before, [key]);
    assert.equal(verifyReceipt(lost, key).ok, true, "the loss can be proved");
    await succeeds(at.saywhen("log"));
    assert(existsSync(kept));
  });
});

describe("saywhen log continue", () => {
  it("erases again what was erased since a copy was made, and says so", async (test) => {
    const at = place(test);
    await at.record(1, 2);
    copyFileSync(at.file, at.path("copy"));
    assert.equal((await at.ask(acts.erase("customer/1"))).status, 200);
    copyFileSync(at.path("copy"), at.file);
    await fails(at.saywhen("log"), /whoever was erased since may be back/);
    const { told, exitCode } = await at.saywhen("log", "continue");
    assert.equal(exitCode, 0, told);
    assert.match(told, /^Erased again, as they were since: 1 subject\.$/m);
    assert.deepEqual([await addressOf(at, 1), await addressOf(at, 2)], [undefined, "2@example.com"]);
    await succeeds(at.saywhen("verify"));
  });

  it("goes on where a damaged change forbids to erase again, and says so", async (test) => {
    const at = place(test);
    await at.record(1, 2);
    copyFileSync(at.file, at.path("copy"));
    assert.equal((await at.ask(acts.erase("customer/1"))).status, 200);
    copyFileSync(at.path("copy"), at.file);
    alter(at.file);
    const { told, exitCode } = await at.saywhen("log", "continue");
    assert.equal(exitCode, 0, told);
    assert.match(told, /^Whoever was erased since is not erased again: .*3/m);
  });

  it("takes nothing from a healthy database, and goes on with a new key only", async (test) => {
    const at = place(test);
    await at.record(1, 2);
    assert.equal((await at.ask(acts.erase("customer/1"))).status, 200);
    await at.record(1);
    const before = await keysOf(at);
    await fails(at.saywhen("log", "continue"), /There is nothing to continue.*--new-key/);
    assert.deepEqual(await keysOf(at), before);
    const { told, exitCode } = await at.saywhen("log", "continue", "--new-key");
    assert.equal(exitCode, 0, told);
    assert.doesNotMatch(told, /rased/);
    assert.deepEqual([await addressOf(at, 1), await addressOf(at, 2)], ["1@example.com", "2@example.com"]);
  });

  it("refuses another key than the log's, which nobody asked it to take on", async (test) => {
    const at = place(test);
    await at.record(1);
    openKeyFiles(at.path("other.key")).newKey();
    copyFileSync(at.path("other.key"), `${at.file}.key`);
    await fails(at.saywhen("log", "continue"), /is not the key of the log .*--new-key/);
    assert.equal(readLog(at.file).length, 3);
  });

  it("says that an empty file is no database", async (test) => {
    const at = place(test);
    writeFileSync(at.file, "");
    await fails(at.saywhen("log"), /The file is empty: it is no database yet/);
    for (const word of ["continue", "rebuild"])
      await fails(at.saywhen("log", word), /is an empty file, and no database/);
    assert.equal(readFileSync(at.file).length, 0);
  });
});

describe("a copy of a log that had just taken on another name", () => {
  it("signs nothing once the log has gone on under a third one", async (test) => {
    const at = place(test);
    await at.record(1);
    await goOnBy(at);
    copyFileSync(at.file, at.path("copy"));
    await at.record(2);
    await goOnBy(at);
    const [third = ""] = await at.record(3);
    copyFileSync(at.path("copy"), at.file);
    await fails(at.saywhen("log"), /^Nothing is signed\. .*a log that this database does not know/);
    await assert.rejects(at.record(4), /log-stopped/);
    await succeeds(at.saywhen("log", "continue"));
    const { lastCheckpoint } = continuationIn(at, 5);
    assert.equal(lastCheckpoint, checkpointOf(third));
    await at.record(5);
    wholeLog(at.file);
  });
});

/** Continues the log, though it needs not be. */
async function goOnBy({ file }: Place): Promise<void> {
  const store = await openSqliteStore({ file });
  await continueLog(store, openKeyFiles(`${file}.key`));
  await store.close();
}

/** Gives customers the address of the first with their own number, while nobody signs. */
async function recordUnsigned(at: Place, ...customers: readonly number[]): Promise<void> {
  const store = await openSqliteStore({ file: at.file });
  const streams = [preferencesOf(customer("1"))] as const;
  for (const each of customers) {
    const stream: Stream = preferencesOf(customer(String(each)));
    const [first] = await store.newest(streams);
    const document = JSON.parse(JSON.stringify(first?.document).replaceAll("1@example", `${each}@example`)) as object;
    const step = () => ({ append: [draft({ actor: "Jo", client: "crm" }, "preferences", stream, document)] as const });
    await store.append({ reads: [], step });
  }
  await store.close();
}

/** What the change at a position says of the identity that ended there. */
function continuationIn({ file }: Place, position = 3): Partial<Continuation> {
  const change = readLog(file)[position];
  assert.equal(change?.kind, "continuation");
  return change.said?.document as Partial<Continuation>;
}

/** What stands beside the database that is neither its own nor the test's. */
function namesBeside({ file, path }: Place): string[] {
  const own = /^saywhen\.db(-wal|-shm|\.lock|\.key.*)?$/;
  assert(existsSync(file));
  return readdirSync(path("")).filter((name) => name.startsWith("saywhen.db") && !own.test(name));
}
