import assert from "node:assert/strict";
import { test } from "node:test";
import { normalForm } from "../../src/domain/address.ts";
import { openCatalogue } from "../../src/domain/catalogue.ts";
import { decideContact } from "../../src/domain/decide-contact.ts";
import { checkQuestion } from "../../src/domain/question.ts";
import { audienceOf, batchOf, countChoices, numbersOf } from "./batches.ts";
import { answerOf, catalogue, cells, choiceOf, common, customerOf, documentOf, rare } from "./customers.ts";

const words = openCatalogue(catalogue);

test("the lines that the model expects are what the rules say", () => {
  for (const cell of cells) {
    const { category, channel } = cell;
    const checked = checkQuestion({ category, channel }, words);
    assert.ok("question" in checked && checked.question.about === "contact");
    for (let number = 0; number < 40; number += 1) {
      const preferences = { document: documentOf(number), position: number };
      const facts = { words, preferences, suppressionsOf: () => undefined, at: Date.now() };
      const { verdict, reason } = decideContact(checked.question, facts);
      const line = answerOf(number, cell, 40);
      assert.equal(line, `${JSON.stringify({ subject: customerOf(number), verdict, reason })}\n`);
    }
  }
  assert.match(answerOf(40, common, 40), /"withhold","reason":"never-asked"/);
});

test("customers have six selections on average, with addresses of their own in normal form", () => {
  const documents = Array.from({ length: 2000 }, (_, number) => documentOf(number));
  const selections = documents.flatMap((document) => document.selections);
  const average = selections.length / documents.length;
  assert.ok(average > 5.5 && average < 6.5, `${average} selections`);
  for (const { channel, normal, value } of selections)
    assert.equal(normalForm(channel === "Email" ? "email" : "phone", value), normal);
  assert.equal(new Set(selections.map(({ normal }) => normal)).size > documents.length, true);
});

test("about half get what is common, and about one in a hundred what is rare", () => {
  const share = (cell: typeof common) => countChoices(numbersOf(10_000, 10_000), cell, 10_000).yes / 10_000;
  assert.ok(share(common) > 0.45 && share(common) < 0.55);
  assert.ok(share(rare) > 0.005 && share(rare) < 0.02);
});

test("a batch asks of each customer once at most, and holds an answer for each line", () => {
  for (const form of ["once", "each"] as const) {
    const { sent, answer, lines } = batchOf(form, 1000, 1000);
    const questions = sent
      .toString()
      .trimEnd()
      .split("\n")
      .slice(form === "once" ? 1 : 0);
    const answers = answer.toString().trimEnd().split("\n");
    assert.deepEqual([questions.length, answers.length, lines], [1000, 1000, 1000]);
    const asked = questions.map((line) => /customer:\d+/.exec(line)?.[0]);
    assert.equal(new Set(asked).size, 1000);
    assert.deepEqual(
      answers.map((line) => /customer:\d+/.exec(line)?.[0]),
      asked,
    );
  }
});

test("an audience is everybody who said yes, in the order of their numbers", () => {
  const { answer, lines } = audienceOf(common, 500);
  const yes = Array.from({ length: 500 }, (_, number) => number).filter(
    (number) => choiceOf(number, common) === "opted-in",
  );
  assert.equal(lines, yes.length);
  assert.equal(answer.toString(), yes.map((number) => `{"subject":"${customerOf(number)}"}\n`).join(""));
});
