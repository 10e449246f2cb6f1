import { limits } from "../domain/limits.ts";
import type { FaultList } from "./fault-list.ts";
import { scanJson } from "./json-scan.ts";

/**
 * The value of a JSON text; undefined, and the faults are in the list, when it is not JSON, repeats a name within an
 * object, or goes beyond the limits. `JSON.parse` does the work; the slow scan only ever tells what is wrong.
 */
export function parseJson(sent: string, faults: FaultList): { readonly value: unknown } | undefined {
  const text = sent.includes(noBreakSpace) ? withPlainSpaces(sent) : sent;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    scanJson(text, faults);
    // Both read RFC 8259; should they ever disagree, the body is refused all the same.
    if (faults.isEmpty) faults.add("body-malformed", [], "is not JSON");
    return undefined;
  }
  const tally: Tally = { members: 0, elements: 0 };
  if (!count(value, 1, tally)) {
    const { bodyLevels, bodyElements } = limits;
    faults.add("limit-exceeded", [], `has more than ${bodyLevels} levels or ${bodyElements} members and list items`);
    return undefined;
  }
  if (structuralColons(text) !== tally.members) scanJson(text, faults);
  return faults.isEmpty ? { value } : undefined;
}

const noBreakSpace = "\u00a0";

/**
 * The organisations' contract prints its own sample indented with no-break spaces, and whoever copies it sends them;
 * outside strings they mean what spaces mean.
 */
function withPlainSpaces(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"?|\u00a0/gs, (found) => (found === noBreakSpace ? " " : found));
}

interface Tally {
  members: number;
  elements: number;
}

/** Counts members, and list items with them; false as soon as there are too many, or they are too deep. */
function count(value: unknown, level: number, tally: Tally): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (level > limits.bodyLevels) return false;
  if (Array.isArray(value)) {
    tally.elements += value.length;
    if (tally.elements > limits.bodyElements) return false;
    for (const item of value) if (!count(item, level + 1, tally)) return false;
    return true;
  }
  for (const name in value) {
    tally.members++;
    if (++tally.elements > limits.bodyElements) return false;
    if (!count((value as Record<string, unknown>)[name], level + 1, tally)) return false;
  }
  return true;
}

const quote = 0x22;
const colon = 0x3a;
const backslash = 0x5c;

/**
 * Colons outside strings: one a member as it was sent. JSON.parse keeps one member of each name, so that fewer members
 * than colons means that a name stood there twice. A scan of 600 bytes takes less than a microsecond.
 */
function structuralColons(text: string): number {
  let colons = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === colon) colons++;
    else if (code === quote) at = endOfString(text, at);
  }
  return colons;
}

/** Where the string that begins here ends: at its closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at++;
  }
  return text.length;
}
