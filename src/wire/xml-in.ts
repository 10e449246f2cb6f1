import { SaxesParser, type SaxesTagPlain } from "saxes";
import type { Path } from "../domain/fault.ts";
import { limits } from "../domain/limits.ts";
import { echoed } from "../domain/sentence.ts";
import { isDirectoryId } from "../domain/subject.ts";
import type { FaultList } from "./fault-list.ts";
import type { Layout, Member, ObjectLayout } from "./layout.ts";

export interface XmlBody {
  /** What the same body would be in JSON, without a root member. */
  readonly value: unknown;
}

/**
 * Reads an XML text by a layout into the value that the same body has in JSON. Element order is free, prefixes and
 * their declarations count for nothing, comments and CDATA are taken. What XML has and JSON has not is refused:
 * attributes, DOCTYPE, processing instructions, text between elements.
 *
 * @returns undefined when the text could not be read to its end; the faults are in the list
 */
export function parseXml(
  text: string,
  layout: Layout,
  roots: readonly string[],
  faults: FaultList,
): XmlBody | undefined {
  const reading = new XmlReading(layout, roots, faults);
  try {
    parse(text, reading);
    return { value: reading.root };
  } catch (error) {
    if (error instanceof NotWellFormed) faults.add("body-malformed", [], `is not well-formed XML${whereabouts(text)}`);
    else if (!(error instanceof Unreadable)) throw error;
    return undefined;
  }
}

/** The name of the root element, so far as the text has one. */
export function rootElement(text: string): string | undefined {
  const parser = new SaxesParser(options);
  let root: string | undefined;
  parser.on("opentagstart", ({ name }) => {
    root = echoed(withoutPrefix(name));
    throw new Unreadable();
  });
  try {
    parser.write(text);
  } catch {
    // Either the root was found, or there is none to be found.
  }
  return root;
}

/** Ends the reading: the fault is in the list. */
class Unreadable extends Error {}
class NotWellFormed extends Error {}

const options = { xmlns: false, forceXMLVersion: true, defaultXMLVersion: "1.0" } as const;

const foreignEncoding = /^<\?xml\s[^>]*encoding\s*=\s*["'](?!utf-8["'])/i;

/**
 * Without counting lines saxes is a sixth faster; they are counted when something is wrong. With an eighth handler V8
 * would keep the parser's properties in a hash table, and parsing would take six times as long: so the encoding is
 * looked up without one.
 */
function parse(text: string, reading: XmlReading): void {
  if (foreignEncoding.test(text)) reading.refuse("declares another encoding than UTF-8");
  const parser = new SaxesParser({ ...options, position: false });
  parser.on("error", (error) => {
    throw new NotWellFormed(error.message);
  });
  parser.on("opentag", (tag) => reading.open(tag));
  parser.on("closetag", () => reading.close());
  parser.on("text", (chunk) => reading.text(chunk));
  parser.on("cdata", (chunk) => reading.text(chunk));
  parser.on("doctype", () => reading.refuse("has a DOCTYPE, which is not taken"));
  parser.on("processinginstruction", () => reading.refuse("has a processing instruction, which is not taken"));
  parser.write(text).close();
}

/** Where the text stops being well-formed, and why. */
function whereabouts(text: string): string {
  const parser = new SaxesParser(options);
  let first: string | undefined;
  parser.on("error", (error) => {
    first ??= error.message;
    throw error;
  });
  try {
    parser.write(text).close();
  } catch (error) {
    if (first === undefined) throw error;
  }
  const [, line, column, what = ""] = /^(\d+):(\d+): ([^]*)$/.exec(first ?? "") ?? [];
  return line === undefined ? "" : ` at line ${line}, column ${column}: ${echoed(what.replace(/\.$/, ""))}`;
}

type Held = Record<string, unknown> | unknown[] | string | undefined;

/** An element that is open. */
interface Frame {
  readonly parent: Frame | undefined;
  readonly layout: Layout;
  /** The member of the object around it; undefined for an item of a wrapped list. */
  readonly name: string | undefined;
  /** Its place in a list, from 0; -1 outside of lists. */
  readonly index: number;
  held: Held;
}

class XmlReading {
  readonly #layout: Layout;
  readonly #roots: readonly string[];
  readonly #faults: FaultList;
  #frame: Frame | undefined;
  #elements = 0;
  #level = 0;
  /** How many open elements are inside one that is not read. */
  #skipped = 0;
  root: unknown;

  constructor(layout: Layout, roots: readonly string[], faults: FaultList) {
    this.#layout = layout;
    this.#roots = roots;
    this.#faults = faults;
  }

  refuse(message: string): never {
    this.#faults.add("body-malformed", [], message);
    throw new Unreadable();
  }

  open(tag: SaxesTagPlain): void {
    if (++this.#elements > limits.bodyElements) this.#exceed(`has more than ${limits.bodyElements} elements`);
    if (++this.#level > limits.bodyLevels) this.#exceed(`has more than ${limits.bodyLevels} levels`);
    if (this.#skipped > 0) this.#skipped++;
    else this.#enter(withoutPrefix(tag.name), tag.attributes);
  }

  text(chunk: string): void {
    const frame = this.#frame;
    if (frame === undefined || this.#skipped > 0) return;
    if (isLeaf(frame.layout)) frame.held = `${frame.held as string}${chunk}`;
    else if (/[^ \t\r\n]/.test(chunk)) this.#misplaced(frame);
  }

  close(): void {
    this.#level--;
    if (this.#skipped > 0) {
      this.#skipped--;
      return;
    }
    const frame = this.#frame as Frame;
    const { layout, parent } = frame;
    if (layout.kind === "object") fillBareLists(layout, frame.held as Record<string, unknown>);
    if (parent === undefined) this.root = frame.held;
    else keep(parent, frame);
    this.#frame = parent;
  }

  #enter(element: string, attributes: Readonly<Record<string, string>>): void {
    const parent = this.#frame;
    const frame = parent === undefined ? this.#root(element) : this.#child(parent, element);
    if (frame === undefined) {
      this.#skipped = 1;
      return;
    }
    this.#frame = frame;
    const isLink = frame.layout.kind === "text" && frame.layout.isAtomLink;
    for (const name in attributes) {
      if (isLink && name === "href") frame.held = attributes[name];
      else if (!(isLink && name === "rel") && name !== "xmlns" && !name.startsWith("xmlns:")) {
        this.#faults.add(
          "member-unknown",
          [...pathOf(frame), `@${echoed(name)}`],
          "is not taken: there are no attributes here",
        );
      }
    }
  }

  #root(element: string): Frame {
    if (!this.#roots.includes(element)) {
      const known = this.#roots.map((root) => `<${root}>`).join(" or ");
      this.#faults.add("member-unknown", [], `must have the root element ${known}, not <${echoed(element)}>`);
      throw new Unreadable();
    }
    return { parent: undefined, layout: this.#layout, name: undefined, index: -1, held: emptyOf(this.#layout) };
  }

  /** The frame of an element inside another; undefined when the element is not read. */
  #child(parent: Frame, element: string): Frame | undefined {
    const { layout } = parent;
    if (layout.kind === "object") {
      const member = layout.elements.get(element);
      if (member !== undefined) return this.#memberOf(parent, member);
      this.#faults.addUnknown(pathOf(parent), element, layout.known);
    } else if (layout.kind === "list") {
      const index = (parent.held as unknown[]).length;
      if (element === layout.element) return frameOf(parent, layout.item, undefined, index);
      this.#faults.addUnknown(pathOf(parent), element, layout.element);
    } else {
      this.#faults.add("value-invalid", pathOf(parent), "must be text, without elements in it");
    }
    return undefined;
  }

  #memberOf(parent: Frame, { name, layout }: Member): Frame | undefined {
    if (layout.kind === "ignored") return undefined;
    const held = parent.held as Record<string, unknown>;
    if (layout.kind === "list" && !layout.isWrapped) {
      const items = (held[name] ??= []) as unknown[];
      return frameOf(parent, layout.item, name, items.length);
    }
    if (!Object.hasOwn(held, name)) return frameOf(parent, layout, name, -1);
    this.#faults.add("member-repeated", [...pathOf(parent), name], "stands there twice; send it once");
    return undefined;
  }

  #misplaced(frame: Frame): void {
    this.#faults.add("value-invalid", pathOf(frame), "holds text between its elements");
  }

  #exceed(message: string): never {
    this.#faults.add("limit-exceeded", [], message);
    throw new Unreadable();
  }
}

function frameOf(parent: Frame, layout: Layout, name: string | undefined, index: number): Frame {
  return { parent, layout, name, index, held: emptyOf(layout) };
}

function emptyOf(layout: Layout): Held {
  if (layout.kind === "object") return {};
  return layout.kind === "list" ? [] : "";
}

function isLeaf(layout: Layout): boolean {
  return (layout.kind === "text" && !layout.isAtomLink) || layout.kind === "number";
}

/** Puts what an element held into what is around it. */
function keep(parent: Frame, { layout, name, index, held }: Frame): void {
  const value = layout.kind === "number" && !layout.isTextToo ? numberOf(held as string) : held;
  if (index === -1) (parent.held as Record<string, unknown>)[name as string] = value;
  else if (name === undefined) (parent.held as unknown[]).push(value);
  else ((parent.held as Record<string, unknown>)[name] as unknown[]).push(value);
}

/** Counts reach as far as ids do, but begin with 0. */
function numberOf(text: string): number | string {
  return text === "0" || isDirectoryId(text) ? Number(text) : text;
}

function fillBareLists({ bareLists }: ObjectLayout, held: Record<string, unknown>): void {
  for (const name of bareLists) held[name] ??= [];
}

function pathOf(frame: Frame): Path {
  const path: (string | number)[] = [];
  for (let at: Frame | undefined = frame; at !== undefined; at = at.parent) {
    if (at.index !== -1) path.unshift(at.index);
    if (at.name !== undefined) path.unshift(at.name);
  }
  return path;
}

function withoutPrefix(name: string): string {
  const colon = name.indexOf(":");
  return colon === -1 ? name : name.slice(colon + 1);
}
