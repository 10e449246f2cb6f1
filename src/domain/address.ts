// `min` carries the lengths of each country's numbers and nothing about their ranges: all that isPossible asks for, at
// half the memory of `max`. isValid is never asked, because ranges open up faster than anybody's metadata.
import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import { limits } from "./limits.ts";

/** An address kind decides what a value must look like. */
export type AddressKind = "email" | "phone";

/** What a value of each kind must be, so that "must be …" makes a sentence. */
export const addressForms: Readonly<Record<AddressKind, string>> = {
  email: "an e-mail address such as name@example.com",
  phone: "a possible phone number: ten digits, read as +1, or + and all digits from the country code on",
};

/**
 * The form in which two spellings of one address are equal: E.164 for a phone, lower case for an e-mail address. It is
 * its own normal form.
 *
 * @returns undefined when the value cannot be an address of this kind
 */
export function normalForm(kind: AddressKind, value: string): string | undefined {
  return kind === "phone" ? normalPhone(value) : normalEmail(value);
}

/**
 * The normal form of an address of either kind: with an `@` it is an e-mail address, else a phone.
 *
 * @returns undefined when the value cannot be an address
 */
export function normalFormOfEither(value: string): string | undefined {
  return normalForm(value.includes("@") ? "email" : "phone", value);
}

/**
 * The countries (ISO 3166 alpha-2) that a phone number may belong to: its own where its digits tell, else each that
 * shares its country code and has numbers as long. None for an e-mail address, or a number of no country.
 *
 * @param normal the address in its normal form
 */
export function countriesOfPhone(normal: string): readonly string[] {
  const phone = normal.startsWith("+") ? parsePhoneNumberFromString(normal) : undefined;
  if (phone === undefined) return [];
  return phone.country === undefined ? phone.getPossibleCountries() : [phone.country];
}

/**
 * Every ten digits make a possible number under +1, national prefix and all, so those need no library (0.05 µs instead
 * of 11). A test holds this against the library.
 */
function normalPhone(value: string): string | undefined {
  if (/^\d{10}$/.test(value)) return `+1${value}`;
  if (/^\+1\d{10}$/.test(value)) return value;
  return /^\+[1-9]\d{1,14}$/.test(value) ? possiblePhone(value) : undefined;
}

function possiblePhone(value: string): string | undefined {
  const phone = parsePhoneNumberFromString(value);
  if (!phone?.isPossible()) return undefined;
  const normal: string = phone.number;
  // The library takes off one national prefix (+44 07911…); of several, each is taken off, or this were no normal form.
  return normal.length < value.length ? possiblePhone(normal) : normal;
}

/** What browsers take for `<input type=email>` (WHATWG HTML, "valid email address"), within the lengths of RFC 5321. */
const emailForm =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

function normalEmail(value: string): string | undefined {
  if (value.length > limits.emailAddressBytes || value.indexOf("@") > limits.emailLocalPartBytes) return undefined;
  return emailForm.test(value) ? value.toLowerCase() : undefined;
}
