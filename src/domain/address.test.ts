import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parsePhoneNumberFromString as parseByMax } from "libphonenumber-js/max";
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from "libphonenumber-js/min";
import { countriesOfPhone, normalForm, normalFormOfEither } from "./address.ts";

const digits = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength, maxLength }).map((list) => list.join(""));

const international = fc
  .tuple(fc.constantFrom(...getCountries()), fc.constantFrom("", "0", "00", "1", "8", "9"), digits(3, 12))
  .map(([country, prefix, rest]) => `+${getCountryCallingCode(country)}${prefix}${rest}`);

test("ten digits are read as a number under +1, the contract's own sample among them", () => {
  assert.equal(normalForm("phone", "1233454567"), "+11233454567");
  assert.equal(normalForm("phone", "+11233454567"), "+11233454567");
  assert.equal(normalForm("phone", "0000000000"), "+10000000000");
});

test("ten digits come to what the library makes of them under +1", () => {
  fc.assert(
    fc.property(digits(10, 10), (number) => {
      const phone = parsePhoneNumberFromString(`+1${number}`);
      assert.equal(phone?.isPossible(), true);
      assert.equal(normalForm("phone", number), phone?.number);
      assert.equal(normalForm("phone", `+1${number}`), phone?.number);
    }),
  );
});

test("spellings of one phone number have one normal form", () => {
  assert.equal(normalForm("phone", "+447911123456"), "+447911123456");
  assert.equal(normalForm("phone", "+4407911123456"), "+447911123456");
  assert.equal(normalForm("phone", "+112025550123"), "+12025550123");
  assert.equal(normalForm("phone", "+390612345678"), "+390612345678");
});

test("what is not digits alone, or of an impossible length, is no phone number", () => {
  const wrong = [
    ["", "+", "+1", "123", "123345456", "12334545678", "+1 202 555 0123", "+1-202-555-0123", "(202) 555-0123"],
    ["+12025550123x5", "+12025550123;ext=5", "tel:+12025550123", "00447911123456", "+0447911123456", "12025550123 "],
    ["+999123456789", "+1234567890123456", "+49123456789012345", "a@b.example", "１２３３４５４５６７", "1233454567\n"],
  ];
  for (const value of wrong.flat()) assert.equal(normalForm("phone", value), undefined, value);
});

test("a phone's normal form is its own normal form, and possible", () => {
  fc.assert(
    fc.property(international, (value) => {
      const normal = normalForm("phone", value);
      if (normal === undefined) return;
      assert.equal(normalForm("phone", normal), normal);
      assert.match(normal, /^\+[1-9]\d{1,14}$/);
      assert.equal(parsePhoneNumberFromString(normal)?.isPossible(), true);
    }),
    { numRuns: 500 },
  );
});

test("the larger metadata of the library would tell nothing else", () => {
  fc.assert(
    fc.property(international, (value) => {
      const [small, large] = [parsePhoneNumberFromString(value), parseByMax(value)];
      assert.deepEqual([small?.number, small?.isPossible()], [large?.number, large?.isPossible()]);
    }),
    { numRuns: 500 },
  );
});

test("an e-mail address is compared in lower case", () => {
  assert.equal(normalForm("email", "John.Smith+news@Example.COM"), "john.smith+news@example.com");
  assert.equal(normalForm("email", "o'hara@host"), "o'hara@host");
  assert.equal(normalForm("email", "a..b@x"), "a..b@x");
});

test("what a browser would refuse is no e-mail address", () => {
  const wrong = [
    ["", "@", "a@", "@b.example", "a b@c.example", "a@b@c.example", "a@-b.example", "a@b-.example", "a@b..example"],
    ["a@b.example.", "a@b_c.example", "Jo <a@b.example>", '"a b"@c.example', "ä@b.example", "a@bü.example"],
    ["a@[127.0.0.1]", "a@b.example\n", "\u212a@b.example", "a@\u017f.example", "1233454567"],
  ];
  for (const value of wrong.flat()) assert.equal(normalForm("email", value), undefined, value);
});

test("an e-mail address has at most 254 characters, 64 of them before its @", () => {
  const local = "a".repeat(64);
  const label = "b".repeat(63);
  const longest = `${local}@${label}.${label}.${"c".repeat(61)}`;
  assert.equal(longest.length, 254);
  assert.equal(normalForm("email", longest), longest);
  assert.equal(normalForm("email", `${longest}c`), undefined);
  assert.equal(normalForm("email", `a${local}@b.example`), undefined);
  assert.equal(normalForm("email", `a@${label}b.example`), undefined);
});

test("an e-mail address's normal form is its own normal form", () => {
  fc.assert(
    fc.property(fc.emailAddress(), (value) => {
      const normal = normalForm("email", value);
      if (normal !== undefined) assert.equal(normalForm("email", normal), normal);
      assert.equal(normalForm("email", value.toUpperCase()), normal);
    }),
  );
});

test("a long text is refused without work", () => {
  const begun = performance.now();
  assert.equal(normalForm("email", `${"a".repeat(1_000_000)}@`), undefined);
  assert.equal(normalForm("phone", `+${"1".repeat(1_000_000)}`), undefined);
  assert.ok(performance.now() - begun < 200);
});

test("an address of either kind is told by its @", () => {
  assert.equal(normalFormOfEither("Jo@Example.com"), "jo@example.com");
  assert.equal(normalFormOfEither("2125550100"), "+12125550100");
  for (const value of ["", "@", "12", "jo", "jo@", "+1212555010@example.com "]) {
    assert.equal(normalFormOfEither(value), undefined, value);
  }
});

test("a phone belongs to the country that its digits tell, or to each that it may be of", () => {
  assert.deepEqual(countriesOfPhone("+12133734253"), ["US"]);
  assert.deepEqual(countriesOfPhone("+12042345678"), ["CA"]);
  assert.deepEqual(countriesOfPhone("+353861234567"), ["IE"]);
  const possible = countriesOfPhone("+11233454567");
  assert.ok(["CA", "JM", "US"].every((country) => possible.includes(country)));
  for (const none of ["+80012345678", "jo@example.com", "+@example.com", "", "+"]) {
    assert.deepEqual(countriesOfPhone(none), [], none);
  }
});
