import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Selection } from "./customer-preferences.ts";
import { type Difference, differencesBetween, type SlotState } from "./differences.ts";
import type { EmailPreferences } from "./email-preferences.ts";
import { entryOf, preferencesOf } from "./stream.ts";
import { customer, organisation, user } from "./subject.ts";

const ofCustomer = preferencesOf(customer("1"));
const ofOrganisation = preferencesOf(organisation(3));

function selection(
  names: { category: string; channel?: string; type?: string },
  said: Partial<Selection> = {},
): Selection {
  return {
    category: names.category,
    channel: names.channel ?? "Text",
    choice: "opted-in",
    createdAt: "2026-01-01T00:00:00.000Z",
    createdBy: "Jo",
    modifiedAt: "2026-01-01T00:00:00.000Z",
    modifiedBy: "Jo",
    normal: "+12125550100",
    type: names.type ?? "BPHONE",
    value: "2125550100",
    ...said,
  };
}

describe("the differences of a customer's documents", () => {
  it("name slots, and tell never asked from no", () => {
    const before = { selections: [selection({ category: "A" }), selection({ category: "B" })] };
    const after = {
      selections: [
        selection({ category: "B" }, { choice: "opted-out" }),
        selection({ category: "C", channel: "Email", type: "BEMAIL" }, { value: "pat@example.com" }),
      ],
    };
    assert.deepEqual(differencesBetween(ofCustomer, before, after), [
      { path: "/A/Text/BPHONE", from: { state: "opted-in", value: "2125550100" }, to: { state: "never-asked" } },
      {
        path: "/B/Text/BPHONE",
        from: { state: "opted-in", value: "2125550100" },
        to: { state: "opted-out", value: "2125550100" },
      },
      { path: "/C/Email/BEMAIL", from: { state: "never-asked" }, to: { state: "opted-in", value: "pat@example.com" } },
    ]);
  });

  it("escape what a JSON Pointer keeps for itself", () => {
    const after = { selections: [selection({ category: "a/b~c" })] };
    assert.equal(differencesBetween(ofCustomer, undefined, after)[0]?.path, "/a~1b~0c/Text/BPHONE");
  });

  it("are none where only dates, the order or the form for comparing differ", () => {
    const one = selection({ category: "A" });
    const other = selection({ category: "B" });
    const later = { ...one, modifiedAt: "2026-02-02T00:00:00.000Z", modifiedBy: "Kim", normal: "+442125550100" };
    assert.deepEqual(differencesBetween(ofCustomer, { selections: [one, other] }, { selections: [other, later] }), []);
  });
});

describe("the differences of e-mail preferences", () => {
  it("name frequency, nodes, modules and alert services, and say null for nothing", () => {
    const before: EmailPreferences = {
      alertServices: [{ name: "ABC", preference: "On" }],
      frequency: "Daily",
      modules: [{ name: "News", preference: "Include" }],
      nodes: [{ labels: ["Algeria", "Benin"], node: "Countries" }],
    };
    const nodes = [
      { labels: ["Texas"], node: "States" },
      { labels: ["Benin"], node: "Countries" },
    ];
    const after: EmailPreferences = {
      alertServices: [],
      frequency: "Weekly",
      modules: [{ frequency: "Daily", name: "News", nodes, preference: "Custom" }],
      nodes: [{ labels: ["Benin", "Algeria"], node: "Countries" }],
    };
    assert.deepEqual(differencesBetween(ofOrganisation, before, after), [
      { path: "/frequency", from: "Daily", to: "Weekly" },
      { path: "/nodes/Countries", from: ["Algeria", "Benin"], to: ["Benin", "Algeria"] },
      {
        path: "/modules/News",
        from: { preference: "Include" },
        to: { preference: "Custom", frequency: "Daily", nodes: { Countries: ["Benin"], States: ["Texas"] } },
      },
      { path: "/alertServices/ABC", from: "On", to: null },
    ]);
  });

  it("tell a node without labels from none", () => {
    const empty: EmailPreferences = { alertServices: [], frequency: "Daily", modules: [], nodes: [] };
    const after = { ...empty, nodes: [{ labels: [], node: "Countries" }] };
    assert.deepEqual(differencesBetween(ofOrganisation, empty, after), [
      { path: "/nodes/Countries", from: null, to: [] },
    ]);
  });
});

it("the differences of a directory entry are told by member", () => {
  const before = { email: "pat@example.com", id: 5, organisation: 3 };
  const after = { email: "pat@example.com", id: 5, name: { firstname: "Pat" } };
  assert.deepEqual(differencesBetween(entryOf(user(5)), before, after), [
    { path: "/organisation", from: 3, to: null },
    { path: "/name", from: null, to: { firstname: "Pat" } },
  ]);
  assert.deepEqual(differencesBetween(entryOf(organisation(3)), undefined, { id: 3 }), [
    { path: "/id", from: null, to: 3 },
  ]);
});

const name = fc.oneof(
  fc.constantFrom("A", "B", "a/b", "~", "~1", "", "__proto__", "0", "1"),
  fc.string({ maxLength: 4 }),
);
const slot = fc.record({ category: name, channel: name, type: name });
const customerDocument = fc.record({
  selections: fc.uniqueArray(
    fc
      .tuple(slot, fc.constantFrom("opted-in" as const, "opted-out" as const), fc.constantFrom("1", "2"))
      .map(([names, choice, value]) => selection(names, { choice, value })),
    { maxLength: 6, selector: ({ category, channel, type }) => JSON.stringify([category, channel, type]) },
  ),
});
const nodes = fc.uniqueArray(fc.record({ labels: fc.array(name, { maxLength: 3 }), node: name }), {
  maxLength: 3,
  selector: ({ node }) => node,
});
const byName = { maxLength: 3, selector: (named: { name: string }) => named.name };
const preference = fc.constantFrom("Include" as const, "Off" as const, "Custom" as const);
const emailDocument: fc.Arbitrary<EmailPreferences> = fc.record({
  alertServices: fc.uniqueArray(
    fc.record({ name, preference: fc.constantFrom("On" as const, "Off" as const) }),
    byName,
  ),
  frequency: name,
  modules: fc.uniqueArray(
    fc.record({ name, preference, frequency: name, nodes }, { requiredKeys: ["name", "preference"] }),
    byName,
  ),
  nodes,
});

/** What a document says, as a map of its own making: from each path to what is printed for it. */
function applied(said: ReadonlyMap<string, unknown>, differences: readonly Difference[]): Map<string, unknown> {
  const result = new Map(said);
  for (const { path, from, to } of differences) {
    assert.deepEqual(result.get(path), isNothing(from) ? undefined : from);
    if (isNothing(to)) result.delete(path);
    else result.set(path, to);
  }
  return result;
}

function isNothing(said: unknown): boolean {
  return said === null || (said as SlotState).state === "never-asked";
}

/** What a document says, by the differences from nothing: the two differ exactly where the documents do. */
function said(stream: typeof ofCustomer | typeof ofOrganisation, document: unknown): Map<string, unknown> {
  return applied(new Map(), differencesBetween(stream, undefined, document));
}

describe("for all documents", () => {
  for (const [what, stream, documents] of [
    ["customers'", ofCustomer, customerDocument],
    ["organisations'", ofOrganisation, emailDocument],
  ] as const) {
    it(`${what}: the differences applied to the old give the new`, () => {
      fc.assert(
        fc.property(documents as fc.Arbitrary<unknown>, documents as fc.Arbitrary<unknown>, (before, after) => {
          const differences = differencesBetween(stream, before, after);
          const result = applied(said(stream, before), differences);
          const expected = said(stream, after);
          assert.deepEqual(result, expected);
          assert.ok(differences.every(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to)));
          assert.equal(new Set(differences.map(({ path }) => path)).size, differences.length);
          assert.ok(differences.every(({ path }) => /^(\/([^/~]|~[01])*)+$/su.test(path)));
        }),
      );
    });

    it(`${what}: a document says all that distinguishes it`, () => {
      fc.assert(
        fc.property(documents as fc.Arbitrary<unknown>, (document) => {
          assert.deepEqual(differencesBetween(stream, document, structuredClone(document)), []);
          assert.deepEqual(restored(stream, said(stream, document)), asCompared(stream, document));
        }),
      );
    });
  }
});

/** The document that these facts come from, as far as it is compared: the inverse of telling it piece by piece. */
function restored(stream: typeof ofCustomer | typeof ofOrganisation, facts: ReadonlyMap<string, unknown>): unknown {
  const pieces = [...facts].map(([path, fact]) => ({
    names: path
      .split("/")
      .slice(1)
      .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~")),
    fact,
  }));
  if (stream === ofCustomer) return pieces.map(({ names, fact }) => ({ names, ...(fact as SlotState) }));
  const under = (section: string) =>
    pieces.filter(({ names }) => names.length === 2 && names[0] === section).map(({ names, fact }) => [names[1], fact]);
  return {
    frequency: pieces.find(({ names }) => names.length === 1)?.fact,
    nodes: under("nodes"),
    modules: under("modules"),
    alertServices: under("alertServices"),
  };
}

function asCompared(stream: typeof ofCustomer | typeof ofOrganisation, document: unknown): unknown {
  if (stream === ofCustomer) {
    return (document as { selections: Selection[] }).selections.map(({ category, channel, type, choice, value }) => ({
      names: [category, channel, type],
      state: choice,
      value,
    }));
  }
  const { frequency, nodes: chosen, modules, alertServices } = document as EmailPreferences;
  const byNode = (list: EmailPreferences["nodes"]) =>
    Object.fromEntries(list.map(({ node, labels }) => [node, labels]));
  return {
    frequency,
    nodes: chosen.map(({ node, labels }) => [node, labels]),
    modules: modules.map(({ name: of, nodes: own, ...rest }) => [
      of,
      { ...rest, ...(own === undefined ? {} : { nodes: byNode(own) }) },
    ]),
    alertServices: alertServices.map((alert) => [alert.name, alert.preference]),
  };
}
