import type { Layout, ObjectLayout } from "./layout.ts";

type Print = (value: unknown) => string;

const atom = "http://www.w3.org/2005/Atom";

/** Makes, once, what prints a value as the element of that name; text that XML cannot carry is printed as U+FFFD. */
export function xmlPrinter(layout: Layout, element: string): Print {
  return printer(layout, element, hasAtomLink(layout) ? ` xmlns:atom="${atom}"` : "");
}

function printer(layout: Layout, element: string, attributes = ""): Print {
  switch (layout.kind) {
    case "object":
      return objectPrinter(layout, element, attributes);
    case "list": {
      const printItem = printer(layout.item, layout.element);
      if (!layout.isWrapped) return (value) => concat(value as unknown[], printItem);
      return inside(element, attributes, (value) => concat(value as unknown[], printItem));
    }
    case "text":
      if (layout.isAtomLink)
        return (value) => `<atom:link rel="self" href="${escaped(value as string, inAttribute)}"/>`;
      return inside(element, attributes, (value) => escaped(value as string, inText));
    case "number":
      return inside(element, attributes, String);
    case "map":
    case "flag":
    case "ignored":
      return () => "";
  }
}

function objectPrinter({ members }: ObjectLayout, element: string, attributes: string): Print {
  const parts = [...members.values()].map((member) => ({
    name: member.name,
    print: printer(member.layout, member.element),
  }));
  return inside(element, attributes, (value) => {
    let printed = "";
    for (const { name, print } of parts) {
      const held = (value as Record<string, unknown>)[name];
      if (held !== undefined) printed += print(held);
    }
    return printed;
  });
}

function inside(element: string, attributes: string, print: Print): Print {
  const start = `<${element}${attributes}>`;
  const end = `</${element}>`;
  const empty = `<${element}${attributes}/>`;
  return (value) => {
    const content = print(value);
    return content === "" ? empty : start + content + end;
  };
}

function concat(values: readonly unknown[], print: Print): string {
  let printed = "";
  for (const value of values) printed += print(value);
  return printed;
}

function hasAtomLink(layout: Layout): boolean {
  if (layout.kind === "object") return [...layout.members.values()].some((member) => hasAtomLink(member.layout));
  return layout.kind === "list" ? hasAtomLink(layout.item) : layout.kind === "text" && layout.isAtomLink;
}

/** What XML cannot carry, and what a reader of it would not give back as it is. */
const inText = /[&<>\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const inAttribute = /[&<>"\t\n\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const plain = /^[^&<>"\u0000-\u001f\ud800-\udfff\ufffe\uffff]*$/;
const references: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

function escaped(text: string, special: RegExp): string {
  if (plain.test(text)) return text;
  return text.toWellFormed().replace(special, (character) => references[character] ?? "\ufffd");
}
