import type { Route } from "./route.ts";

/** The methods that each path answers, for requests that no route takes (404, 405, OPTIONS). */
export interface PathTable {
  /** The value of `Allow` for this path; undefined when there is nothing at it. */
  allow(path: string): string | undefined;
}

export function pathTable(routes: readonly Route[]): PathTable {
  const methods = new Map<string, Set<string>>();
  for (const { method, path, aliases = [] } of routes) {
    for (const pattern of [path, ...aliases]) {
      const known = methods.get(pattern) ?? new Set(["OPTIONS"]);
      methods.set(pattern, known.add(method));
      if (method === "GET") known.add("HEAD");
    }
  }
  const table = [...methods].map(([pattern, known]) => ({
    matcher: matcherOf(pattern),
    allow: [...known].sort().join(", "),
  }));
  return { allow: (path) => table.find(({ matcher }) => matcher.test(path))?.allow };
}

function matcherOf(pattern: string): RegExp {
  const parts = pattern.split(/(\{[^}]+\})/).map((part) => {
    if (part.startsWith("{")) return part.startsWith("{+") ? ".+" : "[^/]+";
    return part.replace(/[.*+?^$|()[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}/?$`);
}
