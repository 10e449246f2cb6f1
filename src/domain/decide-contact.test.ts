import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type CatalogueWords, openCatalogue } from "./catalogue.ts";
import { checkCatalogue } from "./catalogue-check.ts";
import type { Selection } from "./customer-preferences.ts";
import { type ContactDecision, contactRules, decideContact, selectionRules } from "./decide-contact.ts";
import { rankOf } from "./rule.ts";
import { type AddressSuppressions, isSuppressed, suppress } from "./suppression.ts";

const categories = ["Notice", "Offer", "Recall", "Closed", "Gone"];
const channels = ["Text", "Voice", "Email"];
const types = ["BPHONE", "SPHONE", "OLDPHONE", "BEMAIL"];
const values: Readonly<Record<string, string>> = {
  "2125550100": "+12125550100",
  "+12125550100": "+12125550100",
  "+353861234567": "+353861234567",
  "1233454567": "+11233454567",
  "Pat@example.com": "pat@example.com",
};

function opened(version: number, offer: object): CatalogueWords {
  const checked = checkCatalogue({
    version,
    channels: ["Text", { name: "Voice", retired: version === 3 }, { name: "Email", timeZone: "Europe/Dublin" }],
    types: [
      { name: "BPHONE", channels: ["Text", "Voice"], kind: "phone" },
      { name: "SPHONE", channels: version === 1 ? ["Text", "Voice"] : ["Text"], kind: "phone" },
      { name: "OLDPHONE", channels: ["Text", "Voice"], kind: "phone", retired: true },
      { name: "BEMAIL", channels: ["Email"], kind: "email" },
    ],
    categories: [
      "Notice",
      { name: "Offer", ...offer },
      { name: "Recall", essential: true, expiresAfter: "P1D", quietHours: "00:00-23:59" },
      { name: "Closed", enabled: false, essential: true },
      { name: "Gone", retired: true },
    ],
    frequencies: ["Never"],
    timeZones: { US: ["America/New_York", "Pacific/Honolulu"] },
  });
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return openCatalogue(checked.catalogue);
}

/** What customers chose under one of these may be asked about under another. */
const catalogues = [
  opened(1, { expiresAfter: "P6M", quietHours: "21:00-08:00" }),
  opened(2, { expiresAfter: "P2Y", quietHours: { Text: "06:00-20:30" } }),
  opened(3, {}),
];

const now = Date.UTC(2026, 6, 1, 15);
const dayMs = 24 * 60 * 60 * 1000;

const selection: fc.Arbitrary<Selection> = fc
  .record({
    category: fc.constantFrom(...categories, "Unheard of"),
    channel: fc.constantFrom(...channels, "Unheard of"),
    choice: fc.constantFrom("opted-in", "opted-in", "opted-out"),
    modified: fc.integer({ min: now - 800 * dayMs, max: now }),
    type: fc.constantFrom(...types, "UNHEARD"),
    isUnconfirmed: fc.integer({ min: 0, max: 5 }).map((number) => number === 0),
    value: fc.constantFrom(...Object.keys(values)),
  })
  .map(({ modified, isUnconfirmed, ...said }) => {
    const at = new Date(modified).toISOString();
    const by = { createdAt: at, createdBy: "Jo", modifiedAt: at, modifiedBy: "Jo" };
    return { ...said, ...by, normal: values[said.value] ?? "", ...(isUnconfirmed && { unconfirmed: true as const }) };
  });

interface Stop {
  readonly address: string;
  readonly channel?: string;
}

const stop: fc.Arbitrary<Stop> = fc
  .record({ address: fc.constantFrom(...Object.values(values)), channel: fc.constantFrom(...channels, undefined) })
  .map(({ address, channel }) => ({ address, ...(channel !== undefined && { channel }) }));

interface State {
  readonly selections: readonly Selection[];
  readonly stops: readonly Stop[];
  readonly words: CatalogueWords;
  readonly category: string;
  readonly channel: string;
  readonly at: number;
}

const state: fc.Arbitrary<State> = fc.record({
  selections: fc.uniqueArray(selection, {
    selector: ({ category, channel, type }) => `${category}/${channel}/${type}`,
    maxLength: 12,
  }),
  stops: fc.array(stop, { maxLength: 2 }),
  words: fc.constantFrom(...catalogues),
  category: fc.constantFrom(...categories),
  channel: fc.constantFrom(...channels),
  at: fc.integer({ min: now - 300 * dayMs, max: now + 900 * dayMs }),
});

function stopped(stops: readonly Stop[]): ReadonlyMap<string, AddressSuppressions> {
  const byAddress = new Map<string, AddressSuppressions>();
  for (const wish of stops) {
    const at = new Date(now).toISOString();
    byAddress.set(wish.address, suppress(byAddress.get(wish.address), { ...wish, reason: "manual" }, at).document);
  }
  return byAddress;
}

function decide({ selections, stops, words, category, channel, at }: State): ContactDecision {
  const [asked, over] = [words.categories.get(category), words.channels.get(channel)];
  assert.ok(asked !== undefined && over !== undefined);
  const byAddress = stopped(stops);
  return decideContact(
    { about: "contact", category: asked, channel: over },
    {
      words,
      preferences: { document: { selections }, position: 7 },
      suppressionsOf: (normal) => byAddress.get(normal),
      at,
    },
  );
}

/** Addresses as they are compared. */
function reached({ addresses }: ContactDecision): string[] {
  return addresses.map(({ value }) => values[value] ?? "");
}

describe("for any customer, catalogue, suppressions and instant", () => {
  const forAny = (check: (given: State) => void) => fc.assert(fc.property(state, check), { numRuns: 400 });

  it("there is a decision, by a rule, with the verdict of that rule", () => {
    const rules = [...contactRules, ...selectionRules];
    forAny((given) => {
      const { verdict, reason, addresses, change, notBefore } = decide(given);
      assert.equal(rules.find((rule) => rule.reason === reason)?.verdict, verdict);
      assert.equal(addresses.length === 0, verdict === "withhold");
      assert.equal(notBefore !== undefined, verdict === "defer");
      assert.ok(notBefore === undefined || notBefore > given.at);
      assert.equal(change, 7);
    });
  });

  it("a suppression never makes anything better (law 5)", () => {
    fc.assert(
      fc.property(state, stop, (given, more) => {
        const [before, after] = [decide(given), decide({ ...given, stops: [...given.stops, more] })];
        assert.ok(rankOf(after.verdict) >= rankOf(before.verdict), `${before.reason} became ${after.reason}`);
        assert.deepEqual(before.verdict === after.verdict ? withoutThose(reached(after), reached(before)) : [], []);
      }),
      { numRuns: 400 },
    );
  });

  it("turning a selection to opted-out never makes anything better (law 5)", () => {
    fc.assert(
      fc.property(state, fc.nat(), (given, which) => {
        const place = given.selections.length === 0 ? -1 : which % given.selections.length;
        const modifiedAt = new Date(now).toISOString();
        const selections = given.selections.map((one, index) =>
          index === place ? { ...one, choice: "opted-out" as const, modifiedAt } : one,
        );
        const [before, after] = [decide(given), decide({ ...given, selections })];
        assert.ok(rankOf(after.verdict) >= rankOf(before.verdict), `${before.reason} became ${after.reason}`);
        assert.deepEqual(before.verdict === after.verdict ? withoutThose(reached(after), reached(before)) : [], []);
      }),
      { numRuns: 400 },
    );
  });

  it("no suppressed address is in any answer, none twice, and none that says no, unless the category is essential", () => {
    forAny((given) => {
      const addresses = reached(decide(given));
      const byAddress = stopped(given.stops);
      assert.equal(new Set(addresses).size, addresses.length);
      for (const address of addresses) {
        assert.ok(!isSuppressed(byAddress.get(address), given.channel));
        const asked = given.selections.filter(
          ({ category, channel, normal }) =>
            category === given.category && channel === given.channel && normal === address,
        );
        const saysNo = asked.some(({ choice }) => choice === "opted-out");
        assert.ok(!saysNo || given.category === "Recall", `${address} says no`);
      }
    });
  });

  it("yes, no and never asked are told apart (law 2)", () => {
    forAny((given) => {
      const { reason, selections } = decide(given);
      if (given.category !== "Notice" || (given.channel === "Voice" && given.words.version === 3)) return;
      const asked = given.selections.filter(
        ({ category, channel }) => category === "Notice" && channel === given.channel,
      );
      assert.equal(reason === "never-asked", asked.length === 0);
      assert.equal(selections.length, asked.length);
      if (reason === "opted-in") assert.ok(asked.some(({ choice }) => choice === "opted-in"));
      if (reason === "opted-out") assert.ok(asked.some(({ choice }) => choice === "opted-out"));
    });
  });

  it("the verdict is the best of the selections', the reason the first in the order of the rules that gave it", () => {
    const order = selectionRules.map(({ reason }) => reason);
    forAny((given) => {
      const { verdict, reason, notBefore, selections } = decide(given);
      if (selections.length === 0) return;
      const best = selections.filter((one) => one.verdict === verdict);
      assert.equal(rankOf(verdict), Math.min(...selections.map((one) => rankOf(one.verdict))));
      assert.equal(order.indexOf(reason), Math.min(...best.map((one) => order.indexOf(one.reason))));
      if (verdict === "defer") assert.equal(notBefore, Math.min(...best.map((one) => one.notBefore ?? Number.NaN)));
    });
  });

  it("what is deferred is not deferred any more at the instant that it is deferred to", () => {
    forAny((given) => {
      const { verdict, notBefore } = decide(given);
      if (verdict !== "defer" || notBefore === undefined) return;
      const then = decide({ ...given, at: notBefore });
      assert.notEqual(then.verdict, "defer");
      assert.equal(decide({ ...given, at: notBefore - 1 }).verdict === "send", false);
    });
  });

  it("a consent that has expired does not come back by waiting", () => {
    fc.assert(
      fc.property(state, fc.integer({ min: 0, max: 2000 * dayMs }), (given, wait) => {
        const before = decide(given);
        if (before.reason !== "expired") return;
        assert.equal(decide({ ...given, at: given.at + wait }).verdict, "withhold");
      }),
    );
  });

  it("the order in which the choices came does not decide", () => {
    forAny((given) => {
      const backwards = decide({ ...given, selections: given.selections.toReversed() });
      const forwards = decide(given);
      assert.deepEqual([backwards.verdict, backwards.reason], [forwards.verdict, forwards.reason]);
      assert.deepEqual(reached(backwards).toSorted(), reached(forwards).toSorted());
      assert.equal(backwards.notBefore, forwards.notBefore);
    });
  });
});

it("a customer of whom nothing is recorded was never asked", () => {
  const words = opened(1, {});
  const [category, channel] = [words.categories.get("Notice"), words.channels.get("Text")];
  assert.ok(category !== undefined && channel !== undefined);
  const facts = { words, suppressionsOf: () => undefined, at: now };
  assert.deepEqual(decideContact({ about: "contact", category, channel }, facts), {
    verdict: "withhold",
    reason: "never-asked",
    addresses: [],
    selections: [],
  });
});

it("every rule has a name of its own", () => {
  const names = [...contactRules, ...selectionRules].map(({ reason }) => reason);
  assert.equal(new Set(names).size, names.length);
});

function withoutThose(some: readonly string[], others: readonly string[]): string[] {
  return some.filter((one) => !others.includes(one));
}
