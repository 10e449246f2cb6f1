import { readFileSync } from "node:fs";
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from "yaml";
import type { Catalogue } from "../domain/catalogue.ts";
import { checkCatalogue } from "../domain/catalogue-check.ts";
import type { Path } from "../domain/fault.ts";
import { limits } from "../domain/limits.ts";

/** The catalogue's file is missing or wrong; the message has a line for each error, for the operator. */
export class CatalogueFileInvalid extends Error {
  override readonly name = "CatalogueFileInvalid";
}

/** @throws CatalogueFileInvalid */
export function readCatalogueFile(path: string): Catalogue {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CatalogueFileInvalid(`${path}: ${messageOf(error)}`);
  }
  const parsed = parseCatalogueFile(text, path);
  if ("catalogue" in parsed) return parsed.catalogue;
  throw new CatalogueFileInvalid(parsed.errors.join("\n"));
}

/**
 * Reads a catalogue from YAML 1.2, of which JSON is a part.
 *
 * @param filename how the errors name the file
 * @returns the catalogue, or every error as `catalogue.yaml:12:5 categories[1].name: what is wrong`, lines and columns
 *   counted from 1
 */
export function parseCatalogueFile(
  text: string,
  filename: string,
): { readonly catalogue: Catalogue } | { readonly errors: readonly string[] } {
  if (Buffer.byteLength(text) > limits.bodyBytes) {
    return { errors: [`${filename}: the file is larger than ${limits.bodyBytes} bytes`] };
  }
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${filename}:${line}:${col}`;
  };
  try {
    const document = parseDocument(text, { strict: true, uniqueKeys: true, prettyErrors: false, lineCounter: lines });
    const wrong = [...document.errors, ...document.warnings];
    if (wrong.length > 0) return { errors: wrong.map(({ pos, message }) => `${place(pos[0])} ${message}`) };
    const checked = checkCatalogue(document.toJS({ maxAliasCount: limits.catalogueAliases }));
    if ("catalogue" in checked) return checked;
    const errors = checked.faults.map(({ path, message }) => ({ offset: offsetOf(document, path), path, message }));
    errors.sort((a, b) => a.offset - b.offset);
    return { errors: errors.map(({ offset, path, message }) => `${place(offset)} ${printed(path)}${message}`) };
  } catch (error) {
    // What the parser throws, instead of reporting it: too many aliases, or nesting that exhausts the stack.
    return { errors: [`${filename}: ${messageOf(error)}`] };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A path as one would write it, before what is said of it: `categories[1].name: `. */
function printed(path: Path): string {
  if (path.length === 0) return "";
  const steps = path.map((step, index) => (typeof step === "number" ? `[${step}]` : index > 0 ? `.${step}` : step));
  return `${steps.join("")}: `;
}

/** Where the key, or the list's entry, stands to which the path leads, as far as it leads anywhere. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!isNode(pair?.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = isNode(pair.value) ? pair.value : null;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (!isNode(item)) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset;
}
