import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";

/**
 * A check that cannot fail is worth nothing, and linters skip what they do not understand without a word: so each
 * rule that is switched on is shown code that it must find fault with, under the project's own configuration.
 */
const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "saywhen-lint-"));
after(() => rmSync(folder, { recursive: true }));

const anyValue = "declare const value: any;";
const promise = "declare function later(): Promise<number>;";

/** Rule → code that breaks it. */
const violations: Readonly<Record<string, string>> = {
  eqeqeq: "export const a = (b: string | number) => b == 1;",
  "no-console": `console.log("a");`,
  "no-empty": "export function a(b: boolean) { if (b) {} }",
  "no-param-reassign": "export function a(b: number) { b = 1; return b; }",
  "no-unused-vars": "const a = 1;",
  "no-var": "export var a = 1;",
  "prefer-const": "let a = 1; export const b = () => a;",
  "import/no-cycle": `import type { A } from "./cycle.ts"; export type B = A;`,
  "import/no-default-export": "export default 1;",
  "import/no-duplicates": `import { a } from "./named.ts"; import { b } from "./named.ts"; export const c = a + b;`,
  "import/no-self-import": `import "./import_no-self-import.ts";`,
  "node/no-process-env": "export const a = process.env.A;",
  "oxc/no-barrel-file": `export * from "./named.ts";`,
  "typescript/await-thenable": "declare const a: number; await a;",
  "typescript/ban-ts-comment": "// @ts-" + "nocheck",
  "typescript/consistent-type-imports": `import { A } from "./cycle.ts"; export type B = A;`,
  "typescript/no-deprecated": "/** @deprecated Use b. */ declare function a(): void; a();",
  "typescript/no-explicit-any": "export type A = any;",
  "typescript/no-floating-promises": `${promise} later();`,
  "typescript/no-misused-promises": `${promise} if (later()) process.exit();`,
  "typescript/no-non-null-assertion": "declare const a: string | undefined; export const b = a!.length;",
  "typescript/no-unnecessary-type-assertion": "declare const a: string; export const b = a as string;",
  "typescript/no-unsafe-argument": `${anyValue} String.raw(value); Number.parseInt(value);`,
  "typescript/no-unsafe-assignment": `${anyValue} export const b: string = value;`,
  "typescript/no-unsafe-call": `${anyValue} value();`,
  "typescript/no-unsafe-member-access": `${anyValue} export const b: unknown = value.c;`,
  "typescript/no-unsafe-return": `${anyValue} export function b(): string { return value; }`,
  "typescript/only-throw-error": `throw "a";`,
  "typescript/return-await": `${promise} export async function a() { try { return later(); } catch { return 1; } }`,
  "typescript/switch-exhaustiveness-check": `export function a(b: "c" | "d") { switch (b) { case "c": return 1; } return 2; }`,
  "unicorn/prefer-node-protocol": `import "fs";`,
};

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
}

function fileOf(rule: string): string {
  return `src/domain/${rule.replace("/", "_")}.ts`;
}

function lint(files: Readonly<Record<string, string>>): Set<string> {
  rmSync(join(folder, "src"), { recursive: true, force: true });
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), /^(import|export) /m.test(text) ? text : `${text}\nexport {};`);
  }
  const { stdout, stderr } = spawnSync("node_modules/.bin/oxlint", ["--format=json"], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return new Set((JSON.parse(stdout) as Report).diagnostics.map(({ code, filename }) => `${filename} ${code}`));
}

function codeOf(rule: string): string {
  const [plugin, name] = rule.includes("/") ? rule.split("/") : ["eslint", rule];
  return `${plugin}(${name})`;
}

describe("the linter", () => {
  for (const file of ["tsconfig.json", ".oxlintrc.json"]) cpSync(join(root, file), join(folder, file));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const { rules } = JSON.parse(readFileSync(join(root, ".oxlintrc.json"), "utf8")) as {
    rules: Record<string, unknown>;
  };
  const switchedOn = Object.keys(rules).filter((rule) => rules[rule] !== "off");

  it("is shown code that breaks it for each rule that is switched on", () => {
    assert.deepEqual(Object.keys(violations).sort(), switchedOn.sort());
  });

  it("finds fault with each", () => {
    const files = Object.fromEntries(switchedOn.map((rule) => [fileOf(rule), violations[rule] ?? ""]));
    const found = lint({
      ...files,
      "src/domain/cycle.ts": `import type { B } from "./import_no-cycle.ts"; export interface A { b: B }`,
      "src/domain/named.ts": "export const a = 1; export const b = 2;",
    });
    const silent = switchedOn.filter((rule) => !found.has(`${fileOf(rule)} ${codeOf(rule)}`));
    assert.deepEqual(silent, [], [...found].join("\n"));
  });

  it("lets the places be that may do it", () => {
    const found = lint({
      "src/config/a.ts": "export const a = process.env;",
      "bench/a.ts": `console.log("a");`,
      "src/domain/a.test.ts": `import { describe, it } from "node:test"; describe("a", () => { it("b", async () => {}); });`,
    });
    assert.deepEqual([...found], []);
  });
});
