import type { Layout, MapLayout, ObjectLayout } from "./layout.ts";

/**
 * What is left of a body that does not fit its layout: what fits stays where it was, what does not is replaced by
 * something empty. So the rest can be looked at, and its sender hears of all faults at once; it is never recorded.
 */
export function salvage(layout: Layout, sent: unknown): unknown {
  switch (layout.kind) {
    case "object":
      return salvageObject(layout, sent);
    case "map":
      return salvageMap(layout, sent);
    case "list":
      return Array.isArray(sent) ? sent.map((item) => salvage(layout.item, item)) : [];
    case "text":
      return typeof sent === "string" && (layout.choices.length === 0 || layout.choices.includes(sent))
        ? sent
        : (layout.choices[0] ?? "");
    case "number":
      return typeof sent === "number" || typeof sent === "string" ? sent : layout.least;
    case "flag":
      return sent === true;
    case "ignored":
      return undefined;
  }
}

function salvageMap({ item }: MapLayout, sent: unknown): object {
  return Object.fromEntries(Object.entries(membersOf(sent)).map(([name, held]) => [name, salvage(item, held)]));
}

function membersOf(sent: unknown): Readonly<Record<string, unknown>> {
  return typeof sent === "object" && sent !== null ? (sent as Record<string, unknown>) : {};
}

function salvageObject({ members }: ObjectLayout, sent: unknown): object {
  const held = membersOf(sent);
  const kept = [...members.values()].flatMap(({ name, layout, isRequired }) =>
    isRequired || Object.hasOwn(held, name)
      ? [[name, salvage(layout, Object.hasOwn(held, name) ? held[name] : undefined)]]
      : [],
  );
  return Object.fromEntries(kept) as object;
}
