import assert from "node:assert/strict";
import { test } from "node:test";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { type CatalogueWords, openCatalogue } from "./catalogue.ts";
import { checkCatalogue } from "./catalogue-check.ts";
import { type EmailPreferences, type EmailWish, settleEmailWish } from "./email-preferences.ts";

const nodes = [
  { name: "Countries", labels: ["Algeria", "Angola", "Côte d'Ivoire"] },
  { name: "American States", labels: ["Alabama", "Georgia"] },
];
const fullCatalogue = {
  version: 1,
  frequencies: ["Daily", "Weekly", "Never"],
  nodes,
  modules: ["Publications", "Events", "News"],
  alertServices: ["Email alert ABC", "Email alert XYZ"],
};
const retire = (...names: string[]) => names.map((name) => ({ name, retired: true }));
const words = wordsOf(fullCatalogue);
/** Everything is retired, but for the frequency that every catalogue must have. */
const retired = wordsOf({
  version: 2,
  frequencies: [...retire("Daily", "Weekly"), "Never"],
  nodes: nodes.map(({ name, labels }) => ({ name, labels: retire(...labels), retired: true })),
  modules: retire(...fullCatalogue.modules),
  alertServices: retire(...fullCatalogue.alertServices),
});

const empty: EmailWish = { frequency: "Never", nodes: [], modules: [], alertServices: [] };

function wordsOf(catalogue: unknown): CatalogueWords {
  const checked = checkCatalogue(catalogue);
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return openCatalogue(checked.catalogue);
}

function settled(wish: EmailWish, current?: EmailPreferences, known = words): EmailPreferences {
  const result = settleEmailWish(current, wish, known);
  assert.ok("document" in result, JSON.stringify(result));
  return result.document;
}

function faultsOf(wish: EmailWish, current?: EmailPreferences, known = words) {
  const result = settleEmailWish(current, wish, known);
  assert.ok("faults" in result, "the wish is refused");
  return result.faults.map(({ problem, path }) => [problem, path]);
}

const labelsOf = (node: string) => nodes.find(({ name }) => name === node)?.labels ?? [];
const nodeChoices = fc
  .shuffledSubarray(["Countries", "American States"])
  .chain((names) =>
    fc.tuple(...names.map((node) => fc.shuffledSubarray(labelsOf(node)).map((labels) => ({ node, labels })))),
  );
const frequency = fc.constantFrom("Daily", "Weekly", "Never");
const moduleChoice = fc.oneof(
  fc.record({ preference: fc.constantFrom("Include", "Off") }),
  fc.record({ preference: fc.constant("Custom"), frequency, nodes: nodeChoices }),
);
const wishes: fc.Arbitrary<EmailWish> = fc.record({
  frequency,
  nodes: nodeChoices,
  modules: fc
    .shuffledSubarray(fullCatalogue.modules)
    .chain((names) => fc.tuple(...names.map((name) => moduleChoice.map((choice) => ({ name, ...choice }))))),
  alertServices: fc
    .shuffledSubarray(fullCatalogue.alertServices)
    .chain((names) =>
      fc.tuple(...names.map((name) => fc.constantFrom("On", "Off").map((preference) => ({ name, preference })))),
    ),
});

test("words are taken in any letter case and kept in the catalogue's spelling", () => {
  const wish: EmailWish = {
    frequency: "DAILY",
    nodes: [{ node: "countries", labels: ["ALGERIA", "angola", "CO\u0302TE D'IVOIRE"] }],
    modules: [
      { name: "publications", preference: "include" },
      { name: "EVENTS", preference: "OFF" },
      {
        name: "news",
        preference: "CUSTOM",
        frequency: "weekly",
        nodes: [{ node: "american states", labels: ["alabama"] }],
      },
    ],
    alertServices: [
      { name: "email alert abc", preference: "on" },
      { name: "EMAIL ALERT XYZ", preference: "oFF" },
    ],
  };
  assert.deepEqual(settled(wish), {
    alertServices: [
      { name: "Email alert ABC", preference: "On" },
      { name: "Email alert XYZ", preference: "Off" },
    ],
    frequency: "Daily",
    modules: [
      { name: "Publications", preference: "Include" },
      { name: "Events", preference: "Off" },
      {
        frequency: "Weekly",
        name: "News",
        nodes: [{ labels: ["Alabama"], node: "American States" }],
        preference: "Custom",
      },
    ],
    nodes: [{ labels: ["Algeria", "Angola", "Côte d'Ivoire"], node: "Countries" }],
  });
});

test("every unknown word is refused at its place", () => {
  const wish: EmailWish = {
    frequency: "Immediate",
    nodes: [
      { node: "Planets", labels: ["Mars"] },
      { node: "Countries", labels: ["Algeria", "Alabama", "Atlantis"] },
    ],
    modules: [
      { name: "Insights", preference: "Include" },
      { name: "Events", preference: "Yes" },
      { name: "News", preference: "Custom", frequency: "Hourly", nodes: [{ node: "Countries", labels: ["Utopia"] }] },
    ],
    alertServices: [
      { name: "Email alert DEF", preference: "On" },
      { name: "Email alert ABC", preference: "Custom" },
    ],
  };
  assert.deepEqual(faultsOf(wish), [
    ["frequency-unknown", ["frequency"]],
    ["metadata-unknown", ["nodes", 0, "node"]],
    ["metadata-unknown", ["nodes", 1, "labels", 1]],
    ["metadata-unknown", ["nodes", 1, "labels", 2]],
    ["module-unknown", ["modules", 0, "name"]],
    ["value-invalid", ["modules", 1, "preference"]],
    ["frequency-unknown", ["modules", 2, "frequency"]],
    ["metadata-unknown", ["modules", 2, "nodes", 0, "labels", 0]],
    ["alert-service-unknown", ["alertServices", 0, "name"]],
    ["value-invalid", ["alertServices", 1, "preference"]],
  ]);
});

test("a message names what is unknown and what is known", () => {
  const wish = { ...empty, frequency: "Hourly", nodes: [{ node: "Countries", labels: ["Atlantis"] }] };
  const result = settleEmailWish(undefined, wish, words);
  assert.ok("faults" in result);
  assert.deepEqual(
    result.faults.map(({ message }) => message),
    [
      '"Hourly" is no frequency of the catalogue, which has "Daily", "Weekly", "Never"',
      '"Atlantis" is no label of the metadata node "Countries"',
    ],
  );
});

test("equal labels collapse to the first, in whatever letter case", () => {
  const labels = ["Angola", "Algeria", "ANGOLA", "algeria", "Angola"];
  assert.deepEqual(settled({ ...empty, nodes: [{ node: "Countries", labels }] }).nodes, [
    { labels: ["Angola", "Algeria"], node: "Countries" },
  ]);
});

test("the same node, module or alert service twice is refused at the second", () => {
  const countries = { node: "Countries", labels: [] };
  const wish: EmailWish = {
    frequency: "Daily",
    nodes: [countries, { node: "COUNTRIES", labels: [] }],
    modules: [
      { name: "News", preference: "Custom", frequency: "Daily", nodes: [countries, countries] },
      { name: "news", preference: "Off" },
    ],
    alertServices: [
      { name: "Email alert ABC", preference: "On" },
      { name: "Email alert ABC", preference: "On" },
    ],
  };
  assert.deepEqual(faultsOf(wish), [
    ["name-repeated", ["nodes", 1, "node"]],
    ["name-repeated", ["modules", 0, "nodes", 1, "node"]],
    ["name-repeated", ["modules", 1, "name"]],
    ["name-repeated", ["alertServices", 1, "name"]],
  ]);
});

test("a node without labels is kept", () => {
  assert.deepEqual(settled({ ...empty, nodes: [{ node: "Countries", labels: [] }] }).nodes, [
    { labels: [], node: "Countries" },
  ]);
});

test("a custom module needs a frequency of its own, and no nodes are none", () => {
  assert.deepEqual(faultsOf({ ...empty, modules: [{ name: "News", preference: "Custom" }] }), [
    ["member-missing", ["modules", 0, "frequency"]],
  ]);
  assert.deepEqual(
    settled({ ...empty, modules: [{ name: "News", preference: "Custom", frequency: "Daily" }] }).modules,
    [{ frequency: "Daily", name: "News", nodes: [], preference: "Custom" }],
  );
});

test("what Include and Off say about frequency and nodes is dropped, whatever it is", () => {
  const leftovers = { frequency: "Hourly", nodes: [{ node: "Planets", labels: ["Mars"] }] };
  const modules = [
    { name: "News", preference: "Include", ...leftovers },
    { name: "Events", preference: "Off", ...leftovers },
  ];
  assert.deepEqual(settled({ ...empty, modules }).modules, [
    { name: "News", preference: "Include" },
    { name: "Events", preference: "Off" },
  ]);
});

test("retired words are refused as new, each at its place", () => {
  const countries = [{ node: "Countries", labels: ["Algeria"] }];
  const wish: EmailWish = {
    frequency: "Daily",
    nodes: countries,
    modules: [{ name: "News", preference: "Custom", frequency: "Weekly", nodes: countries }],
    alertServices: [{ name: "Email alert ABC", preference: "Off" }],
  };
  assert.deepEqual(faultsOf(wish, undefined, retired), [
    ["name-retired", ["frequency"]],
    ["name-retired", ["nodes", 0, "node"]],
    ["name-retired", ["nodes", 0, "labels", 0]],
    ["name-retired", ["modules", 0, "name"]],
    ["name-retired", ["modules", 0, "frequency"]],
    ["name-retired", ["modules", 0, "nodes", 0, "node"]],
    ["name-retired", ["modules", 0, "nodes", 0, "labels", 0]],
    ["name-retired", ["alertServices", 0, "name"]],
  ]);
});

test("a retired word is taken in the place where the current document has it, and in no other", () => {
  const current = settled({ ...empty, nodes: [{ node: "Countries", labels: ["Algeria"] }] });
  const other = { ...empty, nodes: [{ node: "Countries", labels: ["Algeria", "Angola"] }] };
  assert.deepEqual(faultsOf(other, current, retired), [["name-retired", ["nodes", 0, "labels", 1]]]);
  const custom = { name: "News", preference: "Custom", frequency: "Never", nodes: current.nodes };
  assert.deepEqual(faultsOf({ ...empty, modules: [custom] }, current, retired), [
    ["name-retired", ["modules", 0, "name"]],
    ["name-retired", ["modules", 0, "nodes", 0, "node"]],
    ["name-retired", ["modules", 0, "nodes", 0, "labels", 0]],
  ]);
});

test("a retired module or alert service can be turned off, and not on again", () => {
  const alert = (preference: string) => ({ ...empty, alertServices: [{ name: "Email alert ABC", preference }] });
  const module = (preference: string) => ({ ...empty, modules: [{ name: "News", preference }] });
  for (const [wish, on] of [
    [alert, "On"],
    [module, "Include"],
  ] as const) {
    const off = settled(wish("Off"), settled(wish(on)), retired);
    assert.equal(faultsOf(wish(on), off, retired)[0]?.[0], "name-retired");
  }
});

test("what is read back can be sent again, also when everything has been retired since", () => {
  fc.assert(
    fc.property(wishes, fc.constantFrom(words, retired), (wish, known) => {
      const current = settled(wish);
      assert.deepEqual(settled(current, current, known), current);
    }),
  );
});

test("a document says what was asked for, in the order in which it was asked", () => {
  fc.assert(
    fc.property(wishes, wishes, (wish, earlier) => {
      const document = settled(wish, settled(earlier));
      assert.equal(document.frequency, wish.frequency);
      assert.deepEqual(document.nodes, wish.nodes);
      assert.deepEqual(document.alertServices, wish.alertServices);
      assert.deepEqual(document.modules, wish.modules);
    }),
  );
});

test("the document as JSON is its canonical form by RFC 8785", () => {
  fc.assert(
    fc.property(wishes, (wish) => {
      const document = settled(wish);
      assert.equal(JSON.stringify(document), canonicalize(document));
    }),
  );
});
