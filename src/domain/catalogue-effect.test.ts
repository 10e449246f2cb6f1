import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type CatalogueWords, openCatalogue } from "./catalogue.ts";
import { checkCatalogue } from "./catalogue-check.ts";
import { changesBetween, type Shift, shiftOf } from "./catalogue-effect.ts";
import { replaceCatalogue } from "./catalogue-names.ts";
import type { Selection } from "./customer-preferences.ts";
import { type ContactFacts, decideContact } from "./decide-contact.ts";
import type { EmailPreferences } from "./email-preferences.ts";
import type { Verdict } from "./rule.ts";
import { type AddressSuppressions, suppress } from "./suppression.ts";

const now = Date.UTC(2026, 6, 1, 15);
const dayMs = 24 * 60 * 60 * 1000;

function opened(catalogue: object): CatalogueWords {
  const checked = checkCatalogue(catalogue);
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return openCatalogue(checked.catalogue);
}

const channels = ["Text", "Voice", "Email"];
const categories = ["Notice", "Offer", "Recall"];
const types = ["BPHONE", "SPHONE", "BEMAIL"];
const values = ["+12125550100", "+353861234567", "pat@example.com"];
const rarely = fc.integer({ min: 0, max: 5 }).map((number) => number === 0);
const hours = fc.constantFrom("21:00-08:00", "10:00-16:30");

const channel = (name: string) =>
  fc.record(
    { name: fc.constant(name), retired: rarely, timeZone: fc.constantFrom("Europe/Dublin", "America/Chicago") },
    { requiredKeys: ["name"] },
  );
const type = (name: string) =>
  fc.record({
    name: fc.constant(name),
    retired: rarely,
    channels: fc.subarray(channels, { minLength: 2 }),
    kind: fc.constant("phone"),
  });
const category = (name: string) =>
  fc.record(
    {
      name: fc.constant(name),
      retired: rarely,
      enabled: rarely.map((isRare) => !isRare),
      essential: rarely,
      expiresAfter: fc.constantFrom("P6M", "P1Y", "P12M"),
      quietHours: fc.oneof(hours, fc.dictionary(fc.constantFrom(...channels), hours)),
    },
    { requiredKeys: ["name"] },
  );

/** What customers may choose; the next one may have more. */
function contacts(version: number, more: { channels: string[]; types: string[]; categories: string[] }) {
  return fc
    .record({
      version: fc.constant(version),
      channels: fc.tuple(...[...channels, ...more.channels].map(channel)),
      types: fc.tuple(...[...types, ...more.types].map(type)),
      categories: fc.tuple(...[...categories, ...more.categories].map(category)),
      frequencies: fc.constant(["Never"]),
      timeZones: fc.constantFrom({}, { US: ["America/New_York"] }, { US: ["America/New_York", "Pacific/Honolulu"] }),
    })
    .map(opened);
}

const current = contacts(1, { channels: [], types: [], categories: [] });
const next = contacts(2, { channels: ["Fax"], types: ["MPHONE"], categories: ["Alarm"] });

const selection: fc.Arbitrary<Selection> = fc
  .record({
    category: fc.constantFrom(...categories),
    channel: fc.constantFrom(...channels),
    choice: fc.constantFrom("opted-in", "opted-in", "opted-out"),
    days: fc.integer({ min: 0, max: 500 }),
    type: fc.constantFrom(...types),
    value: fc.constantFrom(...values),
  })
  .map(({ days, ...said }) => {
    const at = new Date(now - days * dayMs).toISOString();
    return { ...said, createdAt: at, createdBy: "Jo", modifiedAt: at, modifiedBy: "Jo", normal: said.value };
  });

const facts: fc.Arbitrary<Omit<ContactFacts, "words">> = fc
  .record({
    selections: fc.uniqueArray(selection, {
      selector: (one) => `${one.category}/${one.channel}/${one.type}`,
      maxLength: 8,
    }),
    stopped: fc.option(fc.record({ value: fc.constantFrom(...values), channel: fc.constantFrom(...channels) })),
    hour: fc.nat(23),
  })
  .map(({ selections, stopped, hour }) => {
    const stop = (): AddressSuppressions =>
      suppress(undefined, { reason: "manual", ...(stopped && { channel: stopped.channel }) }, "").document;
    return {
      preferences: { document: { selections }, position: 7 },
      suppressionsOf: (normal) => (normal === stopped?.value ? stop() : undefined),
      at: now + hour * 60 * 60 * 1000,
    };
  });

/** What the rules say of a cell under a catalogue; where it has none, nobody receives anything. */
function verdict(words: CatalogueWords, cell: readonly [string, string], given: Omit<ContactFacts, "words">): Verdict {
  const [about, over] = [words.categories.get(cell[0]), words.channels.get(cell[1])];
  if (about === undefined || over === undefined) return "withhold";
  return decideContact({ about: "contact", category: about, channel: over }, { ...given, words }).verdict;
}

const expected: Readonly<Record<string, Shift>> = {
  "withhold send": "begin",
  "withhold defer": "begin",
  "send withhold": "cease",
  "defer withhold": "cease",
  "send defer": "later",
  "defer send": "sooner",
};

describe("another catalogue's effect on a customer", () => {
  it("is what the rules say of every category on every channel, under the one and under the other", () => {
    let count = 0;
    fc.assert(
      fc.property(current, next, facts, (before, after, given) => {
        assert.deepEqual(replaceCatalogue(before.catalogue, after.catalogue), { faults: [], removed: [] });
        const asked = [...after.categories.keys()].flatMap((one) =>
          [...after.channels.keys()].map((other) => [one, other] as const),
        );
        const told = asked.flatMap((cell) => {
          const shift = expected[`${verdict(before, cell, given)} ${verdict(after, cell, given)}`];
          return shift === undefined ? [] : [`${cell.join(" ")} ${shift}`];
        });
        const selections = given.preferences?.document.selections ?? [];
        const found = [...changesBetween(before, after).cellsFor(selections)].flatMap((cell) => {
          const shift = shiftOf(cell, given);
          return shift === undefined ? [] : [`${cell.category} ${cell.channel} ${shift}`];
        });
        assert.deepEqual(found.toSorted(), told.toSorted());
        count += told.length;
      }),
      { numRuns: 500 },
    );
    assert.ok(count > 500, "hardly anything changes for anybody");
  });

  it("is looked for only where the rules differ", () => {
    fc.assert(
      fc.property(current, (words) => {
        const later = opened({ ...words.catalogue, version: 2, modules: ["News"] });
        assert.deepEqual(changesBetween(words, later).cells, []);
      }),
    );
    const small = { version: 1, channels: ["Text", "Email"], frequencies: ["Never"], categories: ["Notice", "Offer"] };
    const cellsOf = (given: object) =>
      changesBetween(opened(small), opened({ ...small, ...given })).cells.map(
        (one) => `${one.category} ${one.channel}`,
      );
    assert.deepEqual(cellsOf({ categories: ["Notice", { name: "Offer", enabled: false }] }), [
      "Offer Text",
      "Offer Email",
    ]);
    assert.deepEqual(cellsOf({ categories: ["Notice", { name: "Offer", quietHours: { Text: "21:00-08:00" } }] }), [
      "Offer Text",
    ]);
    assert.deepEqual(cellsOf({ channels: ["Text", { name: "Email", retired: true }] }), [
      "Notice Email",
      "Offer Email",
    ]);
    assert.deepEqual(cellsOf({ categories: ["Notice", "Offer", "Alarm"], channels: ["Text", "Email", "Fax"] }), []);
    assert.deepEqual(
      cellsOf({
        timeZones: { IE: ["Europe/Dublin"] },
        channels: [{ name: "Text", timeZone: "Europe/Dublin" }, "Email"],
      }),
      [],
    );
    assert.deepEqual(cellsOf({ categories: ["Notice", "Offer", { name: "Alarm", essential: true }] }), [
      "Alarm Text",
      "Alarm Email",
    ]);
  });
});

describe("another catalogue's effect on content", () => {
  const words = (isRetired: boolean) =>
    opened({
      version: isRetired ? 2 : 1,
      frequencies: ["Never", { name: "Daily", retired: isRetired }],
      nodes: [{ name: "Places", retired: !isRetired, labels: ["North", { name: "News", retired: isRetired }] }],
      modules: [
        { name: "News", retired: isRetired },
        { name: "Events", retired: true },
        ...(isRetired ? [{ name: "Late", retired: true }] : []),
      ],
      alertServices: [{ name: "News", retired: isRetired }],
    });
  const named = (names: readonly { readonly list: string; readonly node?: string; readonly name: string }[]) =>
    names.map(({ list, node = "", name }) => `${list} ${node} ${name}`);

  it("is the names that are retired or offered again, and not those that are new", () => {
    const { names, cells } = changesBetween(words(false), words(true));
    assert.deepEqual(cells, []);
    assert.deepEqual(names, [
      { list: "frequencies", name: "Daily", retired: true },
      { list: "nodes", name: "Places", retired: false },
      { list: "nodes", node: "Places", name: "News", retired: true },
      { list: "modules", name: "News", retired: true },
      { list: "alertServices", name: "News", retired: true },
    ]);
  });

  it("concerns the documents that mention such a name, each name in its own list", () => {
    const changes = changesBetween(words(false), words(true));
    const none: EmailPreferences = { alertServices: [], frequency: "Never", modules: [], nodes: [] };
    const nodes = [{ node: "Places", labels: ["North"] }];
    assert.deepEqual(changes.namesIn(none), []);
    assert.deepEqual(named(changes.namesIn({ ...none, modules: [{ name: "News", preference: "Off" }] })), [
      "modules  News",
    ]);
    assert.deepEqual(named(changes.namesIn({ ...none, nodes })), ["nodes  Places"]);
    const custom = {
      name: "Events",
      preference: "Custom",
      frequency: "Daily",
      nodes: [{ node: "Places", labels: ["News"] }],
    } as const;
    assert.deepEqual(named(changes.namesIn({ ...none, modules: [custom] })), [
      "frequencies  Daily",
      "nodes  Places",
      "nodes Places News",
    ]);
    assert.deepEqual(named(changes.namesIn({ ...none, alertServices: [{ name: "News", preference: "On" }] })), [
      "alertServices  News",
    ]);
  });
});
