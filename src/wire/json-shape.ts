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
  return {
    name,
    schema,
    read(body) {
      const reading = readJson(body);
      if ("faults" in reading || compiled.Check(reading.value)) return reading as Reading<Kept<Static<Schema>>>;
      return { faults: [{ problem: "value-invalid", path: [], message: "the body does not fit its schema" }] };
    },
    print: (value) => JSON.stringify(inOrder(schema, value)),
    place: placeInJson,
  };
}

interface Keywords {
  readonly items?: Keywords;
  readonly properties?: Readonly<Record<string, Keywords>>;
}

/** A value with the members that its schema names, in the order of the schema; what has no schema stays as it is. */
function inOrder({ items, properties }: Keywords, value: unknown): unknown {
  if (items !== undefined) return (value as readonly unknown[]).map((item) => inOrder(items, item));
  if (properties === undefined) return value;
  const held = value as Readonly<Record<string, unknown>>;
  const named = Object.entries(properties).filter(([name]) => held[name] !== undefined);
  return Object.fromEntries(named.map(([name, keywords]) => [name, inOrder(keywords, held[name])]));
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
