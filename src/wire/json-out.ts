import type { Layout, ObjectLayout } from "./layout.ts";

type Print = (value: unknown) => string;

/** Makes, once, what prints a value as JSON, its members in the order of the layout and no others. */
export function jsonPrinter(layout: Layout): Print {
  switch (layout.kind) {
    case "object":
      return objectPrinter(layout);
    case "map":
      return mapPrinter(jsonPrinter(layout.item));
    case "list":
      return listPrinter(jsonPrinter(layout.item));
    case "number":
    case "flag":
      return String;
    case "text":
    case "ignored":
      return printText;
  }
}

function objectPrinter({ members }: ObjectLayout): Print {
  const parts = [...members.values()].map(({ name, layout }) => {
    return { name, label: `${JSON.stringify(name)}:`, print: jsonPrinter(layout) };
  });
  return (value) => {
    let printed = "{";
    for (const { name, label, print } of parts) {
      const held = (value as Record<string, unknown>)[name];
      if (held !== undefined) printed += (printed === "{" ? "" : ",") + label + print(held);
    }
    return `${printed}}`;
  };
}

function mapPrinter(print: Print): Print {
  return (value) => {
    const members = Object.entries(value as object);
    return `{${members.map(([name, held]) => `${JSON.stringify(name)}:${print(held)}`).join(",")}}`;
  };
}

function listPrinter(print: Print): Print {
  return (value) => {
    let printed = "[";
    for (const item of value as unknown[]) printed += (printed === "[" ? "" : ",") + print(item);
    return `${printed}]`;
  };
}

const special = /["\\\u0000-\u001f\ud800-\udfff]/;

/** Most texts are printed as they stand, which is quicker to find out than to call JSON.stringify. */
function printText(value: unknown): string {
  return special.test(value as string) ? JSON.stringify(value) : `"${value as string}"`;
}
