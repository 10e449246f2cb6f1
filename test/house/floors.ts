import type { Source } from "./source-tree.ts";

/**
 * The floors of the house, bottom up: a file imports only from its own floor or one below, types included.
 */
export const floors: readonly (readonly string[])[] = [
  ["domain", "audit"],
  ["service"],
  ["wire", "storage", "index"],
  ["http", "web", "delivery"],
  ["config"],
  ["compose.ts", "compose-parts.ts", "compose-commands.ts"],
  ["cli"],
  ["main.ts"],
];

/** Folders that never touch another one, though their floor would let them. */
export const barriers: Readonly<Record<string, readonly string[]>> = {
  domain: ["audit"],
  audit: ["domain"],
  wire: ["storage", "index"],
  storage: ["wire", "index"],
  index: ["wire", "storage"],
  http: ["storage"],
  web: ["storage"],
  delivery: ["storage"],
  config: ["wire", "storage", "index", "http", "web", "delivery"],
};

/** Every import that goes up, or through a barrier; in words. */
export function wrongImports(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, references }) =>
    references.flatMap(({ target, line }) => {
      const wrong =
        path.startsWith("src/") && target.startsWith("src/") && !path.endsWith(".test.ts") && refusal(path, target);
      return wrong ? [`${path}:${line}: ${wrong}`] : [];
    }),
  );
}

/** Files that stand on no floor. */
export function homeless(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => path.startsWith("src/") && floorOf(roomOf(path)) === -1)
    .map(({ path }) => `${path}: it stands on no floor; test/house/floors.ts lists them`);
}

function refusal(from: string, to: string): string | undefined {
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === other) return undefined;
  if (barriers[room]?.includes(other)) return `${room} never imports ${other}`;
  return floorOf(other) > floorOf(room) ? `${room} lies below ${other} and may not import ${to}` : undefined;
}

/** The folder under src that holds the file; a file directly under src is a room of its own. */
function roomOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function floorOf(room: string): number {
  return floors.findIndex((rooms) => rooms.includes(room));
}

/** Every cycle of imports, types included, each once, as the paths on it. */
export function cycles(sources: readonly Source[]): string[] {
  const imports = new Map(
    sources.map(({ path, references }) => [
      path,
      references.filter(({ kind }) => kind !== "url").map(({ target }) => target),
    ]),
  );
  const found = new Map<string, string>();
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start !== -1) {
      const ring = way.slice(start);
      found.set([...ring].sort().join(), [...ring, path].join(" → "));
    } else if (!done.has(path)) {
      for (const target of imports.get(path) ?? []) walk(target, [...way, path]);
      done.add(path);
    }
  };
  for (const path of imports.keys()) walk(path, []);
  return [...found.values()];
}

/**
 * Files of src that nothing leads to from the entry, and values that src exports and nobody imports. Types may be
 * exported for the signatures that they stand in, classes of errors for those who catch them.
 */
export function dead(sources: readonly Source[], entry: string): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const alive = new Set<string>();
  const reach = (path: string): void => {
    if (alive.has(path)) return;
    alive.add(path);
    for (const { target } of byPath.get(path)?.references ?? []) reach(target);
  };
  reach(entry);
  const own = sources.filter(({ path }) => path.startsWith("src/") && !path.endsWith(".test.ts"));
  const files = own
    .filter(({ path }) => !alive.has(path))
    .map(({ path }) => `${path}: nothing leads here from ${entry}`);
  return [...files, ...own.flatMap((source) => deadExports(source, sources))];
}

function deadExports({ path, exports }: Source, sources: readonly Source[]): string[] {
  const uses = sources.flatMap(({ references }) => references.filter(({ target }) => target === path));
  if (uses.some(({ names }) => names === undefined)) return [];
  const used = new Set(uses.flatMap(({ names }) => names ?? []));
  return exports
    .filter(({ name }) => !used.has(name))
    .map(({ name, line }) => `${path}:${line}: nobody imports ${name}; it need not be exported`);
}

/** Exports that only pass on what another file has: a reader would have to open two files to find one thing. */
export function barrels(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, references }) =>
    references
      .filter(({ kind }) => kind === "re-export")
      .map(({ target, line }) => `${path}:${line}: import from ${target} itself instead of passing it on`),
  );
}

/** Reads of the environment outside the one folder that may. */
export function environmentReaders(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => path.startsWith("src/") && !path.startsWith("src/config/") && !path.endsWith(".test.ts"))
    .flatMap(({ path, accesses, references }) => [
      ...accesses.filter(({ name }) => name === "process.env").map(({ line }) => `${path}:${line}`),
      ...references
        .filter(({ target, names }) => target === "node:process" && (names === undefined || names.includes("env")))
        .map(({ line }) => `${path}:${line}`),
    ])
    .map((place) => `${place}: only src/config reads the environment`);
}
