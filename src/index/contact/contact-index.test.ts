import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CatalogueWords, openCatalogue } from "../../domain/catalogue.ts";
import { checkCatalogue } from "../../domain/catalogue-check.ts";
import type { Selection } from "../../domain/customer-preferences.ts";
import type { ContactQuestion } from "../../domain/question.ts";
import { ContactIndex } from "./contact-index.ts";
import type { Ready } from "../ready.ts";

const types = Array.from({ length: 10 }, (_, index) => `T${index}`);
const customers = 2 ** types.length;
const [day, night] = [Date.UTC(2026, 6, 1, 12), Date.UTC(2026, 6, 1, 23)];

function opened(): CatalogueWords {
  const checked = checkCatalogue({
    version: 1,
    channels: [{ name: "Text", timeZone: "Europe/Dublin" }],
    types: types.map((name) => ({ name, channels: ["Text"], kind: "phone" })),
    categories: [{ name: "Offer", quietHours: "21:00-08:00" }],
    frequencies: ["Never"],
  });
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return openCatalogue(checked.catalogue);
}

/** What a customer chose: each has a pattern of its own, and who has a yes among it is sent something. */
function selectionsOf(place: number): Selection[] {
  return types.map((type, bit) => ({
    category: "Offer",
    channel: "Text",
    choice: (place >> bit) & 1 ? "opted-in" : "opted-out",
    createdAt: "",
    createdBy: "Jo",
    modifiedAt: "",
    modifiedBy: "Jo",
    normal: `+35386123456${bit}`,
    type,
    value: "",
  }));
}

describe("a contact question where hardly two customers chose the same", () => {
  const words = opened();
  const [category, channel] = [words.categories.get("Offer"), words.channels.get("Text")];
  assert.ok(category !== undefined && channel !== undefined);
  const question: ContactQuestion = { about: "contact", category, channel };
  const indexed = () => {
    const index = new ContactIndex(words, () => []);
    for (let place = 0; place < customers; place += 1) index.put(place, { selections: selectionsOf(place) });
    return index;
  };
  const ask = (index: ContactIndex, at: number): Ready => {
    const ready = index.ready(question, words, at);
    assert.ok(ready !== undefined);
    return ready;
  };
  const reasonAt = (ready: Ready, place: number) => ready.answers[ready.answerAt(place)]?.reason;

  it("is answered about one at once, and made ready for all in turns", () => {
    const ready = ask(indexed(), day);
    assert.deepEqual([reasonAt(ready, 0), reasonAt(ready, 77)], ["opted-out", "opted-in"]);
    let turns = 1;
    while (!ready.prepare()) turns += 1;
    assert.ok(turns > 2, `${turns}`);
    assert.deepEqual(ready.count(), { count: customers - 1 });
    assert.equal(ready.prepare(), true);
  });

  it("is ready in the end, though others ask for another time of day meanwhile", () => {
    const index = indexed();
    for (let turn = 0; turn < 10; turn += 1) for (const at of [day, night]) ask(index, at).prepare();
    assert.deepEqual(ask(index, day).count(), { count: customers - 1 });
    assert.deepEqual(ask(index, night).count(), { count: 0 });
    assert.equal(reasonAt(ask(index, night), 77), "quiet-hours");
  });

  it("is answered by what is chosen now, though a pattern's number was another's before", () => {
    const index = indexed();
    const ready = ask(index, day);
    while (!ready.prepare());
    index.drop(0);
    index.put(customers, { selections: selectionsOf(5).slice(0, 1) });
    assert.deepEqual([reasonAt(ready, 0), reasonAt(ready, customers)], ["never-asked", "opted-in"]);
    assert.equal(ready.prepare(), true);
    assert.deepEqual(ready.count(), { count: customers });
  });

  it("is answered about many as about each, before all is judged and when a pattern's number is another's", () => {
    const index = indexed();
    const ready = ask(index, day);
    const places = Int32Array.from({ length: customers }, (_, place) => place + 1);
    const reasons = () => {
      const answers = new Uint16Array(customers);
      ready.answersAt(places, customers, answers);
      return Array.from(answers, (answer) => ready.answers[answer]?.reason);
    };
    const each = () => Array.from(places, (place) => reasonAt(ask(index, day), place - 1));
    assert.deepEqual(reasons(), each());
    assert.deepEqual(new Set(reasons().slice(1)), new Set(["opted-in"]));
    while (!ready.prepare());
    index.drop(3);
    // All of a customer's types are said no to: there is a pattern of its own for each that is left out.
    for (const place of [3, 700]) index.put(place, { selections: selectionsOf(0).slice(place % 7) });
    assert.deepEqual(reasons(), each());
    assert.deepEqual([reasons()[3], reasons()[700]], ["opted-out", "opted-out"]);
  });
});
