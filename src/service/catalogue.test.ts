import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Catalogue, CatalogueWords } from "../domain/catalogue.ts";
import { checkCatalogue } from "../domain/catalogue-check.ts";
import type { Act } from "../domain/change.ts";
import { catalogueStream } from "../domain/stream.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { applyCatalogue, type CatalogueInForce, loadCatalogue, readCatalogue } from "./catalogue.ts";
import { readCustomerPreferences } from "./read-customer-preferences.ts";
import { readOrganisationPreferences, readUserPreferences } from "./read-email-preferences.ts";
import { faultsOfCustomerWish, recordCustomerPreferences } from "./record-customer-preferences.ts";
import {
  faultsOfOrganisationWish,
  faultsOfUserWish,
  recordOrganisationPreferences,
} from "./record-email-preferences.ts";
import type { Store } from "./store.ts";

const act: Act = { actor: "ann", client: "admin" };
const first = {
  version: 1,
  channels: ["Text"],
  types: [{ name: "BPHONE", channels: ["Text"], kind: "phone" }],
  categories: ["Service Notification", "Service Exception"],
  frequencies: ["Daily", "Never"],
  modules: ["Publications", "Events"],
};
const second = { ...first, version: 2, modules: ["Publications", { name: "Events", retired: true }] };

function catalogueOf(value: unknown): Catalogue {
  const checked = checkCatalogue(value);
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return checked.catalogue;
}

async function opened(t: TestContext): Promise<{ store: Store; inForce: CatalogueInForce }> {
  const store = await openSqliteStore({ file: ":memory:" });
  t.after(() => store.close());
  return { store, inForce: await loadCatalogue(store, () => catalogueOf(first)) };
}

/** The words in force in this process. */
function wordsOf(inForce: CatalogueInForce): CatalogueWords {
  return inForce.at(inForce.change);
}

async function newestVersion(store: Store): Promise<unknown> {
  const [newest] = await store.newest([catalogueStream]);
  return [newest?.position, newest?.document.version];
}

/** Two customers who use a category and a channel, and five organisations who use a module. */
async function fill(store: Store, catalogue: CatalogueInForce): Promise<void> {
  const customers = { store, catalogue, continuation: undefined, put: "merge" as const };
  const selections = [{ type: "BPHONE", value: "7135550100", choice: "opted-in" as const }];
  const preferences = [{ category: "Service Exception", channels: [{ name: "Text", selections }] }];
  for (const id of ["007", "12"]) {
    const outcome = await recordCustomerPreferences(customers, id, { preferences }, act, {});
    assert.ok("value" in outcome);
  }
  const wish = {
    frequency: "Daily",
    nodes: [],
    modules: [{ name: "Events", preference: "Include" }],
    alertServices: [],
  };
  const organisations = { store, catalogue, continuation: undefined, subjects: "open" as const };
  for (const id of [1, 2, 3, 4, 5]) {
    const request = { wish, act, condition: {} };
    const outcome = await recordOrganisationPreferences(organisations, id, request);
    assert.ok("value" in outcome);
  }
}

test("the first start records the catalogue of the file as the first change", async (t) => {
  const { store, inForce } = await opened(t);
  const [recorded] = await store.newest([catalogueStream]);
  assert.deepEqual(recorded?.document, catalogueOf(first));
  assert.deepEqual([recorded?.position, recorded?.kind, recorded?.actor], [0, "catalogue", "saywhen"]);
  assert.deepEqual(inForce.change, recorded);
  assert.equal(wordsOf(inForce).version, 1);
});

test("later starts do not even read the file", async (t) => {
  const { store } = await opened(t);
  const inForce = await loadCatalogue(store, () => assert.fail("the file is read"));
  assert.equal(wordsOf(inForce).version, 1);
  assert.deepEqual(await newestVersion(store), [0, 1]);
});

test("of two first starts on one store, the first one's catalogue counts for both", async (t) => {
  const store = await openSqliteStore({ file: ":memory:" });
  t.after(() => store.close());
  const both = await Promise.all([first, second].map((one) => loadCatalogue(store, () => catalogueOf(one))));
  assert.deepEqual(
    both.map((inForce) => wordsOf(inForce).version),
    [1, 1],
  );
});

test("a greater version takes the place of the one in force, at once", async (t) => {
  const { store, inForce } = await opened(t);
  const outcome = await applyCatalogue(store, inForce, second, act);
  assert.ok("value" in outcome);
  assert.deepEqual([outcome.value.position, outcome.value.actor, outcome.value.previous], [1, "ann", 0]);
  assert.equal(inForce.change.position, 1);
  assert.equal(wordsOf(inForce).modules.find("Events")?.retired, true);
  assert.deepEqual(await newestVersion(store), [1, 2]);
});

test("the catalogue in force, applied again, is taken and changes nothing", async (t) => {
  const { store, inForce } = await opened(t);
  const outcome = await applyCatalogue(store, inForce, { ...first, alertServices: [] }, act);
  assert.deepEqual(outcome, { value: inForce.change });
  assert.deepEqual(await newestVersion(store), [0, 1]);
});

test("what is no catalogue is refused with every fault, and the one in force stays", async (t) => {
  const { store, inForce } = await opened(t);
  const outcome = await applyCatalogue(store, inForce, { version: 2, colours: [] }, act);
  assert.ok("rejected" in outcome);
  assert.equal(outcome.rejected.problem, "catalogue-invalid");
  assert.equal(outcome.rejected.faults.length, 2);
  assert.deepEqual([wordsOf(inForce).version, await newestVersion(store)], [1, [0, 1]]);
});

test("a version that is not greater is refused", async (t) => {
  const { store, inForce } = await opened(t);
  const outcome = await applyCatalogue(store, inForce, { ...second, version: 1 }, act);
  assert.ok("rejected" in outcome);
  assert.equal(outcome.rejected.problem, "catalogue-conflict");
  assert.deepEqual(
    outcome.rejected.faults.map(({ path }) => path),
    [["version"]],
  );
});

test("of administrators who start from one version, one wins and the others are told", async (t) => {
  const { store, inForce } = await opened(t);
  const wishes = ["News", "Letters", "Offers"].map((name) => ({
    ...first,
    version: 2,
    modules: [...first.modules, name],
  }));
  const outcomes = await Promise.all(wishes.map((wish) => applyCatalogue(store, inForce, wish, act)));
  assert.deepEqual(
    outcomes.map((outcome) => "value" in outcome),
    [true, false, false],
  );
  assert.equal(wordsOf(inForce).modules.find("News")?.name, "News");
});

test("a removal is refused and says who uses the name: how many, and the first three", async (t) => {
  const { store, inForce } = await opened(t);
  await fill(store, inForce);
  const next = {
    ...second,
    categories: ["Service Foo"],
    frequencies: ["Never"],
    modules: ["Publications"],
    types: [{ name: "SPHONE", channels: ["Text"], kind: "phone" }],
  };
  const outcome = await applyCatalogue(store, inForce, next, act);
  assert.ok("rejected" in outcome);
  assert.equal(outcome.rejected.problem, "catalogue-conflict");
  const says = (name: string, uses: string) =>
    `${JSON.stringify(name)} is gone; names are never removed, so write "retired: true" instead (${uses})`;
  const organisations = "5 subjects use it: organisation:1, organisation:2, organisation:3, …";
  assert.deepEqual(
    outcome.rejected.faults.map(({ path, message }) => [path, message]),
    [
      [["types"], says("BPHONE", "2 subjects use it: customer:007, customer:12")],
      [["categories"], says("Service Notification", "nobody uses it now")],
      [["categories"], says("Service Exception", "2 subjects use it: customer:007, customer:12")],
      [["frequencies"], says("Daily", organisations)],
      [["modules"], says("Events", organisations)],
    ],
  );
  assert.equal(wordsOf(inForce).version, 1);
});

test("a change that arrives late does not put an older catalogue in force again", async (t) => {
  const { store, inForce } = await opened(t);
  const old = inForce.change;
  await applyCatalogue(store, inForce, second, act);
  inForce.adopt(old);
  assert.equal(wordsOf(inForce).version, 2);
});

/** Two nodes over one log: each with what it has in memory. */
async function openedTwice(t: TestContext) {
  const { store, inForce } = await opened(t);
  const other = await loadCatalogue(store, () => assert.fail("the file is read"));
  return { store, here: inForce, there: other };
}

test("what another node has put in force counts here at once, for reads, refusals and conditions", async (t) => {
  const { store, here, there } = await openedTwice(t);
  const customers = { store, catalogue: there, continuation: undefined, put: "merge" as const };
  const organisations = { store, catalogue: there, continuation: undefined, subjects: "open" as const };
  const next = {
    ...first,
    version: 2,
    categories: [...first.categories, "Offers"],
    modules: [...first.modules, "News"],
  };
  const before = await readCustomerPreferences(customers, "1");
  assert.ok("value" in (await applyCatalogue(store, here, next, act)));

  const selections = [{ type: "BPHONE", value: "7135550100", choice: "opted-in" as const }];
  const wish = { preferences: [{ category: "Offers", channels: [{ name: "Text", selections }] }] };
  const stale = await recordCustomerPreferences(customers, "1", wish, act, { match: [before.version] });
  assert.equal("rejected" in stale && stale.rejected.problem, "precondition-failed");
  assert.deepEqual(await faultsOfCustomerWish(customers, "1", wish), []);
  const chosen = {
    frequency: "Daily",
    nodes: [],
    modules: [{ name: "News", preference: "Include" }],
    alertServices: [],
  };
  assert.deepEqual(await faultsOfOrganisationWish(organisations, 1, { wish: chosen }), []);
  assert.deepEqual(await faultsOfUserWish(organisations, { id: 1 }, { wish: chosen }), []);
  assert.deepEqual(await faultsOfUserWish(organisations, { email: "a@example.com" }, { wish: chosen }), []);
  assert.equal(there.change.document.version, 2, "whoever reads it puts it in force");

  const { version, words } = await readCustomerPreferences(customers, "1");
  assert.deepEqual([version, words.version], ["none.2", 2]);
  const outcome = await recordCustomerPreferences(customers, "1", wish, act, { match: [version] });
  assert.ok("value" in outcome);
  const user = await readUserPreferences(organisations, { id: 1 });
  assert.equal("value" in user && user.value.version, "none.2");
  const organisation = await readOrganisationPreferences(organisations, 1);
  assert.equal("value" in organisation && organisation.value.version, "none.2");
  assert.deepEqual(await readCatalogue(store, there), here.change);
});

test("the catalogue is opened once a version, whether it is read or written under", async (t) => {
  const { store, here, there } = await openedTwice(t);
  assert.ok("value" in (await applyCatalogue(store, here, second, act)));
  const seen = new Set<CatalogueWords>();
  for (let round = 0; round < 3; round += 1) {
    await store.append({
      reads: [catalogueStream],
      step: (newest) => {
        seen.add(there.wordsAt(newest));
        return { refuse: undefined };
      },
    });
  }
  for (let round = 0; round < 3; round += 1) seen.add(there.at((await store.newest([catalogueStream]))[0]));
  assert.deepEqual(
    [...seen].map(({ version }) => version),
    [2],
  );
});

test("a read that was overtaken by a newer catalogue goes by the one that it has read", async (t) => {
  const { store, inForce } = await opened(t);
  const old = inForce.change;
  await applyCatalogue(store, inForce, second, act);
  assert.deepEqual([inForce.at(old).version, wordsOf(inForce).version], [1, 2]);
});

test("another catalogue in the very place of the one in force counts: the database was set back, and went on", async (t) => {
  const { store, inForce } = await opened(t);
  const other = await opened(t);
  const [before] = await store.newest([catalogueStream]);
  const [again] = await other.store.newest([catalogueStream]);
  assert.ok(before !== undefined && again !== undefined);
  const elsewhere = { ...again, document: catalogueOf({ ...first, version: 7 }) };
  assert.equal(inForce.at(elsewhere).version, 7);
  assert.equal(wordsOf(inForce).version, 7);
  assert.equal(inForce.at(before).version, 1);
});
