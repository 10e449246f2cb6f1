import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { normalForm } from "../src/domain/address.ts";
import { type CatalogueWords, openCatalogue } from "../src/domain/catalogue.ts";
import { checkCatalogue } from "../src/domain/catalogue-check.ts";
import type { Recorded } from "../src/domain/change.ts";
import { type CustomerPreferences, type Selection, settleCustomerWish } from "../src/domain/customer-preferences.ts";
import { contactRules, decideContact, selectionRules } from "../src/domain/decide-contact.ts";
import { alertRules, decideContent, type Inherited, moduleRules } from "../src/domain/decide-content.ts";
import { type EmailPreferences, type NodeChoice, settleEmailWish } from "../src/domain/email-preferences.ts";
import { readInstant } from "../src/domain/instant.ts";
import {
  checkQuestion,
  type ContactQuestion,
  type ContentQuestion,
  readContactSubject,
  readContentSubject,
} from "../src/domain/question.ts";
import { organisation } from "../src/domain/subject.ts";
import { type AddressSuppressions, checkSuppression, suppress } from "../src/domain/suppression.ts";
import {
  askedAt,
  type Case,
  type CaseAnswer,
  type CaseEmailPreferences,
  type CaseFile,
  type CaseNodes,
  type CaseSelection,
  caseFiles,
  catalogueNow,
  chosenAt,
} from "./support/cases.ts";

/** The rules, asked a case. */
function answerOf(file: CaseFile, asked: Case): CaseAnswer {
  const given = { asked, before: opened(file.catalogue), now: opened(catalogueNow(file, asked)) };
  const { subject, at = asked.now ?? askedAt, explain, ...question } = asked.question;
  const instant = readInstant(at);
  const reading = checkQuestion(question, given.now);
  assert.ok("question" in reading && "ms" in instant, JSON.stringify(reading));
  return reading.question.about === "contact"
    ? contactAnswer(given, reading.question, subject, instant.ms, explain === true)
    : contentAnswer(given, reading.question, subject);
}

interface Given {
  readonly asked: Case;
  /** The catalogue under which everything was chosen. */
  readonly before: CatalogueWords;
  readonly now: CatalogueWords;
}

function opened(catalogue: object): CatalogueWords {
  const checked = checkCatalogue(catalogue);
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return openCatalogue(checked.catalogue);
}

function contactAnswer(
  given: Given,
  question: ContactQuestion,
  sent: string,
  at: number,
  explain: boolean,
): CaseAnswer {
  const reading = readContactSubject(sent);
  assert.ok("subject" in reading);
  const preferences = customerPreferences(given, reading.subject);
  const byAddress = suppressions(given);
  const facts = { words: given.now, preferences, suppressionsOf: (normal: string) => byAddress.get(normal), at };
  const { addresses, change, notBefore, selections, ...decision } = decideContact(question, facts);
  assert.equal(change, preferences?.position);
  return {
    ...decision,
    ...(addresses.length > 0 && { addresses }),
    ...(notBefore !== undefined && { notBefore: new Date(notBefore).toISOString() }),
    ...(explain && { selections: selections.map((one) => ({ ...one, ...printed(one.notBefore) })) }),
  };
}

function printed(notBefore: number | undefined): object {
  return notBefore === undefined ? {} : { notBefore: new Date(notBefore).toISOString() };
}

function contentAnswer(given: Given, question: ContentQuestion, sent: string): CaseAnswer {
  const reading = readContentSubject(sent);
  assert.ok("subject" in reading);
  const entry = given.asked.users?.[reading.subject];
  const own = emailPreferences(given, reading.subject);
  const normal = entry && normalForm("email", entry.email);
  const { change, ...decision } = decideContent(question, {
    words: given.now,
    own,
    inherited: entry && inherited(given, entry.organisation),
    suppressions: normal === undefined ? undefined : suppressions(given).get(normal),
  });
  assert.equal(change, own?.position ?? (decision.from === undefined ? undefined : positionOf(given, decision.from)));
  return decision;
}

function inherited(given: Given, id: number | undefined): Inherited | undefined {
  const recorded = id === undefined ? undefined : emailPreferences(given, organisation(id));
  return id === undefined || recorded === undefined ? undefined : { ...recorded, from: organisation(id) };
}

/** Each subject's preferences stand at a position of their own. */
function positionOf({ asked }: Given, subject: string): number {
  return Object.keys(asked.preferences ?? {}).indexOf(subject);
}

function customerPreferences(given: Given, subject: string): Recorded<CustomerPreferences> | undefined {
  const chosen = given.asked.preferences?.[subject] as readonly CaseSelection[] | undefined;
  if (chosen === undefined) return undefined;
  const selections = chosen.map((selection) => settled(selection, given.before));
  return { document: { selections }, position: positionOf(given, subject) };
}

function settled(
  { category, channel, type, value, choice, at, unconfirmed }: CaseSelection,
  words: CatalogueWords,
): Selection {
  const wish = { preferences: [{ category, channels: [{ name: channel, selections: [{ type, value, choice }] }] }] };
  const context = { words, actor: "Jo", at: at ?? chosenAt, replace: false };
  const outcome = settleCustomerWish(undefined, wish, context);
  assert.ok("document" in outcome, JSON.stringify(outcome));
  const [selection] = outcome.document.selections;
  assert.ok(selection !== undefined);
  return unconfirmed ? { ...selection, unconfirmed } : selection;
}

function emailPreferences(given: Given, subject: string): Recorded<EmailPreferences> | undefined {
  const chosen = given.asked.preferences?.[subject] as CaseEmailPreferences | undefined;
  if (chosen === undefined) return undefined;
  const { frequency, nodes, modules = {}, alertServices = {} } = chosen;
  const wish = {
    frequency,
    nodes: nodesOf(nodes),
    modules: Object.entries(modules).map(([name, said]) =>
      typeof said === "string"
        ? { name, preference: said }
        : { name, preference: "Custom", frequency: said.frequency, nodes: nodesOf(said.nodes) },
    ),
    alertServices: Object.entries(alertServices).map(([name, preference]) => ({ name, preference })),
  };
  const outcome = settleEmailWish(undefined, wish, given.before);
  assert.ok("document" in outcome, JSON.stringify(outcome));
  return { document: outcome.document, position: positionOf(given, subject) };
}

function nodesOf(nodes: CaseNodes = {}): NodeChoice[] {
  return Object.entries(nodes).map(([node, labels]) => ({ labels, node }));
}

function suppressions({ asked, before }: Given): ReadonlyMap<string, AddressSuppressions> {
  const byAddress = new Map<string, AddressSuppressions>();
  for (const sent of asked.suppressions ?? []) {
    const checked = checkSuppression(sent, before);
    assert.ok("wish" in checked, JSON.stringify(checked));
    const { address } = checked.wish;
    byAddress.set(address, suppress(byAddress.get(address), checked.wish, chosenAt).document);
  }
  return byAddress;
}

for (const file of caseFiles) {
  describe(`the rules, asked the cases of ${file.name}.json`, () => {
    for (const asked of file.cases) {
      it(asked.title, () => assert.deepEqual(answerOf(file, asked), asked.answer));
    }
  });
}

describe("the cases", () => {
  const cases = caseFiles.flatMap((file) => file.cases);

  it("have titles that differ", () => {
    assert.equal(new Set(cases.map(({ title }) => title)).size, cases.length);
  });

  it("have at least two for each rule", () => {
    const lists = [
      { rules: [...contactRules, ...selectionRules], member: "category" },
      { rules: moduleRules, member: "module" },
      { rules: alertRules, member: "alertService" },
    ] as const;
    const few = lists.flatMap(({ rules, member }) => {
      const asked = cases.filter(({ question }) => question[member] !== undefined);
      return rules
        .filter(({ reason }) => asked.filter(({ answer }) => answer.reason === reason).length < 2)
        .map(({ reason }) => `${member}: ${reason}`);
    });
    assert.deepEqual(few, []);
  });
});
