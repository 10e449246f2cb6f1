import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type CatalogueWords, openCatalogue } from "./catalogue.ts";
import { checkCatalogue } from "./catalogue-check.ts";
import { alertRules, type ContentDecision, type ContentFacts, decideContent, moduleRules } from "./decide-content.ts";
import type { EmailPreferences, ModuleChoice, NodeChoice } from "./email-preferences.ts";
import { type AskedQuestion, checkQuestion, type ContentQuestion } from "./question.ts";
import { organisation } from "./subject.ts";
import { suppress } from "./suppression.ts";

const labels: Readonly<Record<string, readonly string[]>> = {
  Countries: ["Algeria", "Benin", "Zaire"],
  States: ["Alabama", "Texas"],
  Regions: ["North"],
};

function opened(isLater: boolean): CatalogueWords {
  const checked = checkCatalogue({
    version: 1,
    frequencies: ["Daily", { name: "Fortnightly", retired: isLater }, "Never"],
    nodes: [
      { name: "Countries", labels: ["Algeria", "Benin", { name: "Zaire", retired: isLater }] },
      { name: "States", labels: labels.States },
      { name: "Regions", labels: labels.Regions, retired: isLater },
    ],
    modules: ["Publications", { name: "Events", retired: isLater }],
    alertServices: ["ABC", { name: "XYZ", retired: isLater }],
  });
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return openCatalogue(checked.catalogue);
}

const catalogues = [opened(false), opened(true)];

/** Names that no catalogue here has are what a document of another one may hold. */
const frequency = fc.constantFrom("Daily", "Daily", "Fortnightly", "Never", "Hourly");
const nodes: fc.Arbitrary<NodeChoice[]> = fc.uniqueArray(
  fc.constantFrom("Countries", "States", "Regions", "Planets").chain((node) =>
    fc.record({
      labels: fc.uniqueArray(fc.constantFrom(...(labels[node] ?? ["Mars"])), { maxLength: 2 }),
      node: fc.constant(node),
    }),
  ),
  { selector: ({ node }) => node, maxLength: 2 },
);
const moduleChoice: fc.Arbitrary<ModuleChoice> = fc
  .record({
    frequency,
    name: fc.constantFrom("Publications", "Events", "Blog"),
    nodes,
    preference: fc.constantFrom("Include", "Custom", "Off"),
  })
  .map(({ name, preference, ...own }) =>
    preference === "Custom" ? { ...own, name, preference } : { name, preference },
  );
const document: fc.Arbitrary<EmailPreferences> = fc.record({
  alertServices: fc.uniqueArray(
    fc.record({ name: fc.constantFrom("ABC", "XYZ", "Gone"), preference: fc.constantFrom("On", "Off") }),
    { selector: ({ name }) => name },
  ),
  frequency,
  modules: fc.uniqueArray(moduleChoice, { selector: ({ name }) => name, maxLength: 3 }),
  nodes,
});

const metadata = fc.record(
  { Countries: some("Countries"), States: some("States"), Regions: some("Regions") },
  { requiredKeys: [] },
);
const asked: fc.Arbitrary<AskedQuestion> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ module: fc.constantFrom("Publications", "Events"), metadata }) },
  { weight: 1, arbitrary: fc.record({ alertService: fc.constantFrom("ABC", "XYZ") }) },
);

function some(node: string): fc.Arbitrary<string[]> {
  return fc.uniqueArray(fc.constantFrom(...(labels[node] ?? [])), { minLength: 1 });
}

const state = fc.record({
  words: fc.constantFrom(...catalogues),
  own: fc.option(document, { nil: undefined, freq: 2 }),
  inherited: fc.option(document, { nil: undefined, freq: 4 }),
  isSuppressed: fc.constantFrom(false, false, true),
  asked,
});
type State = typeof state extends fc.Arbitrary<infer Value> ? Value : never;

const suppressions = suppress(undefined, { reason: "complaint" }, "2026-01-01T00:00:00.000Z");

function questionOf({ words, asked: sent }: Pick<State, "words" | "asked">): ContentQuestion {
  const reading = checkQuestion(sent, words);
  assert.ok("question" in reading && reading.question.about !== "contact", JSON.stringify(reading));
  return reading.question;
}

function factsOf({ words, own, inherited, isSuppressed }: State): ContentFacts {
  return {
    words,
    own: own && { document: own, position: 7 },
    inherited: inherited && { document: inherited, position: 3, from: organisation(3) },
    suppressions: isSuppressed ? suppressions.document : undefined,
  };
}

function decide(given: State): ContentDecision {
  return decideContent(questionOf(given), factsOf(given));
}

describe("for any organisation or user, catalogue, suppression and item", () => {
  const forAny = (check: (given: State) => void) => fc.assert(fc.property(state, check), { numRuns: 500 });

  it("there is a decision, by a rule, with the verdict of that rule", () => {
    forAny((given) => {
      const rules = given.asked.module === undefined ? alertRules : moduleRules;
      const { verdict, reason, frequency: often } = decide(given);
      assert.equal(rules.find((rule) => rule.reason === reason)?.verdict, verdict);
      assert.equal(often !== undefined, reason === "matched");
      assert.ok(often === undefined || ["Daily", "Fortnightly"].includes(often));
    });
  });

  it("a user's own preferences count as a whole, else the organisation's, and the answer says whose", () => {
    forAny((given) => {
      const answer = decide(given);
      if (given.own !== undefined) assert.deepEqual(answer, decide({ ...given, inherited: undefined }));
      assert.equal(
        answer.from,
        given.own === undefined && given.inherited !== undefined ? "organisation:3" : undefined,
      );
      assert.equal(answer.change, given.own !== undefined ? 7 : given.inherited !== undefined ? 3 : undefined);
      if (given.own === undefined && given.inherited !== undefined) {
        const own = decide({ ...given, own: given.inherited, inherited: undefined });
        assert.deepEqual([answer.verdict, answer.reason, answer.frequency], [own.verdict, own.reason, own.frequency]);
      }
    });
  });

  it("a suppression never makes anything better, and nothing is sent to a suppressed address (law 5)", () => {
    forAny((given) => {
      assert.equal(decide({ ...given, isSuppressed: true }).verdict, "withhold");
    });
  });

  it("turning anything off never makes anything better", () => {
    forAny((given) => {
      const isOff = (one: EmailPreferences | undefined): EmailPreferences | undefined =>
        one && {
          ...one,
          alertServices: one.alertServices.map(({ name }) => ({ name, preference: "Off" })),
          modules: one.modules.map(({ name }) => ({ name, preference: "Off" })),
        };
      const off = decide({ ...given, own: isOff(given.own), inherited: isOff(given.inherited) });
      assert.equal(off.verdict, "withhold");
      assert.equal(off.reason === "never-asked", decide(given).reason === "never-asked");
    });
  });

  it("a label more on an item never loses it anybody", () => {
    fc.assert(
      fc.property(state, metadata, (given, more) => {
        if (given.asked.metadata === undefined || decide(given).verdict === "withhold") return;
        const both: Record<string, readonly string[]> = { ...given.asked.metadata };
        for (const [node, added] of Object.entries(more)) both[node] = [...(both[node] ?? []), ...added];
        assert.equal(decide({ ...given, asked: { ...given.asked, metadata: both } }).verdict, "send");
      }),
      { numRuns: 500 },
    );
  });

  it("retiring names never makes anything better", () => {
    const [before, after] = catalogues;
    assert.ok(before !== undefined && after !== undefined);
    forAny((given) => {
      if (decide({ ...given, words: before }).verdict === "withhold") {
        assert.equal(decide({ ...given, words: after }).verdict, "withhold");
      }
    });
  });

  it("on, off and never asked are told apart (law 2)", () => {
    forAny((given) => {
      const inForce = given.own ?? given.inherited;
      const { module, alertService } = given.asked;
      const isThere =
        module === undefined
          ? inForce?.alertServices.some(({ name }) => name === alertService)
          : inForce?.modules.some(({ name }) => name === module);
      assert.equal(decide(given).reason === "never-asked", isThere !== true);
    });
  });
});

it("every rule has a name of its own", () => {
  for (const rules of [moduleRules, alertRules]) {
    assert.equal(new Set(rules.map(({ reason }) => reason)).size, rules.length);
  }
});
