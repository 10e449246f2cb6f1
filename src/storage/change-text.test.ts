import assert from "node:assert/strict";
import { describe, it } from "node:test";
import canonicalize from "canonicalize";
import fc from "fast-check";
import type { Draft } from "../domain/change.ts";
import { changeText } from "./change-text.ts";

const text = fc.string({ unit: "binary" });
const json = fc.jsonValue({ stringUnit: "binary" });

/** What the contract of Draft asks of documents: names in sorted order. (Names that look like list indices have none.) */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [`n${name}`, sorted(member)] as const);
  return Object.fromEntries(members.sort(([one], [other]) => (one < other ? -1 : 1)));
}

const draft = fc.record(
  {
    actor: text,
    client: text,
    document: json.map(sorted),
    evidence: fc.dictionary(fc.oneof(text, fc.nat().map(String)), json),
    kind: fc.constantFrom("preferences", "directory", "catalogue"),
    stream: text,
    trackingId: text,
  },
  { requiredKeys: ["actor", "client", "document", "kind", "stream"] },
) as fc.Arbitrary<Draft>;

describe("the text of a change", () => {
  const at = "2026-03-03T14:05:00.000Z";

  it("is its canonical JSON (RFC 8785), as the package canonicalize has it", () => {
    fc.assert(fc.property(draft, (each) => assert.equal(changeText(each, at), canonicalize({ ...each, at }))));
  });

  it("leaves out the addresses, and evidence that says nothing", () => {
    const act = { actor: "Jo", client: "crm", kind: "preferences", stream: "customer:1" as Draft["stream"] } as const;
    const full = { ...act, document: {}, addresses: ["+1"], evidence: { source: undefined } };
    assert.equal(changeText(full, at), canonicalize({ ...act, at, document: {}, evidence: {} }));
  });

  it("is refused for a document that is not JSON", () => {
    const act = { actor: "Jo", client: "crm", kind: "preferences", stream: "customer:1" as Draft["stream"] } as const;
    assert.throws(() => changeText({ ...act, document: undefined }, at), TypeError);
  });
});
