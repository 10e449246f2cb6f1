import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { barrels, barriers, cycles, dead, environmentReaders, floors, homeless, wrongImports } from "./house/floors.ts";
import { ownSources, parse, type Source } from "./house/source-tree.ts";

const sources = parse(ownSources(join(import.meta.dirname, "..")));

function findings(check: (sources: readonly Source[]) => string[], files: Record<string, string>): string[] {
  return check(parse(files));
}

describe("the house", () => {
  it("has every file on a floor", () => assert.deepEqual(homeless(sources), []));
  it("has no import that goes up or through a barrier", () => assert.deepEqual(wrongImports(sources), []));
  it("has no cycle of imports, types included", () => assert.deepEqual(cycles(sources), []));
  it("has no barrels", () => assert.deepEqual(barrels(sources), []));
  it("reads the environment in src/config only", () => assert.deepEqual(environmentReaders(sources), []));
  it("has no file and no export that nobody needs", () => assert.deepEqual(dead(sources, "src/main.ts"), []));
});

describe("the floors", () => {
  const rooms = floors.flat();
  const file = (room: string): string => (room.endsWith(".ts") ? `src/${room}` : `src/${room}/a.ts`);

  it("refuse each import that goes up or through a barrier", () => {
    for (const [height, floor] of floors.entries()) {
      for (const [other, targets] of floors.entries()) {
        for (const [from, to] of floor.flatMap((room) => targets.map((target) => [room, target] as const))) {
          if (from === to) continue;
          const tree = { [file(from)]: `import type { B } from "../${file(to)}";`, [file(to)]: "export type B = 1;" };
          const allowed = other <= height && !barriers[from]?.includes(to);
          const code =
            file(from) === `src/${from}`
              ? `import type { B } from "./${file(to).slice(4)}";`
              : `import type { B } from "../${file(to).slice(4)}";`;
          assert.equal(
            findings(wrongImports, { ...tree, [file(from)]: code }).length,
            allowed ? 0 : 1,
            `${from} → ${to}`,
          );
        }
      }
    }
  });

  it("see each way of importing", () => {
    const ways = [
      `import { b } from "../http/b.ts";`,
      `import * as b from "../http/b.ts";`,
      `import type { B } from "../http/b.ts";`,
      `import { type B } from "../http/b.ts";`,
      `import "../http/b.ts";`,
      `export { b } from "../http/b.ts";`,
      `export * from "../http/b.ts";`,
      `const b = await import("../http/b.ts");`,
      `type B = import("../http/b.ts").B;`,
      `new Worker(new URL("../http/b.ts", import.meta.url));`,
      "new Worker(new URL(`../http/b${extension}`, import.meta.url));",
    ];
    for (const way of ways) {
      const tree = { "src/domain/a.ts": way, "src/http/b.ts": "export const b = 1; export type B = 1;" };
      assert.equal(findings(wrongImports, tree).length, 1, way);
    }
  });

  it("do not take strings and comments for imports", () => {
    const text = `// import { b } from "../http/b.ts";\nconst a = 'import { b } from "../http/b.ts"';`;
    assert.deepEqual(findings(wrongImports, { "src/domain/a.ts": text, "src/http/b.ts": "" }), []);
  });

  it("let tests look anywhere", () => {
    const tree = {
      "src/domain/a.test.ts": `import { b } from "../http/b.ts";`,
      "src/http/b.ts": "export const b = 1;",
    };
    assert.deepEqual(findings(wrongImports, tree), []);
  });

  it("have a place for every folder, and find a file that has none", () => {
    assert.equal(new Set(rooms).size, rooms.length);
    assert.equal(findings(homeless, { "src/utils/a.ts": "", "src/domain/a.ts": "" }).length, 1);
  });
});

describe("the checks of the house", () => {
  it("find a cycle, of types too, once", () => {
    const tree = {
      "src/domain/a.ts": `import type { B } from "./b.ts";`,
      "src/domain/b.ts": `import type { C } from "./c.ts";`,
      "src/domain/c.ts": `import type { A } from "./a.ts";`,
      "src/domain/d.ts": `import type { A } from "./a.ts"; import type { B } from "./b.ts";`,
    };
    assert.deepEqual(findings(cycles, tree), ["src/domain/a.ts → src/domain/b.ts → src/domain/c.ts → src/domain/a.ts"]);
  });

  it("find a file that imports itself, and no cycle where two ways lead to one file", () => {
    assert.equal(findings(cycles, { "src/a.ts": `import "./a.ts";` }).length, 1);
    const diamond = {
      "src/a.ts": `import "./b.ts"; import "./c.ts";`,
      "src/b.ts": `import "./d.ts";`,
      "src/c.ts": `import "./d.ts";`,
      "src/d.ts": "",
    };
    assert.deepEqual(findings(cycles, diamond), []);
  });

  it("find a barrel", () => {
    assert.equal(
      findings(barrels, { "src/a.ts": `export * from "./b.ts"; export type { C } from "./c.ts";` }).length,
      2,
    );
  });

  it("find a read of the environment", () => {
    const reads = [
      "const a = process.env.A;",
      `import { env } from "node:process";`,
      `import * as process from "node:process";`,
    ];
    for (const read of reads) {
      assert.equal(findings(environmentReaders, { "src/cli/a.ts": read }).length, 1, read);
      assert.equal(findings(environmentReaders, { "src/config/a.ts": read }).length, 0, read);
    }
  });

  it("find a dead file and a dead export", () => {
    const tree = {
      "src/main.ts": `import { a } from "./a.ts"; new Worker(new URL("./worker.ts", import.meta.url));`,
      "src/a.ts": "export const a = 1; export const b = 1; export function c() {} export type D = 1; const e = 1;",
      "src/worker.ts": "",
      "src/lost.ts": "",
      "src/lost.test.ts": `import "./lost.ts"; import { c } from "./a.ts";`,
    };
    const entry = "src/main.ts";
    assert.deepEqual(
      findings((found) => dead(found, entry), tree),
      ["src/lost.ts: nothing leads here from src/main.ts", "src/a.ts:1: nobody imports b; it need not be exported"],
    );
  });
});
