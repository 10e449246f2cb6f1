import fc from "fast-check";

/** One slot of a customer, as the shipped catalogue has them: category, channel, type. */
const slots = ["Service Notification", "Service Exception"].flatMap((category) =>
  [
    ["Text", "BPHONE"],
    ["Text", "SPHONE"],
    ["Voice", "BPHONE"],
    ["Voice", "SPHONE"],
    ["Email", "BEMAIL"],
    ["Email", "SEMAIL"],
  ].map(([channel, type]) => ({ category, channel: channel as string, type: type as string })),
);

const phone = fc.oneof(
  fc.stringMatching(/^[0-9]{10}$/),
  fc.stringMatching(/^\+1[2-9][0-9]{9}$/),
  fc.stringMatching(/^\+353861[0-9]{6}$/),
);
const email = fc.stringMatching(/^[a-zA-Z0-9][a-z.'+&-]{0,5}@[a-z]{1,8}\.(com|example)$/);
const letter = fc.constantFrom("Y", "N");
const actor = fc
  .string({ minLength: 1, maxLength: 20, unit: "grapheme" })
  .filter((text) => !/[\u0000-\u001f\ufffe\uffff]/.test(text));

export interface SentSelection {
  value: string;
  type: string;
  is_opt_in: string;
}
export interface SentCustomer {
  preferences: { category: string; channels: { name: string; selections: SentSelection[] }[] }[];
  audit_info?: { modified_by: string };
}

const chosenSlot = fc
  .constantFrom(...slots)
  .chain((slot) =>
    fc.record({ slot: fc.constant(slot), value: slot.channel === "Email" ? email : phone, is_opt_in: letter }),
  );

/** A PUT of customers' preferences that is valid under the shipped catalogue. */
export const customerBody: fc.Arbitrary<SentCustomer> = fc
  .record(
    {
      chosen: fc.uniqueArray(chosenSlot, { maxLength: 8, selector: ({ slot }) => JSON.stringify(slot) }),
      modified_by: fc.option(actor, { nil: undefined }),
    },
    { requiredKeys: ["chosen", "modified_by"] },
  )
  .map(({ chosen, modified_by }) => ({
    preferences: chosen.map(({ slot, value, is_opt_in }) => ({
      category: slot.category,
      channels: [{ name: slot.channel, selections: [{ value, type: slot.type, is_opt_in }] }],
    })),
    ...(modified_by === undefined ? {} : { audit_info: { modified_by } }),
  }));

const anyCase = (word: string) => fc.constantFrom(word, word, word.toLowerCase(), word.toUpperCase());
const frequency = fc.constantFrom("Daily", "Weekly", "Fortnightly", "Monthly", "Quarterly", "Never").chain(anyCase);
const labels = (...names: string[]) => fc.array(fc.constantFrom(...names).chain(anyCase), { maxLength: 4 });
const nodes = fc.uniqueArray(
  fc.oneof(
    fc.record({
      node: fc.constant("Countries").chain(anyCase),
      metadata: labels("Algeria", "Côte d'Ivoire", "Türkiye", "Virgin Islands (U.S.)"),
    }),
    fc.record({
      node: fc.constant("American States").chain(anyCase),
      metadata: labels("Alabama", "New York", "Texas"),
    }),
  ),
  { maxLength: 2, selector: ({ node }) => node.toLowerCase() },
);
const moduleName = fc.constantFrom("Publications", "Events", "News").chain(anyCase);
const module = fc.oneof(
  fc.record({ name: moduleName, preference: fc.constantFrom("Include", "Off").chain(anyCase) }),
  fc.record(
    { name: moduleName, preference: fc.constant("Custom").chain(anyCase), frequency, metadatanodes: nodes },
    { requiredKeys: ["name", "preference", "frequency"] },
  ),
);
const alertService = fc.record({
  name: fc.constantFrom("Email alert ABC", "Email alert XYZ").chain(anyCase),
  preference: fc.constantFrom("On", "Off").chain(anyCase),
});
const byName = { selector: ({ name }: { name: string }) => name.toLowerCase() };

/** What an organisation's or a user's PUT holds inside `emailpreferences`, valid under the shipped catalogue. */
export const emailWish = fc.record(
  {
    frequency,
    metadatanodes: nodes,
    modules: fc.uniqueArray(module, { maxLength: 3, ...byName }),
    alertservices: fc.uniqueArray(alertService, { maxLength: 2, ...byName }),
  },
  { requiredKeys: ["frequency"] },
);

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    3,
    1e308,
    "",
    "Y",
    "Text",
    "Daily",
    "Custom",
    "BEMAIL",
    [],
    {},
    [[]],
    "__proto__",
    "\u0000",
    "\ud800",
    "\ufeff",
  ),
  fc.string({ maxLength: 20, unit: "binary" }),
  fc.jsonValue({ maxDepth: 3 }),
);
const memberName = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "category",
    "channels",
    "name",
    "selections",
    "value",
    "type",
    "is_opt_in",
  ),
  fc.constantFrom(
    "audit_info",
    "frequency",
    "metadata",
    "metadatanodes",
    "modules",
    "organisationid",
    "userid",
    "",
    "link",
    "preference",
  ),
  fc.string({ maxLength: 8 }),
);

/** Something done to a document: at its n-th node, one of a few ways of spoiling it. */
export const spoiling = fc.record({
  at: fc.nat(60),
  how: fc.constantFrom("replace", "delete", "double", "add"),
  junk,
  memberName,
});
export type Spoiling = typeof spoiling extends fc.Arbitrary<infer Value> ? Value : never;

/** The document with what was done to it; the original stays as it is. */
export function spoilt(document: unknown, { at, how, junk: value, memberName: name }: Spoiling): unknown {
  const copy = structuredClone({ root: document }) as Record<string, unknown>;
  const holders = nodesOf(copy);
  const [holder, key] = holders[at % holders.length] as [Record<string, unknown>, string];
  if (how === "replace") holder[key] = value;
  else if (how === "delete" && key !== "root") {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  } else if (how === "double" && Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
  else if (typeof holder[key] === "object" && holder[key] !== null && !Array.isArray(holder[key])) {
    Object.defineProperty(holder[key], name, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy["root"];
}

function nodesOf(value: object): [Record<string, unknown>, string][] {
  return Object.entries(value).flatMap(([key, held]) => [
    [value as Record<string, unknown>, key] as [Record<string, unknown>, string],
    ...(typeof held === "object" && held !== null ? nodesOf(held as object) : []),
  ]);
}

/** Bytes changed here and there: what a broken network or a broken program makes of a text. */
export const scratch = fc.array(
  fc.record({
    at: fc.nat(2000),
    length: fc.nat(3),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom(
        ...['"', "{", "}", "[", "]", ",", ":", "<", ">", "&", "/", "\\u0000"].map((text) =>
          new TextEncoder().encode(text),
        ),
      ),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

export function scratched(
  text: string,
  scratches: readonly { at: number; length: number; put: Uint8Array }[],
): Uint8Array {
  let bytes = Buffer.from(text);
  for (const { at, length, put } of scratches) {
    const start = at % (bytes.length + 1);
    bytes = Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + length)]);
  }
  return bytes;
}
