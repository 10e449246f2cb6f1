import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openCatalogue } from "../../domain/catalogue.ts";
import { checkCatalogue } from "../../domain/catalogue-check.ts";
import { nameCode } from "../../service/change-code.ts";
import { CodeNames } from "./code-names.ts";

function namesOf(labels: readonly string[], categories: readonly string[] = ["Offers"]): CodeNames | undefined {
  const checked = checkCatalogue({
    version: 1,
    channels: ["Text"],
    types: [{ name: "BPHONE", channels: ["Text"], kind: "phone" }],
    categories,
    frequencies: ["Daily", "Never"],
    nodes: [{ name: "Countries", labels }],
    modules: ["News"],
    alertServices: ["ABC"],
  });
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return CodeNames.of(openCatalogue(checked.catalogue));
}

describe("the names in codes", () => {
  it("are found by what stands for them", () => {
    const names = namesOf(["Algeria", "Benin"]);
    assert.deepEqual(names?.labels.get(nameCode("Countries", "Benin")), { node: "Countries", label: "Benin" });
    assert.deepEqual(names?.slots.get(nameCode("Offers", "Text", "BPHONE")), {
      category: "Offers",
      channel: "Text",
      type: "BPHONE",
    });
    for (const word of ["Daily", "News", "ABC"]) assert.equal(names?.words.get(nameCode(word)), word);
  });

  it("are not read by a catalogue in which two have the same number", () => {
    const [one, other] = twoAlike();
    assert.equal(nameCode("Countries", one), nameCode("Countries", other));
    assert.notEqual(namesOf([one]), undefined);
    assert.equal(namesOf([one, other]), undefined);
  });
});

/** Two labels whose numbers are the same: among so many there are some. */
function twoAlike(): readonly [string, string] {
  const byCode = new Map<number, string>();
  for (let number = 0; ; number += 1) {
    const label = `Label ${number}`;
    const code = nameCode("Countries", label);
    const known = byCode.get(code);
    if (known !== undefined) return [known, label];
    byCode.set(code, label);
  }
}
