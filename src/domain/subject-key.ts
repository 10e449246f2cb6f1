import { readSubject, type Subject } from "./subject.ts";

/** What can have preferences, each at the place that its number in a key counts from. */
export const subjectKinds = ["customer", "organisation", "user"] as const;

export type SubjectKind = (typeof subjectKinds)[number];

const firstLetters = subjectKinds.map((kind) => kind.charCodeAt(0));

const kindNames = subjectKinds.map((kind) => Buffer.from(`${kind}:`));

/** Bytes of the longest name that a subject has: an id has 20 digits at most. */
export const nameBytes = "organisation:".length + 20;

/**
 * The name of a subject in three words of 32 bits, and exactly: each digit has four bits, which say one more than it, so
 * that leading zeros and the end show; above the last four digits stands the kind. No key is 0, 0, 0.
 */
export type SubjectKey = Int32Array;

/** Bytes that a key takes. */
export const subjectKeyBytes = 12;

/** Where in the last word of a key the kind stands. */
export const kindShift = 16;

/** Writes the key of a subject over the one that is there. */
export function takeKey(key: SubjectKey, subject: Subject): void {
  const kind = firstLetters.indexOf(subject.charCodeAt(0));
  const first = kindNames[kind]?.length ?? 0;
  key[0] = digitsIn(subject, first, first + 8);
  key[1] = digitsIn(subject, first + 8, first + 16);
  key[2] = digitsIn(subject, first + 16, first + 20) | ((kind + 1) << kindShift);
}

function digitsIn(text: string, from: number, to: number): number {
  const end = Math.min(to, text.length);
  let digits = 0;
  for (let at = from, shift = 0; at < end; at += 1, shift += 4) digits |= (text.charCodeAt(at) - 47) << shift;
  return digits;
}

export function kindOfKey(c: number): SubjectKind | undefined {
  return subjectKinds[(c >>> kindShift) - 1];
}

/** The id of an organisation or a user. */
export function idOfKey(a: number, b: number): number {
  let id = 0;
  for (const word of [a, b]) for (let rest = word; rest !== 0; rest >>>= 4) id = 10 * id + (rest & 15) - 1;
  return id;
}

/** The subject that has a key; undefined when none has. */
export function subjectOfKey(a: number, b: number, c: number): Subject | undefined {
  const name = Buffer.alloc(nameBytes);
  return readSubject(name.toString("latin1", 0, writeName(a, b, c, name, 0)));
}

/**
 * Writes a subject's name.
 *
 * @param to with room for `nameBytes` from `at` on
 * @returns where the name ends
 */
export function writeName(a: number, b: number, c: number, to: Uint8Array, at: number): number {
  const kind = kindNames[(c >>> kindShift) - 1];
  if (kind === undefined) return at;
  let end = at;
  for (let index = 0; index < kind.length; index += 1) to[end++] = kind[index] ?? 0;
  end = writeDigits(a, 8, to, end);
  if (b === 0) return end;
  end = writeDigits(b, 8, to, end);
  return writeDigits(c & 0xffff, 4, to, end);
}

function writeDigits(word: number, most: number, to: Uint8Array, at: number): number {
  let end = at;
  for (let digit = 0, rest = word; digit < most && rest !== 0; digit += 1, rest >>>= 4) to[end++] = 47 + (rest & 15);
  return end;
}
