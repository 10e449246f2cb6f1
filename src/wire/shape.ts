import Type, { type Static, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { Fault, Path } from "../domain/fault.ts";
import { textOf } from "./body-text.ts";
import { FaultList } from "./fault-list.ts";
import { findFaults } from "./find-faults.ts";
import { parseJson } from "./json-in.ts";
import { jsonPrinter } from "./json-out.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { jsonPointer, type Words, xpath } from "./place.ts";
import { salvage } from "./salvage.ts";
import { parseXml, rootElement } from "./xml-in.ts";
import { xmlPrinter } from "./xml-out.ts";

/** The two formats in which every shape is read and printed. */
export type WireFormat = "json" | "xml";

export type Reading<Value> =
  | { readonly value: Value }
  | {
      readonly faults: readonly Fault[];
      /** What could be read, with something empty in place of the rest: to be looked at, never to be recorded. */
      readonly salvaged?: Value;
    };

/** What a body looks like, in JSON and in XML, and what it means. */
export interface Shape<Value> {
  /** The name of its component in the OpenAPI document. */
  readonly name: string;
  /** The body in JSON, with the member around everything if the contract has one. */
  readonly schema: TSchema;
  /** That member; a body in XML is what it holds. Absent: JSON has nothing around it either. */
  readonly root?: string;
  /** Reads a body: its value, or everything that is wrong with it. */
  read(body: Uint8Array, format: WireFormat): Reading<Value>;
  /** Prints a value; both formats give the same when they are read. */
  print(value: Value, format: WireFormat): string;
  /**
   * Where a fault is in the body that was sent, in the words of the domain or of the wire: a JSON Pointer, or an XPath
   * counted from 1. A fault of the body as a whole has the place "".
   */
  place(path: Path, body: Uint8Array, format: WireFormat): string;
}

/** What a shape is made from. */
export interface ShapeParts<Schema extends TSchema, Value> {
  readonly name: string;
  /** Of what the root element holds in XML: without the root member. */
  readonly schema: Schema;
  /** JSON's root member; it names the root element as well. */
  readonly root?: string;
  /** The root elements taken where JSON has no root member, the first of which is printed. */
  readonly elements?: readonly [string, ...string[]];
  /** What stands before the root element. */
  readonly declaration?: string;
  /** The wire's names of what the domain has another word for. */
  readonly words?: Readonly<Record<string, string>>;
  /** What was sent, as a value. It fits the schema. */
  readonly toValue: (sent: Static<Schema>) => Value;
  readonly fromValue: (value: Value) => Static<Schema>;
  /** Adds what no schema can say about what was sent. */
  readonly check?: (sent: Static<Schema>, faults: FaultList) => void;
}

/** Makes a shape: everything that depends on the schema alone is prepared here, once. */
export function shape<Schema extends TSchema, Value>(parts: ShapeParts<Schema, Value>): Shape<Value> {
  const { name, schema, root, declaration = "", toValue, fromValue } = parts;
  const elements = root === undefined ? (parts.elements ?? [name]) : [root];
  const layout = layoutOf(schema);
  const words: Words = new Map(Object.entries(parts.words ?? {}));
  const sender = { layout, root, elements, words, compiled: Compile(schema), check: parts.check };
  const named: TSchema = { ...schema, xml: { name: elements[0] } };
  const printJson = jsonPrinter(layout);
  const printXml = xmlPrinter(layout, elements[0]);
  return {
    name,
    schema: root === undefined ? named : Type.Object({ [root]: named }, { additionalProperties: false }),
    ...(root === undefined ? {} : { root }),
    read(body, format) {
      const faults = new FaultList(words);
      const sent = readSent(sender, body, format, faults);
      if (faults.isEmpty) return { value: toValue(sent as Static<Schema>) };
      if (sent === undefined) return { faults: faults.list() };
      return { faults: faults.list(), salvaged: toValue(salvage(layout, sent) as Static<Schema>) };
    },
    print(value, format) {
      const sent = fromValue(value);
      if (format === "xml") return declaration + printXml(sent);
      return root === undefined ? printJson(sent) : `{${JSON.stringify(root)}:${printJson(sent)}}`;
    },
    place(path, body, format) {
      if (format === "json") return jsonPointer(path, root, words);
      return xpath(path, rootSent(body) ?? elements[0], layout, words);
    },
  };
}

type PlainParts<Schema extends TSchema> = Omit<
  ShapeParts<Schema, unknown>,
  "root" | "words" | "check" | "toValue" | "fromValue"
>;

/** Makes a shape whose value is what stands in the JSON body, the root member included. */
export function plainShape<Schema extends TSchema, Root extends string>(
  parts: PlainParts<Schema> & { readonly root: Root },
): Shape<{ readonly [Name in Root]: Static<Schema> }>;
export function plainShape<Schema extends TSchema>(
  parts: PlainParts<Schema> & { readonly root?: never },
): Shape<Static<Schema>>;
export function plainShape({ root, ...parts }: PlainParts<TSchema> & { readonly root?: string }): Shape<unknown> {
  if (root === undefined) return shape({ ...parts, toValue: (sent) => sent, fromValue: (value) => value });
  return shape({
    ...parts,
    root,
    toValue: (sent): Readonly<Record<string, unknown>> => ({ [root]: sent }),
    fromValue: (value) => value[root],
  });
}

const rootsSent = new WeakMap<Uint8Array, string | undefined>();

/** The root element of an XML body, looked up once a body: thousands of faults may ask for it. */
function rootSent(body: Uint8Array): string | undefined {
  if (!rootsSent.has(body)) rootsSent.set(body, rootElement(Buffer.from(body).toString("utf8")));
  return rootsSent.get(body);
}

interface Sender<Schema extends TSchema> {
  readonly layout: Layout;
  readonly root: string | undefined;
  readonly elements: readonly string[];
  readonly compiled: { Check(value: unknown): boolean };
  readonly check: ((sent: Static<Schema>, faults: FaultList) => void) | undefined;
}

/** What was sent, without the root; it means something only when no fault was found. */
function readSent<Schema extends TSchema>(
  sender: Sender<Schema>,
  body: Uint8Array,
  format: WireFormat,
  faults: FaultList,
): unknown {
  const text = textOf(body, faults);
  if (text === undefined) return undefined;
  const parsed = format === "json" ? parseJson(text, faults) : parseXml(text, sender.layout, sender.elements, faults);
  if (parsed === undefined) return undefined;
  const sent = format === "json" ? unwrapped(parsed.value, sender.root, faults) : parsed.value;
  if (sent === undefined) return undefined;
  // saxes refuses what XML cannot carry; in JSON it can only come from an escape, or be one of two characters.
  const mayBeUnprintable = format === "json" && /\\[ubf]|[\ufffe\uffff]/.test(text);
  const fits = sender.compiled.Check(sent);
  if (mayBeUnprintable || !fits) findFaults(sender.layout, sent, [], faults);
  // Schema and layout say the same; should they ever not, what the schema refuses stays refused.
  if (!fits && faults.isEmpty) faults.add("value-invalid", [], "does not fit its schema");
  if (faults.isEmpty) sender.check?.(sent as Static<Schema>, faults);
  return sent;
}

/** What the root member holds; undefined, and the fault is in the list, when there is none. */
function unwrapped(value: unknown, root: string | undefined, faults: FaultList): unknown {
  if (root === undefined) return value;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || !Object.hasOwn(value, root)) {
    faults.add("member-missing", [], `must be an object with the member "${root}"`);
    return undefined;
  }
  const members = value as Record<string, unknown>;
  for (const name of Object.keys(members)) if (name !== root) faults.addBeside(root, name);
  return members[root];
}
