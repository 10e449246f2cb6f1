import assert from "node:assert/strict";
import { test } from "node:test";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { type Catalogue, openCatalogue } from "./catalogue.ts";
import { checkCatalogue } from "./catalogue-check.ts";

const least = { version: 1, frequencies: ["Never"] };

function checked(value: unknown): Catalogue {
  const result = checkCatalogue(value);
  assert.ok("catalogue" in result, JSON.stringify(result));
  return result.catalogue;
}

function faultsOf(value: unknown): string[] {
  const result = checkCatalogue(value);
  assert.ok("faults" in result, "the catalogue is refused");
  for (const { problem } of result.faults) assert.equal(problem, "catalogue-invalid");
  return result.faults.map(({ path, message }) => `${path.join("/")}: ${message}`);
}

const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .map((text) => text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFFFE\uFFFF]/gu, "").trim())
  .filter((text) => text !== "");
const namesApart = { selector: (text: string) => text.normalize("NFC").toLowerCase(), maxLength: 5 };
const names = fc.uniqueArray(name, namesApart);
const wordOf = (text: string) => fc.constantFrom<unknown>(text, { name: text }, { name: text, retired: true });
const wordsOf = (list: fc.Arbitrary<string[]>) => list.chain((texts) => fc.tuple(...texts.map(wordOf)));

/** Random catalogues in all the ways in which one may be written. */
const catalogues = fc
  .uniqueArray(
    name.filter((text) => !/^\d+$/.test(text)),
    { ...namesApart, minLength: 1 },
  )
  .chain((channels) =>
    fc.record(
      {
        version: fc.integer({ min: 1 }),
        channels: fc.tuple(...channels.map(wordOf)),
        types: names.chain((texts) =>
          fc.tuple(
            ...texts.map((text) =>
              fc.record({
                name: fc.constant(text),
                channels: fc.subarray(channels, { minLength: 1 }),
                kind: fc.constantFrom("email", "phone"),
              }),
            ),
          ),
        ),
        categories: names.chain((texts) =>
          fc.tuple(
            ...texts.map((text) =>
              fc.record(
                {
                  name: fc.constant(text),
                  enabled: fc.boolean(),
                  essential: fc.boolean(),
                  expiresAfter: fc.constantFrom("P2Y", "P1Y6M", "P26W", "P90D"),
                  quietHours: fc.oneof(
                    fc.constant("21:00-08:00"),
                    fc
                      .subarray(channels)
                      .map((list) => Object.fromEntries(list.map((channel) => [channel, "22:30-07:00"]))),
                  ),
                  retired: fc.boolean(),
                },
                { requiredKeys: ["name"] },
              ),
            ),
          ),
        ),
        frequencies: wordsOf(names).map((list) => [...list, "Never"]),
        nodes: names.chain((texts) =>
          fc.tuple(...texts.map((text) => fc.record({ name: fc.constant(text), labels: wordsOf(names) }))),
        ),
        modules: wordsOf(names),
        alertServices: wordsOf(names),
        timeZones: fc.constantFrom({}, { US: ["America/New_York", "America/Chicago"], IE: ["Europe/Dublin"] }),
      },
      { requiredKeys: ["version", "channels", "frequencies"] },
    ),
  )
  .filter(({ frequencies }) => frequencies.filter((word) => /never/i.test(JSON.stringify(word))).length === 1);

test("a catalogue is written out in full: every member, words as objects, quiet hours by channel", () => {
  const catalogue = checked({
    version: 3,
    channels: ["Text", { name: "Fax", retired: true }],
    types: [{ name: "BPHONE", channels: ["Text"], kind: "phone" }],
    categories: ["News", { name: "Alerts", essential: true, expiresAfter: "P2Y", quietHours: "21:00-08:00" }],
    frequencies: ["Never"],
    nodes: [{ name: "Countries", labels: ["Algeria", { name: "Zaire", retired: true }] }],
    timeZones: { US: ["America/New_York"], IE: ["Europe/Dublin"] },
  });
  assert.deepEqual(catalogue, {
    alertServices: [],
    categories: [
      { enabled: true, essential: false, name: "News", retired: false },
      {
        enabled: true,
        essential: true,
        expiresAfter: "P2Y",
        name: "Alerts",
        quietHours: { Fax: "21:00-08:00", Text: "21:00-08:00" },
        retired: false,
      },
    ],
    channels: [
      { name: "Text", retired: false },
      { name: "Fax", retired: true },
    ],
    frequencies: [{ name: "Never", retired: false }],
    modules: [],
    nodes: [
      {
        labels: [
          { name: "Algeria", retired: false },
          { name: "Zaire", retired: true },
        ],
        name: "Countries",
        retired: false,
      },
    ],
    timeZones: { IE: ["Europe/Dublin"], US: ["America/New_York"] },
    types: [{ channels: ["Text"], kind: "phone", name: "BPHONE", retired: false }],
    version: 3,
  });
});

test("a checked catalogue is read again as it is, and its JSON is its canonical form by RFC 8785", () => {
  fc.assert(
    fc.property(catalogues, (given) => {
      const catalogue = checked(given);
      assert.deepEqual(checked(JSON.parse(JSON.stringify(catalogue))), catalogue);
      assert.equal(JSON.stringify(catalogue), canonicalize(catalogue));
    }),
  );
});

test("every name of a catalogue is found, in any letter case where letter case does not count", () => {
  fc.assert(
    fc.property(catalogues, (given) => {
      const catalogue = checked(given);
      const words = openCatalogue(catalogue);
      for (const list of ["categories", "channels", "types"] as const) {
        for (const [place, word] of catalogue[list].entries())
          assert.deepEqual(words[list].get(word.name), { ...word, place });
      }
      for (const list of ["frequencies", "modules", "alertServices"] as const) {
        for (const word of catalogue[list]) {
          assert.equal(words[list].find(word.name), word);
          assert.equal(words[list].find(word.name.toLowerCase()), word);
        }
      }
      for (const { name: node, labels } of catalogue.nodes) {
        for (const label of labels)
          assert.equal(words.nodes.find(node)?.labels.find(label.name.normalize("NFD")), label);
      }
    }),
  );
});

test("nothing that is not a catalogue is taken for one, and nothing makes the check throw", () => {
  fc.assert(fc.property(fc.anything(), (value) => assert.ok("faults" in checkCatalogue(value))));
  const section = fc.constantFrom(...Object.keys(checked(least)));
  fc.assert(
    fc.property(section, fc.anything(), (key, value) => {
      const result = checkCatalogue({ ...least, [key]: value });
      assert.ok("faults" in result || JSON.stringify(result.catalogue) === canonicalize(result.catalogue));
    }),
    { numRuns: 500 },
  );
});

test("what is missing and what is not known is named at its place", () => {
  assert.deepEqual(faultsOf({}), ["version: is missing", 'frequencies: must include "Never", not retired']);
  assert.deepEqual(
    faultsOf({ ...least, categorys: [] }).map((fault) => fault.split(";")[0]),
    ["categorys: is not known here"],
  );
  assert.deepEqual(
    faultsOf({ ...least, channels: ["Text"], types: ["BPHONE"], nodes: ["Countries"], categories: [{}] }),
    [
      "categories/0/name: is missing",
      "nodes/0/labels: is missing",
      "types/0/channels: is missing",
      'types/0/kind: is missing; it is one of "email", "phone"',
    ],
  );
});

test("names are printable, of 1 to 100 characters, and unique in their list whatever the letter case", () => {
  const long = "𝒳".repeat(100);
  assert.equal(checked({ ...least, modules: [long] }).modules[0]?.name, long);
  for (const wrong of [
    "",
    " News",
    "News ",
    "a\tb",
    "a\nb",
    "a\u0000b",
    "a\u0085b",
    "\ud800",
    "\ufffe",
    "\u2028",
    `${long}x`,
    7,
    null,
  ]) {
    const faults = faultsOf({ ...least, modules: [wrong] });
    assert.equal(faults.length, 1, JSON.stringify(wrong));
    assert.match(faults[0] ?? "", /^modules\/0: /);
  }
  assert.deepEqual(faultsOf({ ...least, modules: ["News", { name: "NEWS" }] }), [
    'modules/1/name: "NEWS" stands there twice, letter case apart',
  ]);
  const nodes = (...labels: string[]) => ({ ...least, nodes: [{ name: "Places", labels }] });
  assert.deepEqual(faultsOf(nodes("Côte", "CO\u0302TE")).length, 1);
  assert.equal(checked({ ...least, modules: ["News"], alertServices: ["News"] }).version, 1);
});

test("types name channels that there are, and one of two kinds", () => {
  const withType = (type: object) => ({ ...least, channels: ["Text"], types: [{ name: "T", ...type }] });
  assert.match(faultsOf(withType({ channels: ["text"], kind: "phone" }))[0] ?? "", /^types\/0\/channels\/0: .*"Text"/);
  assert.match(faultsOf(withType({ channels: ["Text", "Text"], kind: "phone" }))[0] ?? "", /twice/);
  assert.match(faultsOf(withType({ channels: [], kind: "phone" }))[0] ?? "", /must name at least one/);
  assert.match(faultsOf(withType({ channels: ["Text"], kind: "fax" }))[0] ?? "", /^types\/0\/kind: .*"email", "phone"/);
});

test("expiry is an ISO 8601 duration in days or more", () => {
  const withExpiry = (expiresAfter: unknown) => ({ ...least, categories: [{ name: "C", expiresAfter }] });
  for (const right of ["P1D", "P2Y", "P1Y6M", "P1Y2M3D", "P52W"]) {
    assert.equal(checked(withExpiry(right)).categories[0]?.expiresAfter, right);
  }
  for (const wrong of ["", "P", "P0D", "P1", "1Y", "PT1H", "P1DT1H", "P1Y1W", "-P1D", "P1.5Y", "P1M1Y", "p1d", 365]) {
    assert.match(faultsOf(withExpiry(wrong))[0] ?? "", /^categories\/0\/expiresAfter: /, String(wrong));
  }
});

test("quiet hours are two different times of day, for channels that there are", () => {
  const withHours = (quietHours: unknown) => ({
    ...least,
    channels: ["Text"],
    categories: [{ name: "C", quietHours }],
  });
  for (const right of ["21:00-08:00", "00:00-23:59", { Text: "21:00-08:00" }]) checked(withHours(right));
  for (const wrong of [
    "",
    "21-8",
    "24:00-08:00",
    "21:60-08:00",
    "21:00-21:00",
    { Voice: "21:00-08:00" },
    { Text: 1 },
    [],
  ]) {
    assert.match(faultsOf(withHours(wrong))[0] ?? "", /^categories\/0\/quietHours/, JSON.stringify(wrong));
  }
});

test("time zones are IANA zones of countries that have phones", () => {
  const withZones = (timeZones: unknown) => ({ ...least, timeZones });
  checked(withZones({ US: ["America/New_York", "US/Eastern"], GB: ["Europe/London"] }));
  for (const wrong of [
    [],
    "x",
    { UK: ["Europe/London"] },
    { gb: ["Europe/London"] },
    { GB: "Europe/London" },
    { GB: [] },
    { GB: null },
    { GB: ["+01:00"] },
    { GB: ["Europe/Lodnon"] },
    { GB: [1] },
    { GB: ["Europe/London", "Europe/London"] },
  ]) {
    assert.match(faultsOf(withZones(wrong))[0] ?? "", /^timeZones/, JSON.stringify(wrong));
  }
});

test("a channel may have a time zone of its own", () => {
  const withZone = (timeZone: unknown) => ({ ...least, channels: ["Voice", { name: "Text", timeZone }] });
  assert.deepEqual(checked(withZone("America/Chicago")).channels, [
    { name: "Voice", retired: false },
    { name: "Text", retired: false, timeZone: "America/Chicago" },
  ]);
  for (const wrong of ["", "+01:00", "Europe/Lodnon", null, 1, ["UTC"]]) {
    assert.match(faultsOf(withZone(wrong))[0] ?? "", /^channels\/1\/timeZone/, JSON.stringify(wrong));
  }
});

test("the frequency Never is always there, and the version counts from 1", () => {
  assert.equal(faultsOf({ version: 1, frequencies: ["never"] }).length, 1);
  assert.equal(faultsOf({ version: 1, frequencies: [{ name: "Never", retired: true }] }).length, 1);
  for (const version of [0, -1, 1.5, "1", null, 2 ** 53]) assert.equal(faultsOf({ ...least, version }).length, 1);
});

test("a list has at most 1000 entries", () => {
  const modules = Array.from({ length: 1001 }, (_, index) => `Module ${index}`);
  checked({ ...least, modules: modules.slice(1) });
  assert.deepEqual(faultsOf({ ...least, modules }), ["modules: may have at most 1000 entries"]);
});

test("names that JavaScript knows are names like any other", () => {
  const text = `{"version": 1, "frequencies": ["Never", "constructor"], "channels": ["__proto__", "toString"],
    "categories": [{"name": "hasOwnProperty", "quietHours": {"__proto__": "21:00-08:00"}}]}`;
  const catalogue = checked(JSON.parse(text));
  assert.equal(JSON.stringify(catalogue.categories[0]?.quietHours), '{"__proto__":"21:00-08:00"}');
  assert.deepEqual(faultsOf(JSON.parse('{"version": 1, "frequencies": ["Never"], "__proto__": {}}')).length, 1);
  assert.equal(openCatalogue(catalogue).frequencies.find("valueOf"), undefined);
  assert.match(faultsOf({ ...least, channels: ["1"] })[0] ?? "", /^channels\/0: /);
});
