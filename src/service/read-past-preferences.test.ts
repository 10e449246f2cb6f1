import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import type { Catalogue } from "../domain/catalogue.ts";
import { type Change, type Draft, draft } from "../domain/change.ts";
import type { Selection } from "../domain/customer-preferences.ts";
import type { EmailPreferences } from "../domain/email-preferences.ts";
import { catalogueStream, entryOf, preferencesOf, streamsOf } from "../domain/stream.ts";
import { customer, organisation, user } from "../domain/subject.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { readCustomerChoices, readPreferencesInForce } from "./read-past-preferences.ts";
import type { Store } from "./store.ts";

const act = { actor: "Jo", client: "crm" };
const one = customer("1");
const start = Date.UTC(2026, 2, 3, 14, 5);

/** A store whose clock stands until it is moved. */
async function opened(t?: TestContext) {
  const time = { ms: start };
  const store = await openSqliteStore({ file: ":memory:", clock: () => time.ms });
  t?.after(() => store.close());
  return { store, time, [Symbol.asyncDispose]: () => store.close() };
}

async function write(store: Store, ...drafts: [Draft, ...Draft[]]): Promise<Change> {
  const result = await store.append({ reads: [], step: () => ({ append: drafts }) });
  assert.ok("changes" in result);
  return result.changes[0];
}

function catalogueOf(version: number, retired: readonly string[] = []): Catalogue {
  const word = (name: string) => ({ name, retired: retired.includes(name) });
  return {
    alertServices: [],
    categories: ["A", "B", ...(version > 2 ? ["C"] : [])].map((name) => ({
      enabled: true,
      essential: false,
      ...word(name),
    })),
    channels: ["Text", "Email"].map(word),
    frequencies: [],
    modules: [],
    nodes: [],
    timeZones: {},
    types: [
      { channels: ["Text"], kind: "phone", ...word("BPHONE") },
      { channels: version > 3 ? ["Text"] : ["Text", "Email"], kind: "phone", ...word("SPHONE") },
      { channels: ["Email"], kind: "email", ...word("BEMAIL") },
    ],
    version,
  };
}

type Slot = readonly [category: string, channel: string, type: string];
const slots: readonly Slot[] = [
  ["A", "Text", "BPHONE"],
  ["A", "Email", "SPHONE"],
  ["B", "Text", "SPHONE"],
  ["B", "Email", "BEMAIL"],
];

interface Held {
  readonly state: "opted-in" | "opted-out";
  readonly value: string;
  readonly change: number;
}

function selectionOf([category, channel, type]: Slot, { state, value }: Held): Selection {
  const at = "2026-01-01T00:00:00.000Z";
  const by = { createdAt: at, createdBy: "Jo", modifiedAt: at, modifiedBy: "Jo" };
  return { category, channel, type, choice: state, value, normal: value, ...by };
}

/** What is expected of a customer, by names and rules written out once more. */
function expectedChoices(catalogue: Catalogue | undefined, held: ReadonlyMap<Slot, Held>): unknown[] {
  const all = (catalogue?.categories ?? []).flatMap((category) =>
    (catalogue?.channels ?? []).flatMap((channel) =>
      (catalogue?.types ?? []).map((type) => {
        const slot = slots.find((names) => names.join() === [category.name, channel.name, type.name].join());
        const chosen = slot === undefined ? undefined : held.get(slot);
        const isOffered = [category, channel, type].every(({ retired }) => !retired);
        const names = { category: category.name, channel: channel.name, type: type.name };
        if (chosen !== undefined) return { ...names, ...chosen };
        return isOffered && type.channels.includes(channel.name) ? { ...names, state: "never-asked" } : undefined;
      }),
    ),
  );
  return all.filter((choice) => choice !== undefined);
}

const sets = fc.record({
  slot: fc.nat(slots.length - 1),
  state: fc.constantFrom("opted-in" as const, "opted-out" as const),
  value: fc.constantFrom("1", "2"),
});
const drops = fc.record({ drop: fc.nat(slots.length - 1) });
const applies = fc.record({ retire: fc.subarray(["A", "Text", "SPHONE"]) });
const step = fc.record({ act: fc.oneof({ weight: 4, arbitrary: sets }, drops, applies), wait: fc.nat(2) });

describe("what a customer had chosen at an instant", () => {
  it("is what every prefix of a history comes to, each choice with the change that made it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        await using made = await opened();
        const { store, time } = made;
        let catalogue: Catalogue | undefined;
        let held = new Map<Slot, Held>();
        let last: number | undefined;
        const known = new Map<number, unknown>([[start - 1, { subject: one, from: "none", choices: [] }]]);
        const expected = () => ({
          subject: one,
          ...(last === undefined ? { from: "none" } : { from: "own", change: last }),
          choices: expectedChoices(catalogue, held),
        });
        // A customer's choices come after the first catalogue, as they do in the service.
        const first = { act: { retire: [] }, wait: 0 };
        for (const [position, { act: done, wait }] of [first, ...steps].entries()) {
          time.ms += wait;
          if ("retire" in done) {
            catalogue = catalogueOf((catalogue?.version ?? 0) + 1, done.retire);
            await write(store, draft(act, "catalogue", catalogueStream, catalogue));
          } else {
            held = new Map(held);
            if ("drop" in done) held.delete(slots[done.drop] as Slot);
            else put(held, slots[done.slot] as Slot, { state: done.state, value: done.value, change: position });
            const selections = [...held].map(([slot, choice]) => selectionOf(slot, choice));
            last = (await write(store, draft(act, "preferences", preferencesOf(one), { selections }))).position;
          }
          known.set(time.ms, expected());
        }
        for (const [ms, reading] of known) assert.deepEqual(await readCustomerChoices(store, one, ms), reading);
        assert.deepEqual(await readCustomerChoices(store, one), expected());
        assert.deepEqual(await readCustomerChoices(store, one, time.ms + 1e12), expected());
      }),
      { numRuns: 60 },
    );
  });

  it("is traced back over more changes than are read at once", async (t) => {
    const { store } = await opened(t);
    await write(store, draft(act, "catalogue", catalogueStream, catalogueOf(1)));
    const [early, often] = slots as [Slot, Slot];
    for (let position = 1; position <= 320; position += 1) {
      const held = new Map([[early, { state: "opted-in" as const, value: "1", change: 1 }]]);
      if (position > 1) put(held, often, { state: "opted-out", value: String(position), change: position });
      const selections = [...held].map(([slot, choice]) => selectionOf(slot, choice));
      await write(store, draft(act, "preferences", preferencesOf(one), { selections }));
    }
    const { choices } = await readCustomerChoices(store, one);
    assert.deepEqual(
      choices.filter(({ change }) => change !== undefined).map(({ change }) => change),
      [1, 320],
    );
  });

  it("is nothing when it is erased while it is read", async (t) => {
    const { store } = await opened(t);
    await write(store, draft(act, "catalogue", catalogueStream, catalogueOf(1)));
    const choose = (value: string) => {
      const selections = [selectionOf(slots[0] as Slot, { state: "opted-in", value, change: 0 })];
      return draft(act, "preferences", preferencesOf(one), { selections });
    };
    for (let count = 0; count < 300; count += 1) await write(store, choose("1"));
    const reading = readCustomerChoices(store, one);
    const stay = draft(act, "directory", entryOf(organisation(9)), { id: 9 });
    await store.append({ reads: streamsOf(one), step: () => ({ append: [stay], erase: streamsOf(one) }) });
    assert.equal((await reading).from, "none");
  });
});

function put(held: Map<Slot, Held>, slot: Slot, wished: Held): void {
  const before = held.get(slot);
  if (before?.state !== wished.state || before.value !== wished.value) held.set(slot, wished);
}

function document(frequency: string): EmailPreferences {
  return { alertServices: [], frequency, modules: [], nodes: [] };
}

describe("what counted for a user at an instant", () => {
  it("is its own document, else that of the organisation it then had", async (t) => {
    const { store, time } = await opened(t);
    const reading = { records: store, subjects: "open" as const };
    const at = async (ms: number) => {
      const outcome = await readPreferencesInForce(reading, user(5), start + ms);
      assert.ok("value" in outcome);
      const { from, change, preferences } = outcome.value;
      return [from, change, preferences?.frequency];
    };
    const steps: Draft[] = [
      draft(act, "directory", entryOf(user(5)), { id: 5, organisation: 3 }),
      draft(act, "preferences", preferencesOf(organisation(3)), document("Daily")),
      draft(act, "preferences", preferencesOf(organisation(4)), document("Weekly")),
      draft(act, "directory", entryOf(user(5)), { id: 5, organisation: 4 }),
      draft(act, "preferences", preferencesOf(organisation(4)), document("Monthly")),
      draft(act, "preferences", preferencesOf(user(5)), document("Never")),
      draft(act, "directory", entryOf(user(5)), { id: 5 }),
    ];
    for (const [index, each] of steps.entries()) {
      time.ms = start + index;
      await write(store, each);
    }
    const expected = [
      ["none", undefined, undefined],
      ["none", undefined, undefined],
      ["organisation:3", 1, "Daily"],
      ["organisation:3", 1, "Daily"],
      ["organisation:4", 2, "Weekly"],
      ["organisation:4", 4, "Monthly"],
      ["own", 5, "Never"],
      ["own", 5, "Never"],
    ];
    for (const [index, counted] of expected.entries()) assert.deepEqual(await at(index - 1), counted, String(index));
  });

  it("is nobody's of one who is unknown, or not to be had where only registered subjects are served", async (t) => {
    const { store, time } = await opened(t);
    const open = { records: store, subjects: "open" as const };
    const registered = { records: store, subjects: "registered" as const };
    for (const subject of [user(5), organisation(5)]) {
      assert.deepEqual(await readPreferencesInForce(open, subject), { value: { subject, from: "none" } });
      const refused = await readPreferencesInForce(registered, subject);
      assert.deepEqual("rejected" in refused && refused.rejected.problem, "subject-unknown");
    }
    time.ms += 1000;
    await write(store, draft(act, "directory", entryOf(organisation(5)), { id: 5 }));
    assert.ok("value" in (await readPreferencesInForce(registered, organisation(5))));
    assert.ok("rejected" in (await readPreferencesInForce(registered, organisation(5), start)));
  });
});
