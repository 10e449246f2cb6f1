import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { catalogueStream, entryOf, preferencesOf, type Stream } from "../domain/stream.ts";
import { customer, organisation, user } from "../domain/subject.ts";
import { type ChangeCode, checkBytes, codeOf, nameCode } from "./change-code.ts";
import { markerOf } from "./mark.ts";

const marker = markerOf({ key: Buffer.alloc(32, 7).toString("base64") });

function coded(stream: Stream, document: unknown) {
  const change = { actor: "Jo", at: "2026-03-03T14:05:00.123Z", client: "crm", kind: "preferences" as const };
  return codeOf(9, { ...change, document, position: 42, stream }, marker);
}

function selection(type: string, normal: string, rest: object = {}) {
  const at = "2026-03-03T14:05:00.123Z";
  const names = { category: "Offers", channel: "Text", type };
  return {
    ...names,
    choice: "opted-in",
    createdAt: at,
    createdBy: "Jo",
    modifiedAt: at,
    modifiedBy: "Jo",
    normal,
    value: "",
    ...rest,
  };
}

/** The bytes that stand for names, as hexadecimal digits. */
function named(...names: readonly string[]): string {
  return hash("sha256", JSON.stringify(names)).slice(0, 8);
}

function marked(normal: string): string {
  return marker(normal).toString("hex", 0, 12);
}

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");

/** Without its check. */
const saidIn = (code: ChangeCode | undefined) => hex(code?.said.subarray(0, -checkBytes));

describe("the code of a change", () => {
  it("says of a customer's selections all that answers rest on, each address by its mark and once", () => {
    const later = "2026-03-04T00:00:00.000Z";
    const document = {
      selections: [
        selection("BPHONE", "+12025550123"),
        selection("SPHONE", "+12025550123", { choice: "opted-out", modifiedAt: later }),
        selection("TPHONE", "+12025550124", { unconfirmed: true }),
      ],
    };
    const code = coded(preferencesOf(customer("0123")), document);
    assert.deepEqual([code?.place, code?.position], [9, 42]);
    assert.equal(hex(code?.name), "21430000" + "00000000" + "00000100");
    const instant = (text: string) => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(Date.parse(text));
      return bytes.toString("hex");
    };
    const slots = ["BPHONE", "SPHONE", "TPHONE"].map((type) => named("Offers", "Text", type));
    const parts = [
      ["01", "0200", "0200", "03000000"],
      [marked("+12025550123"), marked("+12025550124")],
      [instant("2026-03-03T14:05:00.123Z"), instant(later)],
      [slots[0], "00", "0000", "0000"],
      [slots[1], "01", "0000", "0100"],
      [slots[2], "02", "0100", "0000"],
    ];
    assert.equal(saidIn(code), parts.flat().join(""));
  });

  it("says of e-mail preferences what is asked for, by names", () => {
    const document = {
      alertServices: [{ name: "ABC", preference: "On" }],
      frequency: "Weekly",
      modules: [
        { name: "News", preference: "Off" },
        { frequency: "Daily", name: "Events", nodes: [{ labels: ["Benin"], node: "Countries" }], preference: "Custom" },
      ],
      nodes: [{ labels: ["Algeria", "Benin"], node: "Countries" }],
    };
    const [algeria, benin] = [named("Countries", "Algeria"), named("Countries", "Benin")];
    const parts = [
      ["02", named("Weekly"), "0200", algeria, benin],
      ["0200", named("News"), "01", named("Events"), "02", named("Daily"), "0100", benin],
      ["0100", named("ABC"), "01"],
    ];
    assert.equal(saidIn(coded(preferencesOf(organisation(3)), document)), parts.flat().join(""));
  });

  it("says of a user's entry whose user it is, and the mark of its address", () => {
    const entry = coded(entryOf(user(5)), { email: "Jo@Example.com", id: 5, organisation: 3 });
    assert.equal(hex(entry?.name), "06000000" + "00000000" + "00000300");
    assert.equal(saidIn(entry), `03${"0000000000000840"}01${marked("jo@example.com")}`);
    assert.equal(saidIn(coded(entryOf(user(5)), { id: 5 })), `03${"00".repeat(9)}`);
  });

  it("says nothing of what no index asks for, and holds no choice where a document holds something else", () => {
    const code = coded(catalogueStream, { version: 1 });
    assert.deepEqual([hex(code?.name), saidIn(code)], ["00".repeat(12), ""]);
    assert.equal(saidIn(coded(preferencesOf(customer("1")), { slots: ["a"] })), `01${"00".repeat(8)}`);
    assert.equal(saidIn(coded(preferencesOf(customer("1")), null)), `01${"00".repeat(8)}`);
  });

  it("is not there for a document that has more of anything than it can count, or a word that is none", () => {
    const selections = Array.from({ length: 65_536 }, (_, index) =>
      selection("BPHONE", "+12025550123", { modifiedAt: new Date(index).toISOString() }),
    );
    assert.equal(coded(preferencesOf(customer("1")), { selections }), undefined);
    assert.notEqual(coded(preferencesOf(customer("1")), { selections: selections.slice(1) }), undefined);
    const labels = Array.from({ length: 65_536 }, (_, index) => `Label ${index}`);
    assert.equal(coded(preferencesOf(user(1)), { nodes: [{ labels, node: "Countries" }] }), undefined);
    assert.equal(coded(preferencesOf(user(1)), { modules: [{ name: "News", preference: "odd" }] }), undefined);
  });

  it("tells names apart that read the same side by side", () => {
    assert.notEqual(nameCode("a", "b"), nameCode("ab"));
    assert.notEqual(nameCode("a"), nameCode('["a"]'));
    assert.equal(nameCode("a", "b"), nameCode("a", "b"));
  });
});
