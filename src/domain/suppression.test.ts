import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openCatalogue } from "./catalogue.ts";
import { checkCatalogue } from "./catalogue-check.ts";
import {
  type AddressSuppressions,
  checkSuppression,
  isSuppressed,
  lift,
  type SuppressionWish,
  suppress,
  suppressionReasons,
} from "./suppression.ts";

const at = "2026-03-03T14:05:00.000Z";
const later = "2026-03-04T00:00:00.000Z";
const address = "+11233454567";

type Wish = Omit<SuppressionWish, "address">;

function suppressed(...wishes: Wish[]): AddressSuppressions | undefined {
  return wishes.reduce<AddressSuppressions | undefined>(
    (current, wish) => suppress(current, wish, at).document,
    undefined,
  );
}

describe("a suppression", () => {
  it("stops one channel, or all", () => {
    const texts = suppressed({ channel: "Text", reason: "stop-keyword" });
    assert.equal(isSuppressed(texts, "Text"), true);
    assert.equal(isSuppressed(texts, "Voice"), false);
    assert.equal(isSuppressed(texts), true);
    assert.equal(isSuppressed(suppressed({ reason: "legal" }), "Voice"), true);
    assert.equal(isSuppressed(undefined, "Voice"), false);
    assert.equal(isSuppressed(undefined), false);
  });

  it("is recorded once: the same channel for the same reason keeps the first's time", () => {
    const wish: Wish = { channel: "Text", reason: "manual" };
    const first = suppress(undefined, wish, at);
    const again = suppress(first.document, wish, later);
    assert.equal(again.document, first.document);
    assert.equal(again.number, first.number);
  });

  it("is another one for another channel, for all channels, or for another reason", () => {
    const document = suppressed(
      { channel: "Text", reason: "manual" },
      { channel: "Voice", reason: "manual" },
      { reason: "manual" },
      { channel: "Text", reason: "complaint" },
    );
    assert.deepEqual(
      document?.suppressions.map(({ number }) => number),
      [1, 2, 3, 4],
    );
  });

  it("is lifted by its number, and leaves the others", () => {
    const both = suppressed({ channel: "Text", reason: "hard-bounce" }, { channel: "Text", reason: "stop-keyword" });
    const one = lift(both, 1);
    assert.equal(isSuppressed(one, "Text"), true);
    assert.equal(lift(one, 1), undefined);
    const none = lift(one, 2);
    assert.equal(isSuppressed(none), false);
    assert.equal(lift(undefined, 1), undefined);
    assert.equal(lift(both, 3), undefined);
  });

  it("never has the number of one that was lifted", () => {
    const lifted = lift(suppressed({ reason: "manual" }), 1);
    assert.deepEqual(suppress(lifted, { reason: "manual" }, later), {
      document: { ever: 2, suppressions: [{ at: later, number: 2, reason: "manual" }] },
      number: 2,
    });
  });

  it("says nothing of its address, and has its keys in sorted order", () => {
    const wish: SuppressionWish = { address, channel: "Text", reason: "stop-keyword" };
    assert.equal(
      JSON.stringify(suppress(undefined, wish, at).document),
      `{"ever":1,"suppressions":[{"at":"${at}","channel":"Text","number":1,"reason":"stop-keyword"}]}`,
    );
  });
});

it("an address is stopped for every reason there is", () => {
  for (const reason of suppressionReasons) assert.equal(isSuppressed(suppressed({ reason }), "Text"), true, reason);
});

describe("a stop that is sent", () => {
  const checked = checkCatalogue({
    version: 1,
    channels: ["Text", { name: "Fax", retired: true }],
    frequencies: ["Never"],
  });
  assert.ok("catalogue" in checked);
  const words = openCatalogue(checked.catalogue);

  it("names an address of either kind, in any spelling", () => {
    assert.deepEqual(checkSuppression({ address: "1233454567", channel: "Text", reason: "complaint" }, words), {
      wish: { address, channel: "Text", reason: "complaint" },
    });
    assert.deepEqual(checkSuppression({ address: "Jo@Example.com", reason: "hard-bounce" }, words), {
      wish: { address: "jo@example.com", reason: "hard-bounce" },
    });
  });

  it("may name a retired channel: to stop is always possible", () => {
    assert.ok("wish" in checkSuppression({ address, channel: "Fax", reason: "manual" }, words));
  });

  it("is told every fault, and never its address", () => {
    const checked = checkSuppression({ address: "12", channel: "Email", reason: "annoyed" }, words);
    assert.ok("faults" in checked);
    assert.deepEqual(
      checked.faults.map(({ problem, path }) => [problem, ...path]),
      [
        ["address-invalid", "address"],
        ["channel-unknown", "channel"],
        ["value-invalid", "reason"],
      ],
    );
    assert.match(checked.faults[1]?.message ?? "", /which has "Text"$/);
    assert.match(checked.faults[2]?.message ?? "", /"hard-bounce", "complaint", "stop-keyword"/);
  });
});
