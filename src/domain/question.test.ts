import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openCatalogue } from "./catalogue.ts";
import { checkCatalogue } from "./catalogue-check.ts";
import { type AskedQuestion, aboutOf, checkQuestion, readContactSubject, readContentSubject } from "./question.ts";

const checked = checkCatalogue({
  version: 1,
  channels: ["Text", "Email"],
  categories: ["Service Exception", { name: "Weather", retired: true }],
  frequencies: ["Never"],
  modules: ["Publications", { name: "Events", retired: true }],
  nodes: [
    { name: "Countries", labels: ["Algeria", "Benin", { name: "Zaire", retired: true }] },
    { name: "Regions", retired: true, labels: ["North"] },
  ],
  alertServices: ["Email alert ABC"],
});
assert.ok("catalogue" in checked);
const words = openCatalogue(checked.catalogue);

function faultsOf(asked: AskedQuestion): string[] {
  const reading = checkQuestion(asked, words);
  assert.ok("faults" in reading, JSON.stringify(reading));
  return reading.faults.map(({ problem, path, message }) => `${problem} /${path.join("/")}: ${message}`);
}

describe("a contact question", () => {
  it("names a category and a channel, letter for letter, and may name a time zone", () => {
    const asked = { category: "Service Exception", channel: "Text", timeZone: "America/New_York" };
    const reading = checkQuestion(asked, words);
    assert.ok("question" in reading && reading.question.about === "contact");
    const { category, channel, timeZone } = reading.question;
    assert.deepEqual([category.name, channel.name, timeZone], ["Service Exception", "Text", "America/New_York"]);
  });

  it("may name what is retired: it is known, and is answered", () => {
    assert.ok("question" in checkQuestion({ category: "Weather", channel: "Text" }, words));
  });

  it("is told everything that is unknown, and the names there are", () => {
    assert.deepEqual(faultsOf({ category: "service exception", channel: "Fax", timeZone: "+01:00" }), [
      'category-unknown /category: "service exception" is no category of the catalogue, which has "Service Exception"',
      'channel-unknown /channel: "Fax" is no channel of the catalogue, which has "Text", "Email"',
      "value-invalid /timeZone: must be an IANA time zone, such as Europe/Dublin",
    ]);
  });

  it("is told what is missing, and what is too much", () => {
    assert.deepEqual(faultsOf({ category: "Weather", module: "Events" }), [
      'member-missing /channel: is missing; the question is about "category", "channel"',
      'member-unknown /module: does not go with "category", "channel"; ask one question at a time',
    ]);
    assert.deepEqual(faultsOf({ channel: "Text", metadata: {} }).length, 2);
  });
});

describe("a content question", () => {
  it("names a module and an item's labels by node, in any letter case", () => {
    const metadata = { COUNTRIES: ["algeria", "Algeria", "Zaire"], regions: ["North"] };
    const reading = checkQuestion({ module: "publications", metadata }, words);
    assert.ok("question" in reading && reading.question.about === "module");
    assert.equal(reading.question.module.name, "Publications");
    const labels = [...reading.question.labels].map(([node, found]) => [node, ...found]);
    assert.deepEqual(labels, [["Countries", "Algeria"], ["Regions"]]);
  });

  it("names an alert service", () => {
    const reading = checkQuestion({ alertService: "EMAIL ALERT ABC" }, words);
    assert.ok("question" in reading && reading.question.about === "alert");
    assert.equal(reading.question.alertService.name, "Email alert ABC");
  });

  it("is told everything that is unknown, and what stands there twice", () => {
    const metadata = { Countries: ["Algeria", "Atlantis"], countries: [], Planets: ["Mars"] };
    assert.deepEqual(faultsOf({ module: "Blog", metadata }), [
      'module-unknown /module: "Blog" is no module of the catalogue, which has "Publications"',
      'metadata-unknown /metadata/Countries/1: "Atlantis" is no label of the metadata node "Countries"',
      'name-repeated /metadata/countries: "Countries" stands there twice',
      'metadata-unknown /metadata/Planets: "Planets" is no metadata node of the catalogue, which has "Countries"',
    ]);
    assert.deepEqual(faultsOf({ alertService: "ABC" }), [
      'alert-service-unknown /alertService: "ABC" is no alert service of the catalogue, which has "Email alert ABC"',
    ]);
  });

  it("has its metadata, even if there is none", () => {
    assert.match(String(faultsOf({ module: "Publications" })), /^member-missing \/metadata/);
    assert.match(String(faultsOf({ metadata: {} })), /^member-missing \/module/);
    assert.ok("question" in checkQuestion({ module: "Publications", metadata: {} }, words));
  });
});

it("a question that asks nothing is told what may be asked", () => {
  for (const asked of [{}, { timeZone: "UTC" }]) {
    assert.match(String(faultsOf(asked)), /^member-missing \/: must ask about "category" and "channel"/);
    assert.equal(aboutOf(asked), undefined);
  }
});

it("customers are asked about contact, organisations and users about content", () => {
  assert.deepEqual(readContactSubject("customer:007"), { subject: "customer:007" });
  assert.deepEqual(readContentSubject("organisation:3"), { subject: "organisation:3" });
  assert.deepEqual(readContentSubject("user:5"), { subject: "user:5" });
  for (const text of ["user:5", "organisation:3", "customer:", "customer:x", "", "7"]) {
    const reading = readContactSubject(text);
    assert.ok("fault" in reading && /must be a customer/.test(reading.fault.message), text);
  }
  for (const text of ["customer:5", "user:0", "user:jo@example.com", "users:5"]) {
    const reading = readContentSubject(text);
    assert.ok("fault" in reading && /must be an organisation or a user/.test(reading.fault.message), text);
  }
});
