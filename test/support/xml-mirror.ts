import { SaxesParser } from "saxes";

/** What JSON can hold, without booleans and null: neither contract has them. */
export type Plain = string | number | readonly Plain[] | { readonly [name: string]: Plain };

/** The items of the lists of both contracts; of `metadata` each item stands directly among the other elements. */
const items: Readonly<Record<string, string>> = {
  preferences: "preference",
  channels: "channel",
  selections: "selection",
  metadatanodes: "metadatanode",
  modules: "module",
  alertservices: "alertservice",
};

/**
 * A document as XML by the contracts' rules: written here a second time, and simply, so that the service's own reader
 * and printer are held against something.
 */
export function toXml(name: string, value: unknown): string {
  if (Array.isArray(value)) {
    const item = items[name];
    const printed = value.map((each) => toXml(item ?? name, each)).join("");
    return item === undefined ? printed : `<${name}>${printed}</${name}>`;
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([member, held]) => toXml(member, held));
    return `<${name}>${members.join("")}</${name}>`;
  }
  return `<${name}>${escaped(String(value))}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("\r", "&#13;").replaceAll("]]>", "]]&gt;");
}

interface Frame {
  readonly name: string;
  text: string;
  readonly children: [string, Plain][];
}

/** What an XML document of either contract holds, every scalar as text. */
export function fromXml(xml: string): Plain {
  const stack: Frame[] = [{ name: "", text: "", children: [] }];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name }) => stack.push({ name, text: "", children: [] }));
  parser.on("text", (text) => {
    (stack.at(-1) as Frame).text += text;
  });
  parser.on("closetag", () => {
    const frame = stack.pop() as Frame;
    (stack.at(-1) as Frame).children.push([frame.name, valueOf(frame)]);
  });
  parser.write(xml).close();
  return (stack[0] as Frame).children[0]?.[1] as Plain;
}

function valueOf({ name, text, children }: Frame): Plain {
  if (items[name] !== undefined) return children.map(([, value]) => value);
  if (children.length === 0) return text;
  const labels = children.filter(([child]) => child === "metadata").map(([, value]) => value);
  const others = children.filter(([child]) => child !== "metadata");
  return { ...Object.fromEntries(others), ...(name === "metadatanode" ? { metadata: labels } : {}) };
}

/** The same value with every number as text, to compare with what XML holds. */
export function asTexts(value: Plain): Plain {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(asTexts);
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, asTexts(held)]));
}
