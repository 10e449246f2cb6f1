import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Catalogue, openCatalogue } from "./catalogue.ts";
import { checkCatalogue } from "./catalogue-check.ts";
import { type CatalogueName, keyOf, namesUsedIn, removalFault, replaceCatalogue } from "./catalogue-names.ts";

const given = {
  version: 4,
  channels: ["Text", "Email"],
  types: [
    { name: "BPHONE", channels: ["Text"], kind: "phone" },
    { name: "BEMAIL", channels: ["Email"], kind: "email" },
  ],
  categories: ["Service Notification", "Service Exception"],
  frequencies: ["Daily", "Never"],
  nodes: [
    { name: "Countries", labels: ["Algeria", "Georgia"] },
    { name: "American States", labels: ["Alabama", "Georgia"] },
  ],
  modules: ["Publications", "Events"],
  alertServices: ["Email alert ABC"],
};
const current = catalogueOf(given);

function catalogueOf(value: unknown): Catalogue {
  const checked = checkCatalogue(value);
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return checked.catalogue;
}

/** A part of the catalogue, in another order, with some words retired: what an administrator may make of it. */
const parts: fc.Arbitrary<Catalogue> = fc
  .record({
    version: fc.integer({ min: 1, max: 9 }),
    categories: partOf(current.categories),
    frequencies: partOf(current.frequencies.slice(0, 1)).map((words) => [...words, { name: "Never", retired: false }]),
    modules: partOf(current.modules),
    alertServices: partOf(current.alertServices),
    nodes: fc
      .shuffledSubarray([...current.nodes])
      .chain((nodes) => fc.tuple(...nodes.map((node) => partOf(node.labels).map((labels) => ({ ...node, labels }))))),
  })
  .map((part) => catalogueOf({ ...current, ...part }));

function partOf<Entry extends object>(words: readonly Entry[]) {
  return fc
    .shuffledSubarray([...words])
    .chain((some) => fc.tuple(...some.map((word) => fc.boolean().map((retired) => ({ ...word, retired })))));
}

function isFound(catalogue: Catalogue, { list, node, name }: CatalogueName): boolean {
  const words = openCatalogue(catalogue);
  if (node !== undefined) return words.nodes.find(node)?.labels.find(name) !== undefined;
  if (list === "categories" || list === "channels" || list === "types") return words[list].has(name);
  return words[list].find(name) !== undefined;
}

const allNames: CatalogueName[] = [
  ...(["channels", "types", "categories", "frequencies", "nodes", "modules", "alertServices"] as const).flatMap(
    (list) => current[list].map(({ name }): CatalogueName => ({ list, name })),
  ),
  ...current.nodes.flatMap(({ name: node, labels }) =>
    labels.map(({ name }): CatalogueName => ({ list: "nodes", node, name })),
  ),
];

test("no replacement lets a name vanish, and each that would is named", () => {
  fc.assert(
    fc.property(parts, (next) => {
      const { removed } = replaceCatalogue(current, next);
      for (const name of allNames) {
        const isNamed = removed.some(
          (one) =>
            keyOf(one) === keyOf(name) || (one.list === "nodes" && one.node === undefined && one.name === name.node),
        );
        assert.equal(isNamed, !isFound(next, name), keyOf(name).replaceAll("\n", " / "));
      }
      assert.equal(
        removalFault(next, removed[0] ?? { list: "modules", name: "News" }, "…").problem,
        "catalogue-conflict",
      );
    }),
  );
});

test("names may be added, retired, offered again and put in another order", () => {
  const next = catalogueOf({
    ...given,
    version: 5,
    categories: [{ name: "Service Exception", retired: true }, "Payment Reminders", "Service Notification"],
    nodes: given.nodes.toReversed(),
  });
  assert.deepEqual(replaceCatalogue(current, next), { faults: [], removed: [] });
  const offered = catalogueOf({
    ...next,
    version: 6,
    categories: next.categories.map((word) => ({ ...word, retired: false })),
  });
  assert.deepEqual(replaceCatalogue(next, offered), { faults: [], removed: [] });
});

test("the version must be greater than the one in force", () => {
  for (const version of [3, 4]) {
    const { faults } = replaceCatalogue(current, catalogueOf({ ...given, version }));
    assert.deepEqual(faults, [
      {
        problem: "catalogue-conflict",
        path: ["version"],
        message: "must be greater than 4, which is in force",
      },
    ]);
  }
});

test("a type keeps its kind: its addresses were read by it", () => {
  const types = [given.types[0], { name: "BEMAIL", channels: ["Email"], kind: "phone" }];
  const { faults } = replaceCatalogue(current, catalogueOf({ ...given, version: 5, types }));
  assert.deepEqual(
    faults.map(({ path, message }) => [path, message]),
    [[["types", 1, "kind"], 'must stay "email"']],
  );
});

test("a label belongs to its node, and a name in another letter case is another name", () => {
  const nodes = [
    { name: "Countries", labels: ["algeria", "Georgia"] },
    { name: "American States", labels: ["Alabama"] },
  ];
  const next = catalogueOf({ ...given, version: 5, nodes });
  const { removed } = replaceCatalogue(current, next);
  assert.deepEqual(removed, [
    { list: "nodes", node: "Countries", name: "Algeria" },
    { list: "nodes", node: "American States", name: "Georgia" },
  ]);
  assert.deepEqual(removalFault(next, removed[1] as CatalogueName, "nobody uses it now"), {
    problem: "catalogue-conflict",
    path: ["nodes", 1, "labels"],
    message: '"Georgia" is gone; names are never removed, so write "retired: true" instead (nobody uses it now)',
  });
});

test("a node that is gone is named without its labels", () => {
  const next = catalogueOf({ ...given, version: 5, nodes: given.nodes.slice(0, 1) });
  const { removed } = replaceCatalogue(current, next);
  assert.deepEqual(removed, [{ list: "nodes", name: "American States" }]);
  assert.deepEqual(removalFault(next, removed[0] as CatalogueName, "").path, ["nodes"]);
});

test("a customer's document uses categories, channels and types", () => {
  const audit = { createdAt: "", createdBy: "", modifiedAt: "", modifiedBy: "" };
  const selection = { category: "Service Exception", channel: "Text", choice: "opted-out", type: "BPHONE" } as const;
  const document = { selections: [{ ...selection, ...audit, normal: "+11233454567", value: "1233454567" }] };
  assert.deepEqual(namesUsedIn(document), [
    { list: "categories", name: "Service Exception" },
    { list: "channels", name: "Text" },
    { list: "types", name: "BPHONE" },
  ]);
});

test("an e-mail document uses frequencies, nodes, labels, modules and alert services, those of custom modules too", () => {
  const used = namesUsedIn({
    alertServices: [{ name: "Email alert ABC", preference: "Off" }],
    frequency: "Daily",
    modules: [
      { name: "Events", preference: "Off" },
      {
        frequency: "Never",
        name: "Publications",
        nodes: [{ labels: ["Alabama"], node: "American States" }],
        preference: "Custom",
      },
    ],
    nodes: [{ labels: ["Algeria", "Georgia"], node: "Countries" }],
  });
  assert.deepEqual(used.map((name) => keyOf(name).replaceAll("\n", "/")).toSorted(), [
    "alertServices/Email alert ABC",
    "frequencies/Daily",
    "frequencies/Never",
    "modules/Events",
    "modules/Publications",
    "nodes/American States",
    "nodes/American States/Alabama",
    "nodes/Countries",
    "nodes/Countries/Algeria",
    "nodes/Countries/Georgia",
  ]);
});
