import type { Path } from "../domain/fault.ts";
import type { Layout } from "./layout.ts";

/** The wire's names of what the domain has another word for. */
export type Words = ReadonlyMap<string, string>;

/** A place in a JSON body (RFC 6901): `/preferences/0/category`. The body as a whole has none: "". */
export function jsonPointer(path: Path, root: string | undefined, words: Words): string {
  if (path.length === 0) return "";
  const segments = root === undefined ? path : [root, ...path];
  return segments.map((segment) => `/${pointerToken(words.get(String(segment)) ?? String(segment))}`).join("");
}

function pointerToken(segment: string): string {
  return segment.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** A place in an XML body, counted from 1: `/request/preferences/preference[1]/category`. The body has none: "". */
export function xpath(path: Path, root: string, layout: Layout, words: Words): string {
  if (path.length === 0) return "";
  let place = `/${root}`;
  let at: Layout | undefined = layout;
  for (const segment of path) {
    if (typeof segment === "number") {
      place += at?.kind === "list" && at.isWrapped ? `/${at.element}[${segment + 1}]` : `[${segment + 1}]`;
      at = at?.kind === "list" ? at.item : undefined;
    } else {
      const name: string = words.get(segment) ?? segment;
      const member = at?.kind === "object" ? at.members.get(name) : undefined;
      place += `/${member?.element ?? name}`;
      at = member?.layout;
    }
  }
  return place;
}
