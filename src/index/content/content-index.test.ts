import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type CatalogueWords, openCatalogue } from "../../domain/catalogue.ts";
import { checkCatalogue } from "../../domain/catalogue-check.ts";
import { type ContentFacts, decideContent } from "../../domain/decide-content.ts";
import {
  type EmailPreferences,
  type ModuleChoice,
  type NodeChoice,
  nothingChosen,
} from "../../domain/email-preferences.ts";
import { type AskedQuestion, checkQuestion, type ContentQuestion } from "../../domain/question.ts";
import { organisation } from "../../domain/subject.ts";
import { suppress } from "../../domain/suppression.ts";
import type { AudienceCount, BriefDecision } from "../../service/decision-index.ts";
import { ContentIndex, type ContentSubject } from "./content-index.ts";
import { pagePlaces } from "../arrays/pages.ts";
import type { Ready } from "../ready.ts";

const labels: Readonly<Record<string, readonly string[]>> = {
  Countries: ["Algeria", "Benin", "Cuba", "Zaire"],
  States: ["Alabama", "Texas"],
  Regions: ["North"],
};

function opened(isLater: boolean): CatalogueWords {
  const checked = checkCatalogue({
    version: 1,
    frequencies: ["Daily", "Weekly", { name: "Fortnightly", retired: isLater }, "Never"],
    nodes: [
      { name: "Countries", labels: ["Algeria", "Benin", "Cuba", { name: "Zaire", retired: isLater }] },
      { name: "States", labels: labels.States },
      { name: "Regions", labels: labels.Regions, retired: isLater },
    ],
    modules: ["Publications", { name: "Events", retired: isLater }],
    alertServices: ["ABC", { name: "XYZ", retired: isLater }],
  });
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return openCatalogue(checked.catalogue);
}

const catalogues = [opened(false), opened(true)] as const;

/** Names that no catalogue here has are what a document of another one may hold. */
const frequency = fc.constantFrom("Daily", "Daily", "Weekly", "Fortnightly", "Never", "Hourly");
const nodes: fc.Arbitrary<NodeChoice[]> = fc.uniqueArray(
  fc.constantFrom("Countries", "Countries", "States", "Regions", "Planets").chain((node) =>
    fc.record({
      labels: fc.uniqueArray(fc.constantFrom(...(labels[node] ?? ["Mars"])), { maxLength: 3 }),
      node: fc.constant(node),
    }),
  ),
  { selector: ({ node }) => node, maxLength: 2 },
);
const moduleChoice: fc.Arbitrary<ModuleChoice> = fc
  .record({ frequency, name: fc.constantFrom("Publications", "Events", "Blog"), nodes }, { requiredKeys: ["name"] })
  .chain((own) =>
    fc
      .constantFrom("Include", "Custom", "Off")
      .map((preference) => (preference === "Custom" ? { ...own, preference } : { name: own.name, preference })),
  );
const anything: fc.Arbitrary<EmailPreferences> = fc.record({
  alertServices: fc.uniqueArray(
    fc.record({ name: fc.constantFrom("ABC", "XYZ", "Gone"), preference: fc.constantFrom("On", "Off") }),
    { selector: ({ name }) => name },
  ),
  frequency,
  modules: fc.uniqueArray(moduleChoice, { selector: ({ name }) => name, maxLength: 3 }),
  nodes,
});
/** Pleased by most items: what is drawn at random seldom is. */
const pleased: fc.Arbitrary<EmailPreferences> = fc
  .record({ frequency: fc.constantFrom("Daily", "Weekly"), isCustom: fc.boolean() })
  .map(({ frequency: often, isCustom }) => {
    const countries = [{ labels: ["Algeria", "Benin", "Cuba"], node: "Countries" }];
    const own = isCustom
      ? { frequency: often, nodes: countries, preference: "Custom" as const }
      : { preference: "Include" as const };
    return {
      alertServices: ["ABC", "XYZ"].map((name) => ({ name, preference: "On" as const })),
      frequency: isCustom ? "Never" : often,
      modules: ["Publications", "Events"].map((name) => ({ ...own, name })),
      nodes: isCustom ? [] : countries,
    };
  });
const document = fc.oneof(anything, pleased);

const asked: fc.Arbitrary<AskedQuestion> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      module: fc.constantFrom("Publications", "Publications", "Events"),
      metadata: fc.record({ Countries: some("Countries"), States: some("States"), Regions: some("Regions") }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ alertService: fc.constantFrom("ABC", "XYZ") }) },
);

function some(node: string): fc.Arbitrary<string[]> {
  return fc.uniqueArray(fc.constantFrom(...(labels[node] ?? [])), { minLength: 1 });
}

/** Two organisations and four users, strewn over pages that hold mostly others. */
const organisations = 2;
const subjects: readonly ContentSubject[] = [1, 2, 3, 4, 5, 6].map((id) =>
  id <= organisations ? { kind: "organisation", id } : { kind: "user", id },
);
const places = [2, 5 * pagePlaces, pagePlaces - 1, pagePlaces, 5 * pagePlaces + 31, 64];
const anyone = fc.nat({ max: subjects.length - 1 });
const anyUser = fc.integer({ min: organisations, max: subjects.length - 1 });

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant("preferences" as const), who: anyone, document }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("entry" as const),
      who: anyUser,
      organisation: fc.option(fc.constantFrom(1, 1, 2, 3), { nil: undefined, freq: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("stop" as const), who: anyUser, is: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("drop" as const), who: anyone }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** What is known of a subject, as plainly as it can be kept. */
interface Known {
  own?: EmailPreferences | undefined;
  organisation?: number | undefined;
  isStopped: boolean;
}

function take(index: ContentIndex, known: Known[], given: Step): void {
  const [subject, place] = [subjects[given.who], places[given.who]];
  const one = known[given.who];
  assert.ok(subject !== undefined && place !== undefined && one !== undefined);
  if (given.act === "preferences") {
    one.own = given.document;
    index.putPreferences(place, subject, given.document);
  } else if (given.act === "entry") {
    one.organisation = given.organisation;
    const employer = given.organisation === undefined ? {} : { organisation: given.organisation };
    index.putEntry(place, subject, { id: subject.id, ...employer });
  } else if (given.act === "stop") {
    one.isStopped = given.is;
    index.setStopped(place, given.is);
  } else {
    known[given.who] = { isStopped: false };
    index.drop(place);
  }
}

const suppressions = suppress(undefined, { reason: "complaint" }, "2026-01-01T00:00:00.000Z").document;

/** The answer of the rules. */
function decide(question: ContentQuestion, words: CatalogueWords, known: readonly Known[], who: number): BriefDecision {
  const { own, organisation: id, isStopped } = known[who] ?? { isStopped: false };
  const inherited = id === undefined ? undefined : known[id - 1]?.own;
  const facts: ContentFacts = {
    words,
    own: own && { document: own, position: 1 },
    inherited:
      inherited && id !== undefined && id <= organisations
        ? { document: inherited, position: 2, from: organisation(id) }
        : undefined,
    suppressions: isStopped ? suppressions : undefined,
  };
  const { verdict, reason, frequency: often } = decideContent(question, facts);
  return { verdict, reason, ...(often !== undefined && { frequency: often }) };
}

function questionOf(sent: AskedQuestion, words: CatalogueWords): ContentQuestion {
  const reading = checkQuestion(sent, words);
  assert.ok("question" in reading && reading.question.about !== "contact", JSON.stringify(reading));
  return reading.question;
}

/** The places on which `sendersOn` sets a bit. */
function sendersOf(ready: Ready): number[] {
  const found: number[] = [];
  for (let page = 0; page < ready.pages; page += 1) {
    for (const [at, word] of ready.sendersOn(page, 0)?.entries() ?? []) {
      for (let bit = 0; word !== 0 && bit < 32; bit += 1) {
        if (word & (1 << bit)) found.push(page * pagePlaces + at * 32 + bit);
      }
    }
  }
  return found;
}

function countOf(question: ContentQuestion, answers: readonly BriefDecision[]): AudienceCount {
  const sent = answers.filter(({ verdict }) => verdict === "send");
  if (question.about === "alert") return { count: sent.length };
  const frequencies: Record<string, number> = {};
  for (const { frequency: often = "" } of sent) frequencies[often] = (frequencies[often] ?? 0) + 1;
  return { count: sent.length, frequencies };
}

/** What there is to compare after each step. */
interface Seen {
  readonly index: ContentIndex;
  readonly question: ContentQuestion;
  readonly words: CatalogueWords;
  /** Made ready before anything was put. */
  readonly early: Ready;
  /** By subject, the rules' answer. */
  readonly expected: readonly BriefDecision[];
}

describe("an index of organisations' and users' preferences", () => {
  const history = fc.record({
    sent: asked,
    words: fc.constantFrom(...catalogues),
    steps: fc.array(step, { minLength: 1, maxLength: 30 }),
  });
  const forAny = (numRuns: number, check: (seen: Seen) => void): void => {
    const property = fc.property(history, ({ sent, words, steps }) => {
      const index = new ContentIndex();
      const known = subjects.map((): Known => ({ isStopped: false }));
      const question = questionOf(sent, words);
      const early = index.ready(question, words);
      for (const given of steps) {
        take(index, known, given);
        const expected = subjects.map((_, who) => decide(question, words, known, who));
        check({ index, question, words, early, expected });
      }
    });
    fc.assert(property, { numRuns });
  };

  it("answers about everybody as the rules do, whatever came, moved, was stopped or went", () => {
    forAny(150, ({ index, question, words, early, expected }) => {
      for (const ready of [early, index.ready(question, words)]) {
        const answers = places.map((place) => ready.answers[ready.answerAt(place)]);
        assert.deepEqual(answers, expected);
      }
    });
  });

  it("counts those to whom something is sent, by kind and by frequency", () => {
    forAny(150, ({ question, early, expected }) => {
      assert.deepEqual(early.count(), countOf(question, expected));
      assert.deepEqual(early.count("organisation"), countOf(question, expected.slice(0, organisations)));
      assert.deepEqual(early.count("user"), countOf(question, expected.slice(organisations)));
      assert.deepEqual(early.count("customer"), countOf(question, []));
    });
  });

  it("lists those to whom something is sent", () => {
    forAny(50, ({ early, expected }) => {
      const senders = places.filter((_, who) => expected[who]?.verdict === "send");
      assert.deepEqual(
        sendersOf(early),
        senders.toSorted((one, other) => one - other),
      );
    });
  });

  it("uses rows again as if nobody had had them", () => {
    const [words] = catalogues;
    const index = new ContentIndex();
    const ready = index.ready(questionOf({ alertService: "ABC" }, words), words);
    const chosen: EmailPreferences = { ...nothingChosen, alertServices: [{ name: "ABC", preference: "On" }] };
    index.setStopped(1, true);
    index.putPreferences(1, { kind: "user", id: 1 }, chosen);
    index.drop(1);
    index.putPreferences(2, { kind: "organisation", id: 1 }, chosen);
    assert.deepEqual([ready.count(), ready.count("organisation")], [{ count: 1 }, { count: 1 }]);
  });

  it("answers about a place of which it knows nothing as about whom nothing is known", () => {
    const [words] = catalogues;
    const ready = new ContentIndex().ready(questionOf({ alertService: "ABC" }, words), words);
    assert.equal(ready.answerAt(12_345_678), ready.answerToUnknown);
    assert.deepEqual(ready.answers[ready.answerToUnknown], { verdict: "withhold", reason: "never-asked" });
    assert.deepEqual([ready.pages, ready.sendersOn(0, 0)], [0, undefined]);
  });
});

describe("an index of more documents than a page has rows", () => {
  const label = { labels: ["Benin"], node: "Countries" };
  const included: EmailPreferences = {
    alertServices: [],
    frequency: "Daily",
    modules: [{ name: "Publications", preference: "Include" }],
    nodes: [label],
  };
  const custom: EmailPreferences = {
    ...included,
    modules: [{ frequency: "Weekly", name: "Publications", nodes: [label], preference: "Custom" }],
  };
  const [words] = catalogues;
  const question = questionOf({ module: "Publications", metadata: { Countries: ["Benin"] } }, words);
  const index = new ContentIndex();
  const many = pagePlaces + 100;
  for (let id = 1; id <= many; id += 1) {
    index.putPreferences(id, { kind: "organisation", id }, id > pagePlaces ? custom : included);
  }
  for (let id = 1; id <= 300; id += 1) {
    index.putEntry(many + id, { kind: "user", id }, { id, organisation: many - (id % 3) });
    index.setStopped(many + id, id % 2 === 0);
  }
  const ready = index.ready(question, words);

  it("counts the heirs of each of them", () => {
    assert.deepEqual(ready.count(), { count: many + 150, frequencies: { Daily: pagePlaces, Weekly: 250 } });
    assert.deepEqual(ready.count("user"), { count: 150, frequencies: { Weekly: 150 } });
  });

  it("follows what an organisation changes, and uses the rows of documents that went again", () => {
    const turn = () => {
      for (let id = many - 2; id <= many; id += 1) {
        index.putPreferences(id, { kind: "organisation", id }, { ...custom, frequency: "Never" });
        index.putPreferences(id, { kind: "organisation", id }, included);
      }
      return index.bytes;
    };
    assert.equal(turn(), turn());
    assert.deepEqual(ready.count("user"), { count: 150, frequencies: { Daily: 150 } });
    assert.equal(sendersOf(ready).length, many + 150);
  });
});
