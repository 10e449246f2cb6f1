import type { IncomingHttpHeaders } from "node:http";
import type { Condition, Version } from "../service/condition.ts";
import type { WireFormat } from "../wire/shape.ts";

/** The two formats of a document are two representations, so they need different strong tags (RFC 9110 §8.8.3). */
export function entityTag(version: Version, format: WireFormat): string {
  return `"${version}-${format}"`;
}

/**
 * The condition of a write. If-Match compares strongly, so a weak tag never matches; a tag of either format names the
 * version, because it is the document that must not have changed, not its print.
 */
export function conditionOf(headers: IncomingHttpHeaders): Condition {
  const match = headers["if-match"];
  const noneMatch = headers["if-none-match"];
  if (match === undefined && noneMatch === undefined) return unconditional;
  return {
    ...(match === undefined ? {} : { match: versionsOf(match, "strong") }),
    ...(noneMatch === undefined ? {} : { noneMatch: versionsOf(noneMatch, "weak") }),
  };
}

const unconditional: Condition = {};

/** Whether a GET may be answered with 304 (RFC 9110 §13.1.2: weak comparison). */
export function isUnchanged(headers: IncomingHttpHeaders, tag: string, isRecorded: boolean): boolean {
  const noneMatch = headers["if-none-match"];
  if (noneMatch === undefined) return false;
  if (noneMatch.trim() === "*") return isRecorded;
  return tagsOf(noneMatch).some((candidate) => candidate.replace(/^W\//, "") === tag);
}

function versionsOf(header: string, comparison: "strong" | "weak"): readonly Version[] | "*" {
  if (header.trim() === "*") return "*";
  const tags = tagsOf(header).map((tag) => (comparison === "weak" ? tag.replace(/^W\//, "") : tag));
  return tags.flatMap((tag) => /^"(.+)-(?:json|xml)"$/.exec(tag)?.[1] ?? []);
}

/** Opaque tags may hold commas, so they are picked out, not split at. */
function tagsOf(header: string): string[] {
  return header.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
}
