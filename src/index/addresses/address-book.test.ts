import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AddressBook } from "./address-book.ts";

/** Few signs, and most in one part of the book, so that places and signs meet. */
const sign = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: -(2 ** 31), max: -1 }));
const act = fc.record({
  place: fc.integer({ min: 0, max: 40 }),
  signs: fc.uniqueArray(sign, { maxLength: 7 }),
});

/** One that finds places fast, as one does that was built before. */
function filledBook(): AddressBook {
  const book = new AddressBook();
  for (const _ of book.fill());
  return book;
}

describe("an address book", () => {
  it("finds exactly those who have an address, whatever they had before", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), fc.integer({ min: 0, max: 250 }), (acts, before) => {
        const book = new AddressBook();
        const had = new Map<number, readonly number[]>();
        for (const [index, { place, signs }] of acts.entries()) {
          if (index === before) for (const _ of book.fill());
          book.set(place, signs);
          had.set(place, signs);
        }
        const sought = new Set(acts.flatMap(({ signs }) => signs));
        for (const one of sought) {
          const places = [...had].filter(([, signs]) => signs.includes(one)).map(([place]) => place);
          assert.deepEqual(new Set(book.placesWith(one)), new Set(places));
          assert.equal(book.placesWith(one).length, places.length);
        }
      }),
    );
  });

  it("takes a place with very many addresses while there is hardly anybody else, and looks for others", () => {
    const count = fc.integer({ min: 0, max: 3000 });
    fc.assert(
      fc.property(fc.integer(), fc.array(count, { minLength: 1, maxLength: 4 }), (seed, counts) => {
        const book = filledBook();
        const signOf = (index: number) => Math.imul(index + 1, 0x9e3779b1) ^ seed || 1;
        const signs = Array.from({ length: 3100 }, (_, index) => signOf(index)).filter((one) => one !== 1);
        for (const [place, many] of counts.entries()) book.set(place, signs.slice(0, many));
        for (const [index, one] of signs.entries()) {
          const places = [...counts.keys()].filter((place) => index < (counts[place] ?? 0));
          assert.deepEqual(new Set(book.placesWith(one)), new Set(places));
        }
      }),
      { numRuns: 30 },
    );
  });

  it("counts the memory of addresses that are kept aside, as long as they are there", () => {
    const book = filledBook();
    const signs = Array.from({ length: 1000 }, (_, index) => index + 1);
    book.set(3, [1]);
    book.set(3, signs);
    const full = book.bytes;
    book.set(3, signs.slice(0, 4));
    assert.ok(full - book.bytes >= 996 * 8);
  });

  it("finds them among many, and nobody who was taken out", () => {
    const book = filledBook();
    const signOf = (place: number) => Math.imul(place + 1, 0x9e3779b1);
    for (let place = 0; place < 20_000; place += 1) book.set(place, [signOf(place), signOf(place + 20_000)]);
    for (let place = 0; place < 20_000; place += 2) book.set(place, []);
    for (let place = 0; place < 20_000; place += 1) {
      assert.deepEqual(book.placesWith(signOf(place)), place % 2 === 0 ? [] : [place]);
      assert.deepEqual(book.placesWith(signOf(place + 20_000)), place % 2 === 0 ? [] : [place]);
    }
  });

  for (const when of ["before", "after"]) {
    it(`takes an address that very many have, as fast as any other, ${when} it is filled`, () => takeMany(when));
  }

  function takeMany(when: string): void {
    const book = new AddressBook();
    const count = 100_000;
    const own = (place: number) => Math.imul(place + 1000, 0x9e3779b1);
    if (when === "after") for (const _ of book.fill());
    for (let place = 0; place < count; place += 1) book.set(place, [7, own(place), 9]);
    if (when === "before") for (const _ of book.fill());
    for (let place = 0; place < count; place += 2) book.set(place, [own(place), 2, 3, 4, 5, 9]);
    const odd = Array.from({ length: count / 2 }, (_, index) => 2 * index + 1);
    assert.deepEqual([...book.placesWith(7)], odd);
    assert.equal(book.placesWith(9).length, count);
    assert.deepEqual(book.placesWith(own(4000)), [4000]);
    for (let place = 0; place < count; place += 1) book.set(place, []);
    for (const sign of [7, 9, 2, 5, own(4000)]) assert.deepEqual(book.placesWith(sign), []);
  }
});
