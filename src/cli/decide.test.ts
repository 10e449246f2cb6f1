import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { catalogueOf, smallCatalogue } from "../../test/support/own-api.ts";
import { temporaryFolder } from "../../test/support/service.ts";
import { loadCatalogue } from "../service/catalogue.ts";
import { recordCustomerPreferences } from "../service/record-customer-preferences.ts";
import { recordOrganisationPreferences } from "../service/record-email-preferences.ts";
import { suppressAddress } from "../service/suppress-address.ts";
import { openSqliteRecords } from "../storage/sqlite/open-records.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { decideCommand } from "./decide.ts";
import { run } from "./run.ts";

const act = { actor: "johnm", client: "crm" };

/** A store on a file with a customer and an organisation in it, open while commands read beside it. */
async function serving(test: TestContext) {
  const folder = temporaryFolder();
  const file = join(folder.path, "saywhen.db");
  const store = await openSqliteStore({ file });
  test.after(async () => {
    await store.close();
    folder[Symbol.dispose]();
  });
  const catalogue = await loadCatalogue(store, () => catalogueOf(smallCatalogue));
  const shared = { store, catalogue, continuation: undefined };
  const selections = [{ type: "BPHONE", value: "2125550100", choice: "opted-in" as const }];
  const preferences = [{ category: "Service Notification", channels: [{ name: "Text", selections }] }];
  const chosen = await recordCustomerPreferences({ ...shared, put: "merge" }, "1", { preferences }, act, {});
  assert.ok("value" in chosen);
  const wish = {
    frequency: "Daily",
    nodes: [{ node: "Countries", labels: ["Algeria"] }],
    modules: [{ name: "News", preference: "Include" }],
    alertServices: [],
  };
  const organisations = { ...shared, subjects: "open" as const };
  assert.ok("value" in (await recordOrganisationPreferences(organisations, 3, { wish, act, condition: {} })));
  const stop = () => suppressAddress(shared, { address: "2125550100", reason: "manual" }, act);
  return { file, stop };
}

/** Runs the command as somebody types it, and gives back what it wrote. */
async function decide(file: string, ...words: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(["decide", ...words], [decideCommand], {
    print: (line) => void out.push(line),
    tell: (line) => void err.push(line),
    env: { SAYWHEN_DATABASE: file },
    openRecords: async ({ database }) => openSqliteRecords(database),
    openDatabase: () => assert.fail("nothing is opened for writing"),
  });
  return { code, out, err: err.join("\n") };
}

const contact = ["customer:1", "--category", "Service Notification", "--channel", "Text"];

describe("saywhen decide", () => {
  it("answers beside whoever writes, with the reason, the addresses and the change", async (test) => {
    const { file, stop } = await serving(test);
    const sent = ["customer:1: send, opted-in; by change 1", "BPHONE  2125550100"];
    assert.deepEqual(await decide(file, ...contact), { code: 0, out: sent, err: "" });
    await stop();
    const withheld = ["customer:1: withhold, suppressed; by change 1"];
    assert.deepEqual((await decide(file, ...contact)).out, withheld);
    const past = await decide(file, ...contact, "--at", "2020-01-01T00:00:00Z");
    assert.deepEqual(past.out, ["customer:1: withhold, never-asked; nothing was recorded"]);
    const [text = ""] = (await decide(file, ...contact, "--json")).out;
    const selections = [
      { category: "Service Notification", type: "BPHONE", verdict: "withhold", reason: "suppressed" },
    ];
    const expected = { subject: "customer:1", verdict: "withhold", reason: "suppressed", change: 1, selections };
    assert.deepEqual(JSON.parse(text), expected);
  });

  it("answers for an item and its labels", async (test) => {
    const { file } = await serving(test);
    const item = ["organisation:3", "--module", "news", "--metadata", "Countries=Algeria"];
    assert.deepEqual((await decide(file, ...item)).out, ["organisation:3: send, matched; by change 3, Daily"]);
    const other = await decide(file, ...item.slice(0, 4), "Countries=Belgium");
    assert.deepEqual(other.out, ["organisation:3: withhold, metadata-mismatch; by change 3"]);
  });

  it("says everything that is wrong with what was asked", async (test) => {
    const { file } = await serving(test);
    const wrong = await decide(file, "user:5", "--category", "Offers", "--at", "yesterday");
    assert.equal(wrong.code, 1);
    for (const place of ["#/subject", "#/category", "#/channel", "#/at"]) assert.ok(wrong.err.includes(place), place);
    for (const words of [
      [],
      ["customer:1", "customer:2"],
      ["customer:1", "--colour"],
      ["user:5", "--module", "News", "--metadata", "x"],
    ]) {
      const { code, err } = await decide(file, ...words);
      assert.equal(code, 2);
      assert.match(err, /Usage/);
    }
  });
});
