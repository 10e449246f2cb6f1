import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { textOf } from "./body-text.ts";
import { FaultList } from "./fault-list.ts";
import { parseJson } from "./json-in.ts";
import { jsonPointer } from "./place.ts";
import type { Reading, Shape } from "./shape.ts";

/** A value that nobody is going to change. */
type Kept<Value> = Value extends object ? { readonly [Name in keyof Value]: Kept<Value[Name]> } : Value;

/**
 * Makes a shape of what our own API answers in JSON alone, and nobody sends: so its members may be of any type, null
 * included, and what does not fit is not told apart. It is printed in the order of its schema.
 */
export function jsonShape<Schema extends TSchema>(name: string, schema: Schema): Shape<Kept<Static<Schema>>> {
  const compiled = Compile(schema);
  const print = printerOf(schema);
  return {
    name,
    schema,
    read(body) {
      const reading = readJson(body);
      if ("faults" in reading || compiled.Check(reading.value)) return reading as Reading<Kept<Static<Schema>>>;
      return { faults: [{ problem: "value-invalid", path: [], message: "the body does not fit its schema" }] };
    },
    print,
    place: placeInJson,
  };
}

interface Keywords {
  readonly items?: Keywords;
  readonly properties?: Readonly<Record<string, Keywords>>;
}

/** Makes, once, what prints a value with the members that its schema names, in their order; without a schema, as it is. */
function printerOf({ items, properties }: Keywords): (value: unknown) => string {
  if (items !== undefined) {
    const print = printerOf(items);
    return (value) => `[${(value as readonly unknown[]).map(print).join(",")}]`;
  }
  if (properties === undefined) return (value) => JSON.stringify(value);
  const members = Object.entries(properties).map(([name, keywords]) => {
    return { name, label: `${JSON.stringify(name)}:`, print: printerOf(keywords) };
  });
  return (value) => {
    const held = value as Readonly<Record<string, unknown>>;
    let printed = "";
    for (const { name, label, print } of members) {
      const member = held[name];
      if (member !== undefined) printed += (printed === "" ? "" : ",") + label + print(member);
    }
    return `{${printed}}`;
  };
}

/** Reads any JSON at all, or says why it is none. */
export function readJson(body: Uint8Array): Reading<unknown> {
  const faults = new FaultList(new Map());
  const text = textOf(body, faults);
  const parsed = text === undefined ? undefined : parseJson(text, faults);
  return parsed === undefined || !faults.isEmpty ? { faults: faults.list() } : { value: parsed.value };
}

/** Where a fault is in a body that has no words of its own, nor anything around it. */
export const placeInJson: Shape<unknown>["place"] = (path) => jsonPointer(path, undefined, new Map());
