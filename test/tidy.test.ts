import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ownSources, parse, type Source } from "./house/source-tree.ts";
import {
  anyTypes,
  avoidedWords,
  bannedMarks,
  consoles,
  idleTestFiles,
  longFiles,
  longFunctions,
  longLines,
  machinePlaces,
  most,
} from "./house/tidy-rules.ts";

const root = join(import.meta.dirname, "..");
const sources = parse(ownSources(root));

/** Files that are kept, by the folders that .gitignore leaves out. */
function* keptFiles(folder = ""): Generator<string> {
  const ignored = /^(\.git|node_modules|dist|data|coverage)$|\.tgz$/;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (ignored.test(entry.name)) continue;
    if (entry.isDirectory()) yield* keptFiles(path);
    else if (entry.isFile()) yield path;
  }
}

function findings(check: (source: Source) => string[]): string[] {
  return sources.flatMap((source) => check(source));
}

function findIn(check: (source: Source) => string[], text: string, path = "src/domain/a.ts"): number {
  return parse({ [path]: text }).flatMap((source) => check(source)).length;
}

describe("the sources", () => {
  it("have no line that is too long", () => assert.deepEqual(findings(longLines), []));
  it("have no function that is too long", () => assert.deepEqual(findings(longFunctions), []));
  it("have no file that is too long", () => assert.deepEqual(findings(longFiles), []));
  it("have nothing unfinished, and no check switched off", () => assert.deepEqual(findings(bannedMarks), []));
  it("have no any", () => assert.deepEqual(findings(anyTypes), []));
  it("print to no console", () => assert.deepEqual(findings(consoles), []));
  it("use the project's words", () => assert.deepEqual(findings(avoidedWords), []));
  it("have no file of tests that asserts nothing", () => assert.deepEqual(findings(idleTestFiles), []));
});

it("no file that is kept names a place of one machine or one network", () => {
  const places = [...keptFiles()].flatMap((path) => machinePlaces(path, readFileSync(join(root, path), "utf8")));
  assert.deepEqual(places, []);
});

describe("the checks", () => {
  const lines = (count: number): string => "\n".repeat(count);

  it("find a long line", () => {
    assert.equal(findIn(longLines, `// ${"a".repeat(most.columns - 3)}`), 0);
    assert.equal(findIn(longLines, `// ${"a".repeat(most.columns - 2)}`), 1);
  });

  it("find a long function of each kind", () => {
    const kinds = (body: string): string[] => [
      `function a() {${body}}`,
      `const a = function () {${body}};`,
      `const a = () => {${body}};`,
      `const a = () => (${body} 1);`,
      `class A { a() {${body}} }`,
      `class A { static async *a() {${body}} }`,
      `class A { constructor() {${body}} }`,
      `class A { get a() {${body} return 1; } }`,
      `class A { set a(value: number) {${body}} }`,
      `const a = { a() {${body}} };`,
      `function a(): { b: 1 } {${body} return "}"; }`,
      `it("works", () => {${body}});`,
    ];
    for (const code of kinds(lines(most.functionLines - 1))) assert.equal(findIn(longFunctions, code), 0, code);
    for (const code of kinds(lines(most.functionLines))) assert.equal(findIn(longFunctions, code), 1, code);
  });

  it("do not count a doc comment, a type, an object or a suite of tests as a function", () => {
    const long = lines(most.functionLines);
    assert.equal(findIn(longFunctions, `/** ${long} */ function a() {}`), 0);
    assert.equal(findIn(longFunctions, `interface A {${long} a(): void }`), 0);
    assert.equal(findIn(longFunctions, `const a = {${long}};`), 0);
    assert.equal(findIn(longFunctions, `describe("a", () => {${long}});`), 0);
    assert.equal(findIn(longFunctions, `function contract() {${long} it("a", () => {}); }`), 0);
  });

  it("find a long file", () => {
    assert.equal(findIn(longFiles, lines(most.sourceLines)), 0);
    assert.equal(findIn(longFiles, lines(most.sourceLines + 1)), 1);
    assert.equal(findIn(longFiles, lines(most.testLines + 1), "src/domain/a.test.ts"), 1);
  });

  it("find each mark of something unfinished", () => {
    for (const mark of [
      ["// TO", "DO: later"],
      ["// @ts-", "ignore"],
      ["it.", "only('a')"],
      ["// oxlint-", "disable"],
    ]) {
      assert.equal(findIn(bannedMarks, mark.join("")), 1);
    }
  });

  it("find any as a type, not as a word", () => {
    assert.equal(findIn(anyTypes, "const a = b as any; function c(d: any[]): Promise<any> {}"), 3);
    assert.equal(findIn(anyTypes, `const any = "any"; // any`), 0);
  });

  it("find a console in the service, and leave it to the benchmarks", () => {
    assert.equal(findIn(consoles, `console.log("a");`), 1);
    assert.equal(findIn(consoles, `console.log("a");`, "bench/a.ts"), 0);
  });

  it("find a word that the project has another one for, in any spelling", () => {
    const spellings = ["subscriber", "newSubscriber", "SUBSCRIBER_COUNT", "SubscriberId", "#subscriber"];
    for (const name of spellings) assert.equal(findIn(avoidedWords, `class A { ${name} = 1 }`), 1, name);
    assert.equal(findIn(avoidedWords, `const purposely = "topic"; // topic`), 0);
  });

  it("find a file of tests that asserts nothing", () => {
    const path = "src/domain/a.test.ts";
    const assertImport = `import assert from "node:assert/strict";`;
    assert.equal(findIn(idleTestFiles, `it("a", () => {});`, path), 1);
    assert.equal(findIn(idleTestFiles, `${assertImport} it("a", () => {});`, path), 1);
    assert.equal(findIn(idleTestFiles, `${assertImport} it("a", () => { assert(true); });`, path), 0);
    assert.equal(findIn(idleTestFiles, `import { storeContract } from "./contract/store.ts";`, "test/a.test.ts"), 0);
  });

  it("find a place of one machine or one network", () => {
    for (const [slash, place] of [
      ["/", "home/a/b"],
      ["/", "work/a"],
      ["https://", "registry.example.org/a"],
    ]) {
      assert.equal(machinePlaces("a", `see ${slash}${place} there`).length, 1);
    }
    assert.deepEqual(machinePlaces("a", "src/work/a docs/home/b http://127.0.0.1/home/ a/root/b"), []);
  });
});
