import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isPrintable } from "./find-faults.ts";
import { type Layout, layoutOf } from "./layout.ts";
import type { Shape, WireFormat } from "./shape.ts";
import { shapes } from "./shapes.ts";

const bothFormats = ["json", "xml"] as const;

/** Texts with everything that escaping, line ends and letter cases could spoil. */
const hardText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\r\n", "\r", "\t", " ", "]]>", "&amp;", '"', "<", "😀", "\u2028", "\u0085"),
    ),
  )
  .map((parts) => parts.join(""))
  .filter(isPrintable);

/** What fits a layout, as it stands in JSON. */
function fitting(layout: Layout): fc.Arbitrary<unknown> {
  switch (layout.kind) {
    case "object": {
      const members = [...layout.members.values()].filter((member) => member.layout.kind !== "ignored");
      const requiredKeys = members.filter((member) => member.isRequired).map((member) => member.name);
      return fc.record(Object.fromEntries(members.map((member) => [member.name, fitting(member.layout)])), {
        requiredKeys,
      });
    }
    case "map":
      return fc.dictionary(fc.string({ unit: "grapheme" }), fitting(layout.item), { maxKeys: 3 });
    case "flag":
      return fc.boolean();
    case "list":
      return fc.array(fitting(layout.item), { maxLength: 3 });
    case "number":
      return fc.integer({ min: layout.least, max: Math.min(layout.most, 2 ** 31) });
    case "text":
      if (layout.choices.length > 0) return fc.constantFrom(...layout.choices);
      if (layout.pattern !== undefined) return fc.stringMatching(layout.pattern);
      return hardText.filter((text) => text.length >= layout.least && text.length <= layout.most);
    case "ignored":
      return fc.constant(undefined);
  }
}

/** What has names of the sender's, or flags, is JSON alone. */
function formatsOf(layout: Layout): readonly WireFormat[] {
  const members = layout.kind === "object" ? [...layout.members.values()] : [];
  return members.some((member) => member.layout.kind === "map" || member.layout.kind === "flag")
    ? ["json"]
    : bothFormats;
}

function layoutWithin({ schema, root }: Shape<unknown>): Layout {
  const { properties } = schema as { readonly properties?: Record<string, typeof schema> };
  return layoutOf(root === undefined ? schema : (properties?.[root] as typeof schema));
}

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

function valueOf(shape: Shape<unknown>, body: string, format: WireFormat): unknown {
  const reading = shape.read(bytes(body), format);
  assert.ok("value" in reading, JSON.stringify("faults" in reading && reading.faults));
  return reading.value;
}

// What says nothing of XML is JSON alone, and has no layout: the catalogue, and what our own API answers.
const laidOut = shapes.filter(({ schema }) => JSON.stringify(schema).includes('"xml":'));

for (const shape of laidOut) {
  const layout = layoutWithin(shape);
  const formats = formatsOf(layout);
  const inRoot = (sent: unknown) => JSON.stringify(shape.root === undefined ? sent : { [shape.root]: sent });

  test(`${shape.name}: what is printed is read as it was, and both formats say the same`, () => {
    const bodies = fitting(layout).map(inRoot);
    fc.assert(
      fc.property(bodies, (body) => {
        const reading = shape.read(bytes(body), "json");
        fc.pre("value" in reading);
        const { value } = reading;
        for (const format of formats) {
          const printed = shape.print(value, format);
          assert.deepEqual(valueOf(shape, printed, format), value);
          assert.equal(shape.print(valueOf(shape, printed, format), format), printed);
        }
      }),
      { numRuns: 60 },
    );
  });

  test(`${shape.name}: what does not fit has a fault, each at a place of its own`, () => {
    const spoilt = fc.tuple(fitting(layout), fc.array(fc.tuple(fc.nat(), anything), { minLength: 1, maxLength: 3 }));
    fc.assert(
      fc.property(spoilt, ([sent, mistakes]) => {
        const body = bytes(inRoot(mistakes.reduce((before, [at, mistake]) => spoil(before, at, mistake), sent)));
        const reading = shape.read(body, "json");
        if ("value" in reading) {
          for (const format of formats)
            assert.deepEqual(valueOf(shape, shape.print(reading.value, format), format), reading.value);
          return;
        }
        assert.ok(reading.faults.length > 0);
        assert.ok(reading.faults.every((fault) => !fault.message.includes("does not fit its schema")));
        const places = reading.faults.map((fault) => shape.place(fault.path, body, "json") + fault.message);
        assert.equal(new Set(places).size, places.length);
      }),
      { numRuns: 60 },
    );
  });

  test(`${shape.name}: any text at all is read or refused`, () => {
    const wild = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.string().map((text) => `<${shape.root ?? "request"}>${text}`),
    );
    fc.assert(
      fc.property(wild, fc.constantFrom(...formats), (text, format) => {
        const reading = shape.read(bytes(text), format);
        if ("faults" in reading) for (const { path } of reading.faults) shape.place(path, bytes(text), format);
      }),
      { numRuns: 60 },
    );
  });
}

const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom("__proto__", "\u0000", "\ud800", "\ufffe", 0, -1, 1e99, "007", "x".repeat(1001)),
);

/** Puts something in the wrong place: over a member or an item, or beside them. */
function spoil(sent: unknown, at: number, mistake: unknown): unknown {
  if (Array.isArray(sent) && sent.length > 0) {
    const index = at % sent.length;
    return sent.map((item, place) => (place === index ? spoil(item, at + 1, mistake) : (item as unknown)));
  }
  if (typeof sent !== "object" || sent === null || Array.isArray(sent)) return mistake;
  const names = Object.keys(sent);
  const name = names[at % (names.length + 1)] ?? "toString";
  const held = (sent as Record<string, unknown>)[name];
  return { ...sent, [name]: spoil(held, Math.floor(at / 3), mistake) };
}

test("every component of the OpenAPI document has a name of its own", () => {
  assert.equal(new Set(shapes.map(({ name }) => name)).size, shapes.length);
});

test("every member of every shape has a description", () => {
  const undescribed: string[] = [];
  const look = (schema: unknown, place: string) => {
    if (typeof schema !== "object" || schema === null) return;
    const { properties = {}, items } = schema as { properties?: Record<string, object>; items?: object };
    for (const [name, member] of Object.entries(properties)) {
      const isPlain = !("properties" in member);
      if (isPlain && !("description" in member)) undescribed.push(`${place}.${name}`);
      look(member, `${place}.${name}`);
    }
    look(items, `${place}[]`);
  };
  // The members of the catalogue are described on a page of their own.
  const described = shapes.filter(({ name }) => !name.startsWith("Catalogue"));
  for (const { name, schema } of described) look(JSON.parse(JSON.stringify(schema)), name);
  assert.deepEqual(undescribed, []);
});
