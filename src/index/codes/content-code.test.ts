import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openCatalogue } from "../../domain/catalogue.ts";
import { checkCatalogue } from "../../domain/catalogue-check.ts";
import type { EmailPreferences } from "../../domain/email-preferences.ts";
import { entryOf, preferencesOf, type Stream } from "../../domain/stream.ts";
import { user } from "../../domain/subject.ts";
import { codeOf } from "../../service/change-code.ts";
import { markerOf } from "../../service/mark.ts";
import { CodeNames } from "./code-names.ts";
import { emailPreferencesIn, entryIn } from "./content-code.ts";

const marker = markerOf({ key: Buffer.alloc(32, 7).toString("base64") });

function saidBy(stream: Stream, document: unknown): DataView {
  const act = { actor: "Jo", at: "2026-03-03T14:05:00.123Z", client: "crm", kind: "preferences" as const };
  const code = codeOf(1, { ...act, document, position: 1, stream }, marker);
  assert.ok(code !== undefined);
  return new DataView(code.said.buffer, code.said.byteOffset, code.said.byteLength);
}

function names(): CodeNames {
  const checked = checkCatalogue({
    version: 1,
    channels: ["Text"],
    types: [{ name: "BPHONE", channels: ["Text"], kind: "phone" }],
    categories: ["Offers"],
    frequencies: ["Daily", "Weekly", "Never"],
    nodes: [
      { name: "Countries", labels: ["Algeria", "Benin"] },
      { name: "Trades", labels: ["Algeria", "Smiths"] },
    ],
    modules: ["News", "Events", "Publications"],
    alertServices: ["ABC", "XYZ"],
  });
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return CodeNames.of(openCatalogue(checked.catalogue)) ?? assert.fail("two names have the same number");
}

const nodes = [
  { labels: ["Algeria", "Benin"], node: "Countries" },
  { labels: ["Algeria"], node: "Trades" },
];
const chosen: EmailPreferences = {
  alertServices: [
    { name: "ABC", preference: "On" },
    { name: "XYZ", preference: "Off" },
  ],
  frequency: "Weekly",
  modules: [
    { name: "News", preference: "Include" },
    { name: "Events", preference: "Off" },
    { frequency: "Daily", name: "Publications", nodes: [{ labels: ["Smiths"], node: "Trades" }], preference: "Custom" },
  ],
  nodes,
};

describe("a code of e-mail preferences", () => {
  it("says the whole document", () => {
    assert.deepEqual(emailPreferencesIn(saidBy(preferencesOf(user(1)), chosen), 1, names()), chosen);
    const nothing = { alertServices: [], frequency: "Never", modules: [], nodes: [] };
    assert.deepEqual(emailPreferencesIn(saidBy(preferencesOf(user(1)), nothing), 1, names()), nothing);
  });

  it("says nothing of a node without labels, nor a frequency that is not there", () => {
    const modules = [{ name: "News", nodes: [], preference: "Custom" as const }];
    const document = { ...chosen, modules, nodes: [{ labels: [], node: "Trades" }] };
    const said = emailPreferencesIn(saidBy(preferencesOf(user(1)), document), 1, names());
    assert.deepEqual(said, { ...document, nodes: [] });
  });

  it("cannot be read where it names what the catalogue never had", () => {
    const odd: readonly Partial<EmailPreferences>[] = [
      { frequency: "Hourly" },
      { nodes: [{ labels: ["Chad"], node: "Countries" }] },
      { modules: [{ name: "Jobs", preference: "Off" }] },
      { alertServices: [{ name: "DEF", preference: "On" }] },
    ];
    for (const part of odd) {
      const said = saidBy(preferencesOf(user(1)), { ...chosen, ...part });
      assert.equal(emailPreferencesIn(said, 1, names()), undefined, JSON.stringify(part));
    }
  });
});

describe("a code of an entry", () => {
  it("says whose user it is, and the mark of its address", () => {
    const mark = marker("jo@example.com");
    const marks = [[mark.readInt32BE(0), mark.readInt32BE(4), mark.readInt32BE(8)]];
    const entry = { email: "Jo@example.com", id: 1, organisation: 999_999_999_999_999 };
    assert.deepEqual(entryIn(saidBy(entryOf(user(1)), entry), 1), { organisation: 999_999_999_999_999, marks });
    assert.deepEqual(entryIn(saidBy(entryOf(user(1)), { id: 1 }), 1), { marks: [] });
  });
});
