import Type, { type Static, type TSchema } from "typebox";
import { limits } from "../domain/limits.ts";
import { directoryIdPattern } from "../domain/subject.ts";

/** An object that takes the members named and no others. */
export function object<Members extends Record<string, TSchema>>(members: Members) {
  return Type.Object(members, { additionalProperties: false });
}

/** A text that a person or a program chose, 1 to `limits.textCharacters` long. */
export function text(description: string, example: string) {
  return Type.String({ description, examples: [example], minLength: 1, maxLength: limits.textCharacters });
}

/** A text that we print: of any length. */
export function printed(description: string, example: string) {
  return Type.String({ description, examples: [example] });
}

/** One of a few words, in exactly this spelling. */
export function oneOf<Words extends string[]>(words: readonly [...Words], description: string) {
  return Type.Enum(words, { type: "string", description, examples: [words[0]] });
}

export function yesNo(description: string) {
  return oneOf(["Y", "N"], description);
}

/** A list: in XML an element around it, and one of the given name for each item. */
export function list<Item extends TSchema>(item: Item, xmlName: string, description: string) {
  return Type.Array(named(item, xmlName), { description, xml: { wrapped: true } });
}

/** A list that has no element around it in XML: its items stand directly among the other members. */
export function bareList<Item extends TSchema>(item: Item, xmlName: string, description: string) {
  return Type.Array(named(item, xmlName), { description });
}

function named<Item extends TSchema>(item: Item, name: string): Item {
  return { ...item, xml: { name } };
}

/** Lists by names that the sender chooses; in what is JSON alone. */
export function listsByName<Item extends TSchema>(item: Item, description: string) {
  const lists = list(item, "item", "What is listed under the name");
  const schema = Type.Object({}, { additionalProperties: lists, description });
  return Type.Unsafe<Readonly<Record<string, Static<Item>[]>>>(schema);
}

/** True or false; in what is JSON alone. */
export function flag(description: string) {
  return Type.Boolean({ description });
}

/** A whole number that we print. */
export function count(description: string, example: number) {
  return Type.Integer({ description, examples: [example], minimum: 0, maximum: limits.largestId });
}

/** An id as it is printed. */
export function id(description: string) {
  return Type.Integer({ description, examples: [3], minimum: 1, maximum: limits.largestId });
}

/** An id as it is taken: a number, or a string of its digits. */
export function idOrDigits(description: string) {
  const digits = Type.String({ pattern: directoryIdPattern });
  const number = Type.Integer({ minimum: 1, maximum: limits.largestId });
  return Type.Union([number, digits], { description, examples: [3, "3"] });
}

/** Printed by GET, and therefore taken back, whatever it holds; it changes nothing. */
export function ignored(description: string) {
  return Type.Optional(Type.Unknown({ description }));
}

/** The address of what is spoken of; in XML the `href` of an `atom:link`. */
export function link(description: string, example: string) {
  return Type.String({
    description,
    examples: [example],
    xml: { name: "link", prefix: "atom", namespace: "http://www.w3.org/2005/Atom" },
    "x-atom-link": true,
  });
}
