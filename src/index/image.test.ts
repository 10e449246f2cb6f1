import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type CatalogueWords, openCatalogue } from "../domain/catalogue.ts";
import { checkCatalogue } from "../domain/catalogue-check.ts";
import type { Change } from "../domain/change.ts";
import type { CustomerPreferences, Selection } from "../domain/customer-preferences.ts";
import { contactAnswers, decideContact } from "../domain/decide-contact.ts";
import { expiryOf } from "../domain/expiry.ts";
import type { ContactQuestion } from "../domain/question.ts";
import { entryOf, markingStream, preferencesOf, type Stream, suppressionsOf } from "../domain/stream.ts";
import { type Customer, customer, isCustomer, organisation, type Subject, user } from "../domain/subject.ts";
import { type AddressSuppressions, suppress } from "../domain/suppression.ts";
import { type ChangeCode, codeOf } from "../service/change-code.ts";
import type { Asking, CountPart, Narrowed } from "../service/decision-index.ts";
import { markerOf, markOf } from "../service/mark.ts";
import { CodeNames } from "./codes/code-names.ts";
import { CodedPageReader } from "./codes/coded-page.ts";
import { Image } from "./image.ts";

const marking = { key: Buffer.alloc(32, 5).toString("base64") };
const categories = ["Notice", "Offer", "Recall", "Closed", "Gone"];
const channels = ["Text", "Voice", "Email"];
const numbers = ["+12125550100", "+353861234567", "+11233454567", "+447911123456"];
/** Most is about one category and channel: clocks count there, and addresses meet. */
const mostly = (name: string, others: readonly string[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(name) }, { weight: 2, arbitrary: fc.constantFrom(...others) });
const normals = [...numbers, "pat@example.com"];
const now = Date.UTC(2026, 6, 1, 15);
const dayMs = 24 * 60 * 60 * 1000;

function opened(version: number, offer: object, timeZones: object): CatalogueWords {
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
      { name: "Recall", essential: version < 3, expiresAfter: "P1D", quietHours: "00:00-23:59" },
      { name: "Closed", enabled: false, essential: true },
      { name: "Gone", retired: true },
    ],
    frequencies: ["Never", "Daily"],
    nodes: [{ name: "Countries", labels: ["Ireland"] }],
    modules: ["News"],
    timeZones,
  });
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return openCatalogue(checked.catalogue);
}

const zones = { US: ["America/New_York", "Pacific/Honolulu"], IE: ["Europe/Dublin"], CA: ["America/Toronto"] };
const catalogues = [
  opened(1, { expiresAfter: "P6M", quietHours: "21:00-08:00" }, zones),
  opened(2, { expiresAfter: "P1Y1D", quietHours: { Text: "06:00-20:30" } }, {}),
  opened(3, {}, zones),
];

const selection: fc.Arbitrary<Selection> = fc
  .record({
    category: mostly("Offer", [...categories, "Unheard of"]),
    channel: mostly("Text", [...channels, "Unheard of"]),
    choice: fc.constantFrom("opted-in", "opted-in", "opted-out"),
    modified: fc.oneof(
      fc.integer({ min: now - 800 * dayMs, max: now }),
      fc.constantFrom(Date.UTC(2025, 7, 31), Date.UTC(2026, 0, 31, 23), Date.UTC(2024, 1, 29, 12), Number.NaN),
    ),
    type: fc.constantFrom("BPHONE", "SPHONE", "BPHONE", "SPHONE", "OLDPHONE", "BEMAIL", "UNHEARD"),
    isUnconfirmed: fc.integer({ min: 0, max: 5 }).map((number) => number === 0),
    normal: fc.constantFrom(...normals),
  })
  .map(({ modified, isUnconfirmed, ...said }) => {
    const at = Number.isNaN(modified) ? "" : new Date(modified).toISOString();
    const by = { createdAt: at, createdBy: "Jo", modifiedAt: at, modifiedBy: "Jo" };
    return { ...said, ...by, value: said.normal, ...(isUnconfirmed && { unconfirmed: true as const }) };
  });

const document: fc.Arbitrary<CustomerPreferences> = fc.record({
  selections: fc.uniqueArray(selection, {
    selector: ({ category, channel, type }) => `${category}/${channel}/${type}`,
    maxLength: 10,
  }),
});

type Act =
  | { readonly put: number; readonly document: CustomerPreferences }
  | { readonly stop: string; readonly channel?: string }
  | { readonly lift: string }
  | { readonly drop: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ put: fc.integer({ min: 0, max: 5 }), document }) },
  fc.record({ stop: fc.constantFrom(...normals), channel: fc.constantFrom(...channels) }),
  fc.record({ stop: fc.constantFrom(...normals) }),
  fc.record({ lift: fc.constantFrom(...normals) }),
  fc.record({ drop: fc.integer({ min: 0, max: 5 }) }),
);

function changeOf<Document>(stream: Stream<Document>, said: Document): Change<Document> {
  const at = new Date(now).toISOString();
  return { stream, document: said, position: 1, at, kind: "preferences", actor: "Jo", client: "test" };
}

/** An image beside what it is an image of. */
class Told {
  readonly image: Image;
  readonly documents = new Map<Customer, CustomerPreferences>();
  readonly stops = new Map<string, AddressSuppressions>();

  constructor(words: CatalogueWords, names?: CodeNames) {
    this.image = new Image({ words, marking, names });
  }

  act(said: Act): void {
    if ("put" in said) this.put(customer(`00${said.put}`), said.document);
    else if ("drop" in said) this.drop(customer(`00${said.drop}`));
    else if ("lift" in said) this.stop(said.lift, { ever: 9, suppressions: [] });
    else this.stop(said.stop, suppress(this.stops.get(said.stop), { ...said, reason: "manual" }, "").document);
  }

  put(subject: Customer, chosen: CustomerPreferences): void {
    this.documents.set(subject, chosen);
    assert.deepEqual(this.image.put(placeFor(subject), changeOf(preferencesOf(subject), chosen)), []);
  }

  drop(subject: Customer): void {
    this.documents.delete(subject);
    this.image.drop([placeFor(subject)]);
  }

  stop(normal: string, document: AddressSuppressions): void {
    this.stops.set(normal, document);
    const change = changeOf(suppressionsOf(markOf(marking, normal)), document);
    for (const subject of this.image.put(0, change)) {
      assert.ok(isCustomer(subject));
      this.put(subject, this.documents.get(subject) ?? { selections: [] });
    }
    assert.deepEqual(this.image.put(0, change), [], "the same again changes nothing");
  }
}

/** The same, made of codes, without what this catalogue never had; undefined where codes do not say all that is kept. */
function madeOfCodes({ documents, stops }: Told, words: CatalogueWords): Told | undefined {
  const told = new Told(words, CodeNames.of(words));
  if (!told.image.takesCodes) return undefined;
  for (const [normal, document] of stops) told.stop(normal, document);
  for (const [subject, { selections }] of documents) {
    const chosen = { selections: selections.filter((one) => words.slot(one) !== undefined) };
    told.documents.set(subject, chosen);
    const code = codeOf(placeFor(subject), changeOf(preferencesOf(subject), chosen), markerOf(marking));
    assert.ok(code !== undefined);
    const page = new CodedPageReader(pageOf(code));
    assert.deepEqual([page.next(), page.place, page.isWhole, page.subject], [true, code.place, true, subject]);
    assert.equal(told.image.putCoded(page), true);
    assert.equal(page.next(), false);
  }
  for (const _ of told.image.finish());
  return told;
}

function pageOf({ place, position, name, said }: ChangeCode): Buffer {
  return Buffer.concat([Buffer.from(`${place} ${position} ${said.length} `), name, said]);
}

/** Two subjects to a page. */
function placeFor(subject: Subject): number {
  const number = Number(subject.split(":")[1]);
  return (number >> 1) * 65_536 + (number & 1) * 40_000 + 3;
}

function expected(
  { documents, stops }: Told,
  subject: Customer,
  question: ContactQuestion,
  words: CatalogueWords,
  at: number,
) {
  const chosen = documents.get(subject);
  const preferences = chosen && { document: chosen, position: 1 };
  const { verdict, reason } = decideContact(question, {
    words,
    preferences,
    suppressionsOf: (normal) => stops.get(normal),
    at,
  });
  return { verdict, reason };
}

const texts = (asking: Asking) => ({
  before: Buffer.from("<"),
  after: asking.answers.map(({ reason }) => Buffer.from(`> ${reason}\n`)),
});

/** The whole audience, as the parts of it tell. */
function audienceOf(asking: Asking, from: number, room = 60): string[] {
  let written = "";
  for (let next: number | undefined = from; next !== undefined; ) {
    const output = Buffer.alloc(room);
    const part = asking.writeAudience({ from: next }, output, texts(asking));
    written += output.toString("latin1", 0, part.written);
    next = part.next;
  }
  return written.split("\n").slice(0, -1);
}

/** How many they are, counted part by part. */
function counted(asking: Asking, { from = 0, ...narrowed }: Narrowed = {}): number {
  let count = 0;
  for (let next: number | undefined = from; next !== undefined; ) {
    const part: CountPart = asking.count({ ...narrowed, from: next });
    count += part.count;
    next = part.next;
  }
  return count;
}

function check(told: Told, question: ContactQuestion, words: CatalogueWords, at: number): void {
  const asking = told.image.asking(question, words, at);
  assert.ok(asking !== undefined);
  const subjects = Array.from({ length: 7 }, (_, index) => customer(`00${index}`));
  const right = subjects.map((subject) => expected(told, subject, question, words, at));
  assert.deepEqual(
    subjects.map((subject) => asking.answers[asking.answerTo(subject)]),
    right,
  );
  const lines = Buffer.from(subjects.map((subject) => `"${subject}"\n`).join(""));
  const output = Buffer.alloc(1000);
  const { read, lines: count, written } = asking.answerLines(lines, output, texts(asking));
  assert.deepEqual([read, count], [lines.length, 7]);
  const answers = subjects.map((subject, index) => `<${subject}> ${right[index]?.reason}\n`);
  assert.equal(output.toString("latin1", 0, written), answers.join(""));
  const senders = subjects.flatMap((subject, index) =>
    right[index]?.verdict === "send" ? [`<${subject}> ${right[index].reason}`] : [],
  );
  assert.deepEqual(audienceOf(asking, 0), senders);
  assert.deepEqual(counted(asking), senders.length);
  assert.equal(counted(asking, { kind: "user" }), 0);
  const later = senders.filter((line) => !/:00[012]/.test(line));
  assert.deepEqual(audienceOf(asking, placeFor("customer:002") + 1), later);
  assert.equal(counted(asking, { from: placeFor("customer:002") + 1 }), later.length);
}

describe("for any customers, stops, erasures, catalogue and instant, an image", () => {
  it("answers as the rules do, followed or made of codes (law 4)", () => {
    const given = {
      acts: fc.array(act, { maxLength: 14 }),
      words: fc.constantFrom(...catalogues),
      category: mostly("Offer", categories),
      channel: mostly("Text", channels),
      zone: fc.constantFrom(undefined, undefined, "Asia/Tokyo"),
      at: fc.oneof(fc.integer({ min: now - 300 * dayMs, max: now + 900 * dayMs }), fc.constant("edge" as const)),
      off: fc.constantFrom(-1, 0, 1),
    };
    let ofCodes = 0;
    fc.assert(
      fc.property(fc.record(given), ({ acts, words, category, channel, zone, at, off }) => {
        const told = new Told(words);
        const [asked, over] = [words.categories.get(category), words.channels.get(channel)];
        assert.ok(asked !== undefined && over !== undefined);
        const question: ContactQuestion = {
          about: "contact",
          category: asked,
          channel: over,
          ...(zone !== undefined && { timeZone: zone }),
        };
        const edge = instantAtEdge(acts, asked.expiresAfter) + off;
        for (const one of acts) {
          told.act(one);
          if (Math.abs(off) === 1) check(told, question, words, at === "edge" ? edge : at);
        }
        check(told, question, words, at === "edge" ? edge : at);
        check(told, question, words, edge + 1);
        const anew = madeOfCodes(told, words);
        if (anew === undefined) return;
        ofCodes += 1;
        check(anew, question, words, at === "edge" ? edge : at);
        // What comes then is taken in beside what was made of codes.
        for (const one of acts.slice(0, 3)) anew.act(one);
        check(anew, question, words, edge);
      }),
      { numRuns: 150 },
    );
    assert.ok(ofCodes > 20, `${ofCodes} were made of codes`);
  });
});

/** When a consent that was given runs out, or one minute of a quiet hour does. */
function instantAtEdge(acts: readonly Act[], expiresAfter: string | undefined): number {
  const chosen = acts.flatMap((one) => ("put" in one ? one.document.selections : []));
  const [first] = chosen.filter(({ modifiedAt }) => modifiedAt !== "");
  if (first === undefined || expiresAfter === undefined) return Date.UTC(2026, 6, 2, 20);
  return expiryOf(Date.parse(first.modifiedAt), expiresAfter);
}

describe("an image", () => {
  const [first, second, third] = catalogues;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const ask = (words: CatalogueWords, category: string): ContactQuestion => {
    const [asked, over] = [words.categories.get(category), words.channels.get("Text")];
    assert.ok(asked !== undefined && over !== undefined);
    return { about: "contact", category: asked, channel: over };
  };

  it("covers a catalogue that needs no more than its own, and answers no question that needs more", () => {
    const plain = new Image({ words: third, marking });
    assert.equal(plain.covers(third), true);
    assert.equal(plain.covers(first), false);
    assert.equal(plain.asking(ask(first, "Offer"), first, now), undefined);
    assert.notEqual(plain.asking(ask(first, "Notice"), first, now), undefined);
    const full = new Image({ words: first, marking });
    assert.equal(full.covers(first), true);
    assert.equal(full.covers(second), true);
    assert.equal(full.covers(third), false);
  });

  it("answers nothing once an address was stopped by a key that it was not made with", () => {
    for (const change of [
      changeOf(markingStream, marking),
      changeOf(suppressionsOf(markOf(marking, "+12125550100")), { ever: 1, suppressions: [] }),
    ]) {
      const image = new Image({ words: third, marking: undefined });
      assert.equal(image.covers(third), true);
      image.put(1, change);
      assert.equal(image.covers(third), false);
      assert.equal(image.asking(ask(third, "Notice"), third, now), undefined);
    }
  });

  it("tells of users whose address is stopped, and of nobody once they have another", () => {
    const image = new Image({ words: third, marking });
    const stop = suppressionsOf(markOf(marking, "pat@example.com"));
    const entry = { id: 5, email: "Pat@example.com" };
    image.put(3, changeOf(entryOf(user(5)), entry));
    assert.equal(image.placeOf(user(5)), 3);
    const stopped = suppress(undefined, { reason: "manual" }, "").document;
    assert.deepEqual(image.put(9, changeOf(stop, stopped)), [user(5)]);
    image.put(3, changeOf(entryOf(user(5)), { ...entry, email: "other@example.com" }));
    assert.deepEqual(image.put(9, changeOf(stop, { ever: 1, suppressions: [] })), []);
  });

  it("counts its subjects, and forgets those who are dropped wholly", () => {
    const image = new Image({ words: first, marking });
    const chosen = fc.sample(document, { numRuns: 300, seed: 1 });
    for (const [index, one] of chosen.entries()) {
      image.put(index, changeOf(preferencesOf(customer(`${index}`)), one));
    }
    assert.equal(image.figures.subjects, 300);
    assert.ok(image.figures.bytes > 0);
    image.drop([...chosen.keys()]);
    assert.equal(image.figures.subjects, 0);
    for (const normal of normals) {
      const stop = changeOf(
        suppressionsOf(markOf(marking, normal)),
        suppress(undefined, { reason: "manual" }, "").document,
      );
      assert.deepEqual(image.put(0, stop), []);
    }
  });

  it("has each answer of the rules once, those to send first", () => {
    const verdicts = contactAnswers.map(({ verdict }) => verdict);
    assert.equal(new Set(contactAnswers.map(({ reason }) => reason)).size, contactAnswers.length);
    assert.deepEqual([...new Set(verdicts)], ["send", "defer", "withhold"]);
  });

  it("counts a page at a time where the clock counts, so that nothing else waits for long", () => {
    const image = new Image({ words: first, marking });
    const by = { createdBy: "Jo", modifiedBy: "Jo" };
    const at = new Date(now - dayMs).toISOString();
    const yes = { category: "Offer", channel: "Text", choice: "opted-in", type: "BPHONE" } as const;
    const normal = "+12125550100";
    const selections: Selection[] = [{ ...yes, ...by, createdAt: at, modifiedAt: at, normal, value: normal }];
    for (const [id, place] of [4, 70_000, 200_000].entries()) {
      image.put(place, changeOf(preferencesOf(customer(`${id}`)), { selections }));
    }
    const asking = image.asking(ask(first, "Offer"), first, now + dayMs / 4);
    assert.ok(asking !== undefined);
    const parts = [0, 65_536, 131_072, 196_608].map((from) => asking.count({ from }));
    const right = [{ count: 1, next: 65_536 }, { count: 1, next: 131_072 }, { count: 0, next: 196_608 }, { count: 1 }];
    assert.deepEqual(parts, right);
  });

  it("counts those from a place on, and of one kind, as it counts all", () => {
    const image = new Image({ words: third, marking });
    const often = { alertServices: [], frequency: "Daily", nodes: [{ node: "Countries", labels: ["Ireland"] }] };
    const modules = [{ name: "News", preference: "Include" as const }];
    image.put(2, changeOf(preferencesOf(user(2)), { ...often, modules }));
    image.put(70_000, changeOf(preferencesOf(organisation(3)), { ...often, modules }));
    const module = { name: "News", retired: false };
    const labels = new Map([["Countries", new Set(["Ireland"])]]);
    const asking = image.asking({ about: "module", module, labels }, third, now);
    assert.ok(asking !== undefined);
    for (const kind of ["customer", "organisation", "user"] as const) {
      assert.equal(counted(asking, { from: 1, kind }), counted(asking, { kind }), kind);
    }
    assert.deepEqual(asking.count({}), { count: 2, frequencies: { Daily: 2 } });
    for (const from of [70_001, 200_000]) assert.deepEqual(asking.count({ from }), { count: 0, frequencies: {} });
    const [firstPart, lastPart] = [asking.count({ from: 1 }), asking.count({ from: 65_536 })];
    assert.deepEqual(firstPart, { count: 1, frequencies: { Daily: 1 }, next: 65_536 });
    assert.deepEqual(lastPart, { count: 1, frequencies: { Daily: 1 } });
    assert.equal(counted(asking, { from: 3 }), counted(asking, { kind: "organisation" }));
  });
});
