import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { catalogueOf, smallCatalogue } from "../../test/support/own-api.ts";
import { temporaryFolder } from "../../test/support/service.ts";
import { addUser } from "../service/add-user.ts";
import { loadCatalogue } from "../service/catalogue.ts";
import { recordCustomerPreferences } from "../service/record-customer-preferences.ts";
import { recordOrganisationPreferences } from "../service/record-email-preferences.ts";
import { openSqliteRecords } from "../storage/sqlite/open-records.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { historyCommand } from "./history.ts";
import { run } from "./run.ts";
import { showCommand } from "./show.ts";

/** A store on a file that something writes to, and the commands beside it; a second passes with each write. */
async function serving(t: TestContext) {
  const folder = temporaryFolder();
  const file = join(folder.path, "saywhen.db");
  const time = { ms: Date.UTC(2026, 2, 3, 14, 5) };
  const store = await openSqliteStore({ file, clock: () => time.ms });
  t.after(async () => {
    await store.close();
    folder[Symbol.dispose]();
  });
  const catalogue = await loadCatalogue(store, () => catalogueOf(smallCatalogue));
  const act = { actor: "johnm", client: "crm", trackingId: "12" };

  const choose = async (choice: "opted-in" | "opted-out", actor = "johnm"): Promise<void> => {
    time.ms += 1000;
    const selections = [{ type: "BPHONE", value: "2125550100", choice }];
    const preferences = [{ category: "Service Notification", channels: [{ name: "Text", selections }] }];
    const who = { ...act, actor };
    const customers = { store, catalogue, continuation: undefined, put: "merge" as const };
    const outcome = await recordCustomerPreferences(customers, "1", { preferences }, who, {});
    assert.ok("value" in outcome);
  };
  const employ = async (): Promise<void> => {
    time.ms += 1000;
    const organisations = { store, catalogue, continuation: undefined, subjects: "open" as const };
    const nodes = [{ node: "Countries", labels: ["Algeria", "Belgium"] }];
    const wish = { frequency: "Daily", nodes, modules: [{ name: "News", preference: "Off" }], alertServices: [] };
    assert.ok("value" in (await recordOrganisationPreferences(organisations, 3, { wish, act, condition: {} })));
    const user = { id: 5, email: "pat@example.com", name: { firstname: "Pat" }, organisation: 3 };
    assert.ok("value" in (await addUser(organisations, user, { actor: "crm", client: "crm" })));
  };
  return { file, time, choose, employ };
}

/** Runs a command as somebody types it, and gives back what it wrote. */
async function saywhen(
  words: string,
  file: string,
  env: Record<string, string> = {},
): Promise<{ code: number; out: string[]; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(words.split(" "), [historyCommand, showCommand], {
    print: (line) => void out.push(line),
    tell: (line) => void err.push(line),
    openDatabase: () => assert.fail("nothing was to be written"),
    openRecords: ({ database }) => openSqliteRecords(database),
    env: { SAYWHEN_DATABASE: file, ...env },
  });
  return { code, out, err: err.join("\n") };
}

describe("saywhen history", () => {
  it("shows when, who and what differs, the newest first, and nothing that a terminal obeys", async (t) => {
    const { file, choose } = await serving(t);
    await choose("opted-in");
    await choose("opted-out", "crm");
    await choose("opted-out", "J\u001b[31m\u202e");
    const { code, out, err } = await saywhen("history customer:1", file);
    assert.deepEqual([code, err], [0, ""]);
    assert.deepEqual(out, [
      "3  2026-03-03T14:05:03.000Z  preferences  by J\ufffd[31m\ufffd through crm  tracking id 12",
      "    nothing differs",
      "2  2026-03-03T14:05:02.000Z  preferences  by crm  tracking id 12",
      "    /Service Notification/Text/BPHONE: opted-in 2125550100 → opted-out 2125550100",
      "1  2026-03-03T14:05:01.000Z  preferences  by johnm through crm  tracking id 12",
      "    /Service Notification/Text/BPHONE: never-asked → opted-in 2125550100",
    ]);
    assert.deepEqual((await saywhen("history customer:1 --limit 1", file)).out, out.slice(0, 2));
  });

  it("shows the directory's changes among the others", async (t) => {
    const { file, employ } = await serving(t);
    await employ();
    assert.deepEqual((await saywhen("history user:5", file)).out, [
      "3  2026-03-03T14:05:01.000Z  directory  by crm",
      "    /email: nothing → pat@example.com",
      "    /id: nothing → 5",
      '    /name: nothing → {"firstname":"Pat"}',
      "    /organisation: nothing → 3",
    ]);
  });

  it("prints one JSON object a change a line, over all pages", async (t) => {
    const { file, choose } = await serving(t);
    for (let count = 0; count < 450; count += 1) await choose(count % 2 === 0 ? "opted-in" : "opted-out");
    const { code, out } = await saywhen("history customer:1 --json", file);
    const changes = out.map((line) => JSON.parse(line) as { position: number; differences: unknown[] });
    assert.deepEqual([code, changes.length], [0, 450]);
    assert.ok(
      changes.every(({ position, differences }, index) => position === 450 - index && differences.length === 1),
    );
    assert.equal((await saywhen("history customer:1 --json --limit 201", file)).out.length, 201);
  });

  it("says why it shows nothing", async (t) => {
    const { file, choose } = await serving(t);
    const unknown = await saywhen("history customer:1", file);
    assert.deepEqual([unknown.code, unknown.out], [1, []]);
    assert.match(unknown.err, /^Nothing is recorded about the subject\./);
    const missing = await saywhen("history customer:1", join(file, "..", "other.db"));
    assert.deepEqual([missing.code, /There is no database .*other\.db/.test(missing.err)], [1, true], missing.err);
    const wrong = [
      "",
      " customer",
      " customer:x",
      " customer:1 user:5",
      " customer:1 --limit 0",
      " customer:1 --limit",
      " customer:1 -x",
    ];
    for (const words of [
      ...wrong.map((each) => `history${each}`),
      ...wrong.map((each) => `show${each.replace("limit", "at")}`),
    ]) {
      const { code, out } = await saywhen(words, file);
      assert.deepEqual([code, out], [2, []], words);
    }
    await choose("opted-in");
    using db = new DatabaseSync(file);
    db.exec("UPDATE change SET body = replace(body, 'opted-in', 'opted-up') WHERE position = 1");
    for (const words of ["history customer:1", "show customer:1"]) {
      const damaged = await saywhen(words, file);
      assert.deepEqual([damaged.code, damaged.out], [1, []]);
      assert.match(damaged.err, /^The change at position 1 is damaged: .*saywhen verify/);
    }
  });
});

describe("saywhen show", () => {
  it("shows each choice with the change that made it, now and as of an instant", async (t) => {
    const { file, choose } = await serving(t);
    await choose("opted-in");
    await choose("opted-in");
    await choose("opted-out");
    const row = (...cells: [string, string, string]) =>
      `Service Notification  Text     BPHONE  ${cells[0].padEnd(9)}  ${cells[1]}  ${cells[2]}`;
    const head = "category              channel  type    state      address     since change";
    assert.deepEqual((await saywhen("show customer:1", file)).out, [
      "customer:1: its own, by change 3",
      head,
      row("opted-out", "2125550100", "3"),
    ]);
    assert.deepEqual((await saywhen("show customer:1 --at 2026-03-03T15:05:02.5+01:00", file)).out, [
      "customer:1: its own, by change 2",
      head.replace("state      ", "state     "),
      row("opted-in", "2125550100", "1").replace("opted-in ", "opted-in"),
    ]);
    assert.deepEqual((await saywhen("show customer:2", file)).out, [
      "customer:2: nothing was recorded",
      "category              channel  type    state        address  since change",
      "Service Notification  Text     BPHONE  never-asked",
    ]);
    assert.deepEqual(
      JSON.parse((await saywhen("show customer:1 --at 2026-03-03T14:05:02Z --json", file)).out[0] ?? ""),
      {
        subject: "customer:1",
        from: "own",
        change: 2,
        choices: [
          {
            category: "Service Notification",
            channel: "Text",
            type: "BPHONE",
            state: "opted-in",
            value: "2125550100",
            change: 1,
          },
        ],
      },
    );
    const local = await saywhen("show customer:1 --at 2026-03-03T14:05:02", file);
    assert.deepEqual(
      [local.code, local.err.startsWith("--at must be a date and a time with its offset")],
      [2, true],
      local.err,
    );
  });

  it("shows whose document counts for a user", async (t) => {
    const { file, employ } = await serving(t);
    await employ();
    assert.deepEqual((await saywhen("show user:5", file)).out, [
      "user:5: that of organisation:3, by change 2",
      "/frequency        Daily",
      '/nodes/Countries  ["Algeria","Belgium"]',
      '/modules/News     {"preference":"Off"}',
    ]);
    assert.deepEqual((await saywhen("show user:6", file)).out, ["user:6: nothing was recorded"]);
    const registered = await saywhen("show user:6", file, { SAYWHEN_SUBJECTS: "registered" });
    assert.deepEqual([registered.code, registered.err.startsWith("Nothing is recorded")], [1, true]);
    const { from } = JSON.parse((await saywhen("show user:5 --json", file)).out[0] ?? "") as { from: string };
    assert.equal(from, "organisation:3");
  });
});
