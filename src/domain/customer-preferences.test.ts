import assert from "node:assert/strict";
import { test } from "node:test";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { normalForm } from "./address.ts";
import { type CatalogueWords, openCatalogue } from "./catalogue.ts";
import { checkCatalogue } from "./catalogue-check.ts";
import {
  type Choice,
  type CustomerPreferences,
  type CustomerWish,
  inPrintOrder,
  settleCustomerWish,
  type Selection,
} from "./customer-preferences.ts";

type Slot = { category: string; channel: string; type: string };
type Flat = Slot & { value: string; choice: Choice };

const phone = ["Text", "Voice"];
const fullCatalogue = {
  version: 1,
  channels: ["Text", "Email", "Voice"],
  types: [
    { name: "BPHONE", channels: phone, kind: "phone" },
    { name: "SPHONE", channels: phone, kind: "phone" },
    { name: "BEMAIL", channels: ["Email"], kind: "email" },
  ],
  categories: ["Service Notification", "Service Exception"],
  frequencies: ["Never"],
};
const retire = (names: readonly (string | object)[]) =>
  names.map((word) => ({ ...(typeof word === "string" ? { name: word } : word), retired: true }));

const words = wordsOf(fullCatalogue);
const retiredCategories = wordsOf({ ...fullCatalogue, categories: retire(fullCatalogue.categories) });
const retiredChannels = wordsOf({ ...fullCatalogue, channels: retire(fullCatalogue.channels) });
const retiredTypes = wordsOf({ ...fullCatalogue, types: retire(fullCatalogue.types) });
const movedTypes = wordsOf({
  ...fullCatalogue,
  types: fullCatalogue.types.map((type) => ({ ...type, channels: type.kind === "phone" ? ["Email"] : ["Text"] })),
});

const slots: Slot[] = fullCatalogue.categories.flatMap((category) =>
  fullCatalogue.types.flatMap(({ name, channels }) => channels.map((channel) => ({ category, channel, type: name }))),
);
const seedSlot = { category: "Service Exception", channel: "Text", type: "BPHONE" };
const seed: Flat = { ...seedSlot, value: "1233454567", choice: "opted-in" };

function wordsOf(catalogue: unknown): CatalogueWords {
  const checked = checkCatalogue(catalogue);
  assert.ok("catalogue" in checked, JSON.stringify(checked));
  return openCatalogue(checked.catalogue);
}

function wishOf(...selections: Flat[]): CustomerWish {
  return {
    preferences: selections.map(({ category, channel, ...selection }) => ({
      category,
      channels: [{ name: channel, selections: [selection] }],
    })),
  };
}

function attempt(
  current: CustomerPreferences | undefined,
  wish: CustomerWish,
  how: { words?: CatalogueWords; actor?: string; at?: string; replace?: boolean } = {},
) {
  const context = { words, actor: "johnm", at: "2026-03-01T09:00:00.000Z", replace: false, ...how };
  return settleCustomerWish(current, wish, context);
}

function settled(...args: Parameters<typeof attempt>): { readonly document: CustomerPreferences } {
  const result = attempt(...args);
  assert.ok("document" in result, JSON.stringify(result));
  return result;
}

function faultsOf(...args: Parameters<typeof attempt>) {
  const result = attempt(...args);
  assert.ok("faults" in result, "the wish is refused");
  return result.faults;
}

const slotOf = ({ category, channel, type }: Slot) => `${category}/${channel}/${type}`;
const later = { actor: "csr42", at: "2026-04-01T09:00:00.000Z" };

const phones = fc.constantFrom("7135550100", "7135550101", "+447911123456", "+4407911123456");
const emails = fc.constantFrom("pat@example.com", "Pat@Example.com", "lee@example.com");
const selection: fc.Arbitrary<Flat> = fc
  .tuple(fc.constantFrom(...slots), phones, emails, fc.constantFrom<Choice>("opted-in", "opted-out"))
  .map(([slot, number, email, choice]) => ({ ...slot, value: slot.channel === "Email" ? email : number, choice }));
const flatWish = fc.uniqueArray(selection, { selector: slotOf, maxLength: 8 });
const history = fc.array(flatWish, { maxLength: 4 });

function after(wishes: readonly Flat[][]): CustomerPreferences | undefined {
  const step = (current: CustomerPreferences | undefined, wish: Flat[], index: number) =>
    settled(current, wishOf(...wish), { at: `2026-01-0${index + 1}T00:00:00.000Z`, actor: `actor ${index}` }).document;
  return wishes.reduce<CustomerPreferences | undefined>(step, undefined);
}

test("a first selection is created and modified by the same actor at the same time", () => {
  const { document } = settled(undefined, wishOf(seed));
  assert.deepEqual(document, {
    selections: [
      {
        ...seed,
        createdAt: "2026-03-01T09:00:00.000Z",
        createdBy: "johnm",
        modifiedAt: "2026-03-01T09:00:00.000Z",
        modifiedBy: "johnm",
        normal: "+11233454567",
      },
    ],
  });
});

test("nothing chosen is a document without selections", () => {
  assert.deepEqual(settled(undefined, { preferences: [] }), { document: { selections: [] } });
});

test("a slot sent back with the same address and choice keeps its audit fields", () => {
  const { document } = settled(undefined, wishOf(seed));
  const again = settled(document, wishOf(seed), later);
  assert.equal(again.document, document);
});

test("another spelling of the same address replaces the spelling alone", () => {
  const { document } = settled(undefined, wishOf(seed));
  const respelt = settled(document, wishOf({ ...seed, value: "+11233454567" }), later);
  assert.deepEqual(respelt.document.selections, [{ ...document.selections[0], value: "+11233454567" }]);
});

test("a changed choice or address keeps who created it and records who modified it", () => {
  const { document } = settled(undefined, wishOf(seed));
  const stamp = { modifiedAt: later.at, modifiedBy: later.actor };
  const out = settled(document, wishOf({ ...seed, choice: "opted-out" }), later);
  assert.deepEqual(out.document.selections, [{ ...document.selections[0], choice: "opted-out", ...stamp }]);
  const moved = settled(document, wishOf({ ...seed, value: "7135550100" }), later);
  const address = { value: "7135550100", normal: "+17135550100" };
  assert.deepEqual(moved.document.selections, [{ ...document.selections[0], ...address, ...stamp }]);
});

test("a replacing wish drops the slots that it does not mention", () => {
  const other = { ...seed, channel: "Voice" };
  const { document } = settled(undefined, wishOf(seed, other));
  const left = settled(document, wishOf(other), { ...later, replace: true });
  assert.deepEqual(left.document.selections, [document.selections[1]]);
  assert.deepEqual(settled(document, { preferences: [] }, { replace: true }).document, { selections: [] });
});

test("unknown names are each named with the known ones, at their places", () => {
  const wish: CustomerWish = {
    preferences: [
      { category: "Service Foo", channels: [] },
      { category: "service exception", channels: [{ name: "Text", selections: [] }] },
      {
        category: "Service Exception",
        channels: [
          { name: "Fax", selections: [{ type: "BPHONE", value: "1", choice: "opted-in" }] },
          { name: "Text", selections: [{ type: "HPHONE", value: "1", choice: "opted-in" }] },
        ],
      },
    ],
  };
  assert.deepEqual(faultsOf(undefined, wish), [
    {
      problem: "category-unknown",
      path: ["preferences", 0, "category"],
      message: '"Service Foo" is no category of the catalogue, which has "Service Notification", "Service Exception"',
    },
    {
      problem: "category-unknown",
      path: ["preferences", 1, "category"],
      message:
        '"service exception" is no category of the catalogue, which has "Service Notification", "Service Exception"',
    },
    {
      problem: "channel-unknown",
      path: ["preferences", 2, "channels", 0, "name"],
      message: '"Fax" is no channel of the catalogue, which has "Text", "Email", "Voice"',
    },
    {
      problem: "address-invalid",
      path: ["preferences", 2, "channels", 0, "selections", 0, "value"],
      message: "must be a possible phone number: ten digits, read as +1, or + and all digits from the country code on",
    },
    {
      problem: "type-unknown",
      path: ["preferences", 2, "channels", 1, "selections", 0, "type"],
      message: '"HPHONE" is no selection type of the catalogue, which has "BPHONE", "SPHONE", "BEMAIL"',
    },
  ]);
});

test("a type goes with its channels only", () => {
  const phoneOnEmail = faultsOf(undefined, wishOf({ ...seed, channel: "Email" }));
  assert.deepEqual(phoneOnEmail, [
    {
      problem: "type-misplaced",
      path: ["preferences", 0, "channels", 0, "selections", 0, "type"],
      message: '"BPHONE" does not go with "Email", but with "Text", "Voice"',
    },
  ]);
  const emailOnText = faultsOf(undefined, wishOf({ ...seed, type: "BEMAIL", value: "a@b.example" }));
  assert.deepEqual(
    emailOnText.map(({ problem }) => problem),
    ["type-misplaced"],
  );
});

test("the same slot twice is refused at the second place", () => {
  const faults = faultsOf(undefined, wishOf(seed, { ...seed, channel: "Voice" }, { ...seed, choice: "opted-out" }));
  assert.deepEqual(
    faults.map(({ problem, path }) => [problem, path]),
    [["slot-repeated", ["preferences", 2, "channels", 0, "selections", 0]]],
  );
});

test("a refused address is repeated in no message, wherever it was sent", () => {
  const texts = ["pat@example", "+1 (713) 555-0100", "713.555.0100", "not@an@address", "0044 7911 123456"];
  for (const text of texts) {
    for (const member of ["category", "channel", "type", "value"]) {
      const faults = faultsOf(undefined, wishOf({ ...seed, type: "SPHONE", [member]: text }));
      assert.ok(!JSON.stringify(faults.map(({ message }) => message)).includes(text), `${member} ${text}`);
    }
  }
});

test("a retired name is refused when it is new or changed, at its place", () => {
  const place = ["preferences", 0, "channels", 0, "selections", 0];
  for (const [retired, path, what] of [
    [retiredCategories, place, 'category "Service Exception"'],
    [retiredChannels, place, 'channel "Text"'],
    [retiredTypes, [...place, "type"], 'selection type "BPHONE"'],
  ] as const) {
    const message = `the ${what} is retired: what was chosen under it stays, but nothing new is taken`;
    const expected = [{ problem: "name-retired", path, message }];
    assert.deepEqual(faultsOf(undefined, wishOf(seed), { words: retired }), expected);
    assert.deepEqual(faultsOf(undefined, wishOf({ ...seed, choice: "opted-out" }), { words: retired }), expected);
    const { document } = settled(undefined, wishOf({ ...seed, choice: "opted-out" }));
    assert.deepEqual(faultsOf(document, wishOf(seed), { words: retired }), expected);
    const moved = wishOf({ ...seed, choice: "opted-out", value: "7135550100" });
    assert.deepEqual(faultsOf(document, moved, { words: retired }), expected);
  }
});

test("a stored selection that this catalogue does not know is kept", () => {
  const { document } = settled(undefined, wishOf(seed));
  const older = wordsOf({ ...fullCatalogue, categories: ["Service Notification"] });
  const wish = wishOf({ ...seed, category: "Service Notification" });
  assert.deepEqual(settled(document, wish, { words: older }).document.selections.map(slotOf), [
    "Service Exception/Text/BPHONE",
    "Service Notification/Text/BPHONE",
  ]);
});

test("a no is never refused: what exists can be turned to opted-out under any later catalogue, and nothing else moves", () => {
  const catalogues = fc.constantFrom(words, retiredCategories, retiredChannels, retiredTypes, movedTypes);
  fc.assert(
    fc.property(history, fc.nat(), catalogues, (wishes, pick, known) => {
      const current = after(wishes);
      const target = current?.selections[pick % Math.max(current.selections.length, 1)];
      if (current === undefined || target === undefined) return;
      const { category, channel, type, value } = target;
      const wish = wishOf({ category, channel, type, value, choice: "opted-out" });
      const { document } = settled(current, wish, { ...later, words: known });
      const expected = (before: Selection): Selection =>
        before !== target || before.choice === "opted-out"
          ? before
          : { ...before, choice: "opted-out", modifiedAt: later.at, modifiedBy: later.actor };
      assert.deepEqual(document.selections, current.selections.map(expected));
    }),
  );
});

test("what is read back can be sent again under any later catalogue and changes nothing", () => {
  const catalogues = fc.constantFrom(words, retiredCategories, retiredChannels, retiredTypes, movedTypes);
  fc.assert(
    fc.property(history, catalogues, fc.boolean(), (wishes, known, replace) => {
      const current = after(wishes);
      if (current === undefined) return;
      const back = settled(current, wishOf(...current.selections), { ...later, words: known, replace });
      assert.equal(back.document, current);
    }),
  );
});

test("the same wish again changes nothing", () => {
  fc.assert(
    fc.property(history, flatWish, fc.boolean(), (wishes, wish, replace) => {
      const { document } = settled(after(wishes), wishOf(...wish), { replace });
      const again = settled(document, wishOf(...wish), { ...later, replace });
      assert.equal(again.document, document);
    }),
  );
});

test("the document holds what was there and what was asked for, in that order, and nothing that was never asked", () => {
  fc.assert(
    fc.property(history, flatWish, fc.boolean(), (wishes, wish, replace) => {
      const before = after(wishes)?.selections ?? [];
      const mentioned = new Set(wish.map(slotOf));
      const kept = before.map(slotOf).filter((slot) => !replace || mentioned.has(slot));
      const added = wish.map(slotOf).filter((slot) => !kept.includes(slot));
      const { document } = settled(after(wishes), wishOf(...wish), { replace });
      assert.deepEqual(document.selections.map(slotOf), [...kept, ...added]);
      for (const { value, choice, ...slot } of wish) {
        const found = document.selections.find((one) => slotOf(one) === slotOf(slot));
        assert.deepEqual([found?.value, found?.choice], [value, choice]);
      }
    }),
  );
});

test("audit fields say when an address or a choice last changed, and who first chose", () => {
  fc.assert(
    fc.property(history, flatWish, (wishes, wish) => {
      const before = new Map(after(wishes)?.selections.map((one) => [slotOf(one), one]));
      for (const now of settled(after(wishes), wishOf(...wish), later).document.selections) {
        const then = before.get(slotOf(now));
        const isSame = then !== undefined && then.normal === now.normal && then.choice === now.choice;
        assert.deepEqual(
          [now.modifiedAt, now.modifiedBy],
          isSame ? [then.modifiedAt, then.modifiedBy] : [later.at, later.actor],
        );
        assert.deepEqual(
          [now.createdAt, now.createdBy],
          then ? [then.createdAt, then.createdBy] : [later.at, later.actor],
        );
      }
    }),
  );
});

test("every selection holds the normal form of its address", () => {
  fc.assert(
    fc.property(history, flatWish, (wishes, wish) => {
      const { document } = settled(after(wishes), wishOf(...wish));
      for (const { type, value, normal } of document.selections) {
        assert.equal(normalForm(type === "BEMAIL" ? "email" : "phone", value), normal);
      }
    }),
  );
});

test("the document as JSON is its canonical form by RFC 8785", () => {
  fc.assert(
    fc.property(history, flatWish, (wishes, wish) => {
      const { document } = settled(after(wishes), wishOf(...wish), later);
      assert.equal(JSON.stringify(document), canonicalize(document));
    }),
  );
});

test("selections are printed in the catalogue's order, whatever the order they came in", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(slots), (shuffled) => {
      const { document } = settled(
        undefined,
        wishOf(
          ...shuffled.map((slot) => ({ ...seed, ...slot, ...(slot.channel === "Email" && { value: "a@b.example" }) })),
        ),
      );
      const order = (slot: Slot) => words.slot(slot) ?? -1;
      const printed = inPrintOrder(document.selections, words).map(order);
      assert.deepEqual(
        printed,
        printed.toSorted((a, b) => a - b),
      );
      assert.equal(printed.length, shuffled.length);
    }),
  );
  const first = slots.map((slot) => words.slot(slot));
  assert.equal(new Set(first).size, slots.length);
  assert.equal(words.slot({ ...seedSlot, category: "Service Foo" }), undefined);
});
