import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { act, openHistory } from "../../test/support/history.ts";
import { adminToken, startListening, temporaryFolder } from "../../test/support/service.ts";
import { verifierKeyOf } from "../audit/checkpoint.ts";
import { openRecords } from "../compose-commands.ts";
import { continueLog } from "../service/continue-log.ts";
import { openKeyFiles } from "../storage/key-files.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { ProgressBar } from "./progress-bar.ts";
import { run } from "./run.ts";
import { verifyCommand } from "./verify.ts";

const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());
const at = (name: string) => join(folder.path, name);
const database = at("say.db");

/** Runs `saywhen verify` as somebody types it, and gives back what it wrote. */
async function verify(words: readonly string[], file = database) {
  const lines = { out: [] as string[], err: [] as string[] };
  const command = verifyCommand(() => import("../compose-commands.ts"));
  const code = await run(["verify", ...words], [command], {
    print: (line) => void lines.out.push(line),
    tell: (line) => void lines.err.push(line),
    openDatabase: () => assert.fail("nothing is to be opened for writing"),
    openRecords,
    env: { SAYWHEN_DATABASE: file },
  });
  return { code, out: lines.out.join("\n"), err: lines.err.join("\n") };
}

/** Asks the running service, and keeps the answer in a file. */
async function keep(url: string, path: string, name: string): Promise<string> {
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${adminToken}` } });
  assert.equal(answer.status, 200, path);
  const text = await answer.text();
  writeFileSync(at(name), text);
  return text;
}

async function put(url: string, id: number): Promise<string> {
  const selections = [{ value: `c${id}@example.com`, type: "BEMAIL", is_opt_in: "N" }];
  const answer = await fetch(`${url}/v1/customers/${id}/communication-preferences`, {
    method: "PUT",
    headers: {
      authorization: `Bearer ${adminToken}`,
      "content-type": "application/json",
      "request-tracking-id": `t-${id}`,
      clientid: "admin",
    },
    body: JSON.stringify({
      preferences: [{ category: "Service Exception", channels: [{ name: "Email", selections }] }],
    }),
  });
  assert.equal(answer.status, 200, await answer.text());
  return answer.headers.get("saywhen-change") ?? "";
}

/** Changes the database while nothing serves. */
function alter(sql: string, file = database): void {
  using db = new DatabaseSync(file);
  db.exec(sql);
}

describe("saywhen verify", () => {
  before(async () => {
    await using service = await startListening({ file: database });
    const { url } = service;
    for (let id = 1; id <= 5; id += 1) await put(url, id);
    const position = await put(url, 3);
    await keep(url, "/v1/log/key", "key");
    await keep(url, `/v1/changes/${position}`, "change.json");
    await keep(url, `/v1/changes/${Number(position) - 1}`, "other.json");
    await keep(url, `/v1/changes/${position}/receipt`, "receipt");
    await keep(url, "/v1/log/checkpoint", "checkpoint");
    const beside = await verify(["--checkpoint", at("checkpoint")]);
    assert.deepEqual([beside.code, beside.err], [0, ""], beside.out);
    assert.match(beside.out, /^All is well: 8 changes fit their entries.*\nThe log extends all 3 checkpoints/);
  });

  it("verifies a receipt with nothing but the public key, alone and with its change", async () => {
    const key = readFileSync(at("key"), "utf8").trim();
    const alone = await verify(["--receipt", at("receipt"), "--key", key], at("none.db"));
    assert.deepEqual([alone.code, alone.err], [0, ""]);
    assert.match(
      alone.out,
      /^position {2}7\ntime {6}20\S+Z\nkind {6}preferences\nlog {7}example\.com\/v1\/log, of 8 entries/,
    );
    const words = ["--receipt", at("receipt"), "--key", at("key"), "--change", at("change.json")];
    const whole = await verify(words, at("none.db"));
    assert.deepEqual(
      [whole.code, /"choice": "opted-out"[^]*"stream": "customer:3"/.test(whole.out)],
      [0, true],
      whole.out,
    );
    assert(!existsSync(at("none.db")));
  });

  it("says why a receipt proves nothing", async () => {
    const words = ["--receipt", at("receipt"), "--key", at("key"), "--change", at("other.json")];
    const other = await verify(words);
    assert.deepEqual(
      [other.code, other.out],
      [3, "The receipt proves nothing. The change is the one at position 6, but the receipt is for 7."],
    );
    writeFileSync(at("altered.json"), readFileSync(at("change.json"), "utf8").replace("opted-out", "opted-in"));
    const altered = await verify([...words.slice(0, 5), at("altered.json")]);
    assert.deepEqual([altered.code, /one of them was altered/.test(altered.out)], [3, true]);
  });

  it("says how it is used when it cannot be understood, and what it cannot read", async () => {
    const receipt = ["--receipt", at("receipt")];
    for (const words of [
      ["all"],
      receipt,
      ["--change", at("change.json")],
      [...receipt, "--key", at("key"), "--checkpoint", at("checkpoint")],
      [...receipt, ...receipt, "--key", at("key")],
      [...receipt, "--key", at("key"), "--change", at("other.json"), "--change", at("change.json")],
    ]) {
      const { code, err } = await verify(words);
      assert.deepEqual([code, err.startsWith("Usage:\nsaywhen verify [--checkpoint")], [2, true], words.join(" "));
    }
    const none = await verify(["--checkpoint", at("nowhere")]);
    assert.deepEqual([none.code, none.err.startsWith("The file cannot be read: ")], [1, true]);
    const missing = await verify([], at("none.db"));
    assert.deepEqual([missing.code, missing.err.startsWith("There is no database ")], [1, true]);
  });

  it("tells what is no key, no checkpoint and no change at all from what was altered", async () => {
    writeFileSync(at("empty"), "");
    const receipt = ["--receipt", at("receipt")];
    const wrongKey = readFileSync(at("key"), "utf8").trim().replace("example.com", "example.org");
    for (const [words, said] of [
      [["--checkpoint", at("empty")], /empty is no checkpoint: /],
      [["--checkpoint", at("key")], /key is no checkpoint: /],
      [["--checkpoint", at("receipt")], /receipt is no checkpoint: /],
      [["--checkpoint", at("change.json")], /change.json is no checkpoint: /],
      [["--key", at("empty")], /empty is no verifier key: /],
      [["--key", wrongKey], /is no verifier key: .* do not belong together/],
      [[...receipt, "--key", at("empty")], /empty is no verifier key: /],
      [[...receipt, "--key", at("key"), "--change", at("empty")], /empty is no change as /],
      [[...receipt, "--key", at("key"), "--change", at("receipt")], /receipt is no change as /],
    ] as const) {
      const { code, err } = await verify(words);
      assert.deepEqual([code, said.test(err)], [2, true], `${words.join(" ")}: ${err}`);
    }
    writeFileSync(at("forged"), readFileSync(at("checkpoint"), "utf8").replace("\n8\n", "\n7\n"));
    assert.equal((await verify(["--checkpoint", at("forged")])).code, 5);
  });

  it("takes a key at its word: that it has signed something here", async () => {
    assert.equal((await verify(["--key", at("key")])).code, 0);
    const foreign = verifierKeyOf("example.com/v1/log", Buffer.alloc(32, 7));
    const { code, out } = await verify(["--key", foreign]);
    assert.deepEqual([code, out], [5, `The key ${foreign} has signed nothing that the log is compared with.`]);
  });

  it("tells what is wrong, the first position first, and what to do, in words and by its exit code", async () => {
    alter("UPDATE address SET stream = 1");
    const derived = await verify([]);
    assert.deepEqual([derived.code, /^position \d: /.test(derived.out)], [4, true], derived.out);
    assert.match(
      derived.err,
      /^Of 8 changes: 0 wrong in the log, \d+ in what is derived, 0 with checkpoints\.\n.*`saywhen log rebuild`/,
    );
    alter("UPDATE change SET salt = zeroblob(32) WHERE position = 3");
    const damaged = await verify([]);
    assert.deepEqual([damaged.code, /^position 3: Its text does not fit/m.test(damaged.out)], [3, true], damaged.out);
    assert.match(damaged.err, /restore a backup/);
  });

  it("answers nobody with a change that is damaged, and everybody with the others", async () => {
    await using service = await startListening({ file: database });
    const ask = (id: number) =>
      fetch(`${service.url}/v1/customers/${id}/communication-preferences`, {
        headers: { authorization: `Bearer ${adminToken}`, "request-tracking-id": "t", clientid: "admin" },
      });
    const answers = await Promise.all([1, 2, 4].map(ask));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 500, 200],
    );
    const change = await fetch(`${service.url}/v1/changes/3`, { headers: { authorization: `Bearer ${adminToken}` } });
    assert.deepEqual([change.status, /record-damaged/.test(await change.text())], [500, true]);
  });

  it("shows that changes were lost by the checkpoint that is kept beside the key", async () => {
    alter(
      "DELETE FROM change WHERE position > 5; UPDATE log SET checkpoint = NULL; DELETE FROM change WHERE position = 3",
    );
    alter("UPDATE change SET position = position - 1 WHERE position > 3");
    const { code, out } = await verify([]);
    assert.equal(code, 5, out);
    assert.match(
      out,
      /The checkpoint in \S+\.checkpoint is of 8 entries and the log has 5: those from here on are lost\./,
    );
  });
});

describe("saywhen verify of a small log", () => {
  it("tells a loss that is on record, and that there was nothing to compare the log with", async () => {
    const file = at("small.db");
    const history = await openHistory(file);
    const words = ["--checkpoint", at("of three")];
    for (const id of [1, 2, 3]) await act(history, { what: "customer", id, address: "a@example.com" });
    writeFileSync(at("of three"), await history.log.checkpoint());
    await history.close();
    alter("DELETE FROM change WHERE position > 0; DELETE FROM stream WHERE head > 0", file);
    alter("DELETE FROM address WHERE stream > 1; UPDATE log SET checkpoint_size = NULL, checkpoint = NULL", file);
    const lost = await verify(words, file);
    assert.deepEqual([lost.code, /of 3 entries and the log has 1: /.test(lost.out)], [5, true], lost.out);
    assert.match(lost.err, /^Of 1 change: /);
    renameSync(`${file}.key.checkpoint`, at("kept"));
    const none = await verify([], file);
    assert.deepEqual(
      [none.code, none.out.split("\n").slice(0, 2)],
      [
        0,
        [
          "All is well: 1 change fits its entry, and everything derived fits the changes.",
          "There was no checkpoint to compare the log with.",
        ],
      ],
    );
    renameSync(at("kept"), `${file}.key.checkpoint`);
    const store = await openSqliteStore({ file });
    await continueLog(store, openKeyFiles(`${file}.key`), { newKey: true });
    await store.close();
    const continued = await openHistory(file);
    await continued.log.checkpoint();
    await continued.close();
    const owned = await verify([], file);
    assert.equal(owned.code, 0, owned.out);
    assert.match(
      owned.out,
      /^All that is left is well: 2 changes .*[^]*\nposition 1: .* signed to 3 entries and is not/,
    );
  });
});

describe("ProgressBar", () => {
  it("draws on a terminal, seldom, and wipes itself away; elsewhere it draws nothing", () => {
    for (const isTTY of [true, false]) {
      const drawn: string[] = [];
      {
        using bar = new ProgressBar({ isTTY, write: (text) => drawn.push(text) });
        for (let done = 0; done <= 100; done += 1) bar.show(done, 100);
      }
      assert.deepEqual(
        [drawn[0]?.startsWith("\r...."), drawn.at(-1) === "\r\u001b[K"],
        isTTY ? [true, true] : [undefined, false],
      );
      assert(drawn.length < 10);
    }
  });
});
