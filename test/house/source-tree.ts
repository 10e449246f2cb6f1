import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import {
  isArrowFunction,
  isBindingPattern,
  isBlock,
  isCallExpression,
  isConstructorDeclaration,
  isExportDeclaration,
  isExpressionStatement,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportSpecifier,
  isImportTypeNode,
  isLiteralTypeNode,
  isMethodDeclaration,
  isNamespaceImport,
  isNewExpression,
  isPrivateIdentifier,
  isPropertyAccessExpression,
  isSetAccessorDeclaration,
  isStringLiteral,
  isTemplateExpression,
  isVariableStatement,
  type Node,
  type SourceFile as Parsed,
  SyntaxKind,
} from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

/** Another file that a file names: imported, re-exported, or started as a worker. */
export interface Reference {
  /** The path from the tree's root for a file of the tree; otherwise the specifier as it stands. */
  readonly target: string;
  readonly line: number;
  readonly kind: "import" | "re-export" | "url";
  /** The names taken from it; undefined when it may be all of them. */
  readonly names?: readonly string[];
}

export interface Found {
  readonly name: string;
  readonly line: number;
}

/** What the tests of the house ask about a source file. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly references: readonly Reference[];
  readonly functions: readonly (Found & { readonly lines: number })[];
  readonly identifiers: readonly Found[];
  /** Every `a.b` with a plain name before the dot, as `a.b`. */
  readonly accesses: readonly Found[];
  readonly anys: readonly number[];
  /** The functions and constants that it exports. */
  readonly exports: readonly Found[];
}

/** The folders whose TypeScript is ours. */
const sourceFolders = ["src", "test", "bench", "scripts"];

/** The repository's own sources, path → text. */
export function ownSources(repository: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const folder of sourceFolders) {
    for (const entry of readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" })) {
      const path = posix.join(folder, entry);
      if (path.endsWith(".ts") && !/(^|\/)(node_modules|peers)\//.test(path)) {
        files[path] = readFileSync(join(repository, path), "utf8");
      }
    }
  }
  return files;
}

const written = new Map<string, string>();
const api = new API({
  cwd: "/",
  fs: {
    readFile: (name) => written.get(name) ?? null,
    fileExists: (name) => written.has(name),
    directoryExists: () => true,
    getAccessibleEntries: () => ({ files: [], directories: [] }),
    realpath: (name) => name,
  },
});
let trees = 0;

/** Parses with TypeScript's own parser, so that strings, comments and types are never mistaken for each other. */
export function parse(files: Readonly<Record<string, string>>): Source[] {
  const root = `/tree-${++trees}`;
  const paths = Object.keys(files);
  const config = { compilerOptions: { noLib: true, noResolve: true, types: [] }, files: paths };
  written.set(`${root}/tsconfig.json`, JSON.stringify(config));
  for (const path of paths) written.set(`${root}/${path}`, files[path] ?? "");
  const project = api.updateSnapshot({ openProjects: [`${root}/tsconfig.json`] }).getProject(`${root}/tsconfig.json`);
  return paths.map((path) => {
    const parsed = project?.program.getSourceFile(`${root}/${path}`);
    if (parsed === undefined) throw new Error(`${path} was not parsed`);
    return look(path, parsed);
  });
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };

function look(path: string, parsed: Parsed): Source {
  const { text } = parsed;
  const lineOf = lineCounter(text);
  const source: Mutable<Source> = {
    path,
    text,
    references: [],
    functions: [],
    identifiers: [],
    accesses: [],
    anys: [],
    exports: parsed.statements.flatMap((statement) => exportsOf(statement, lineOf(statement))),
  };
  const visit = (node: Node): void => {
    const reference = referenceOf(path, node, lineOf(node));
    if (reference !== undefined) source.references.push(reference);
    if (isFunction(node) && !isSuite(node)) source.functions.push(measure(node, lineOf(node)));
    if (isIdentifier(node) || isPrivateIdentifier(node))
      source.identifiers.push({ name: node.text, line: lineOf(node) });
    if (isPropertyAccessExpression(node) && isIdentifier(node.expression)) {
      source.accesses.push({ name: `${node.expression.text}.${node.name.text}`, line: lineOf(node) });
    }
    if (node.kind === SyntaxKind.AnyKeyword) source.anys.push(lineOf(node));
    node.forEachChild(visit);
  };
  visit(parsed);
  return source;
}

/** Counts lines from 1. */
function lineCounter(text: string): (node: Node) => number {
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
  return (node) => {
    const start = node.getStart();
    const line = ends.findIndex((end) => end >= start);
    return line === -1 ? ends.length + 1 : line + 1;
  };
}

function isFunction(node: Node): boolean {
  return (
    isFunctionDeclaration(node) ||
    isFunctionExpression(node) ||
    isArrowFunction(node) ||
    isMethodDeclaration(node) ||
    isConstructorDeclaration(node) ||
    isGetAccessorDeclaration(node) ||
    isSetAccessorDeclaration(node)
  );
}

/** A suite of tests is a list of functions, not one that has to be read at a stretch. */
function isSuite(node: Node): boolean {
  const registers = (call: Node): boolean =>
    isCallExpression(call) && /^(describe|it|suite|test)(\.\w+)?$/.test(call.expression.getText());
  if (isCallExpression(node.parent) && registers(node.parent)) return /^(describe|suite)/.test(node.parent.getText());
  const { body } = node as { body?: Node };
  return (
    body !== undefined &&
    isBlock(body) &&
    body.statements.some((statement) => isExpressionStatement(statement) && registers(statement.expression))
  );
}

function measure(node: Node, line: number): Found & { lines: number } {
  const name = (node as { name?: Node }).name?.getText() ?? "a function without a name";
  return { name, line, lines: node.getText().split("\n").length };
}

function referenceOf(from: string, node: Node, line: number): Reference | undefined {
  const at = (target: string): { target: string; line: number } => ({ target: resolve(from, target), line });
  if (isImportDeclaration(node) && isStringLiteral(node.moduleSpecifier)) {
    return { ...at(node.moduleSpecifier.text), kind: "import", ...namesIn(node) };
  }
  if (isExportDeclaration(node) && node.moduleSpecifier !== undefined && isStringLiteral(node.moduleSpecifier)) {
    return { ...at(node.moduleSpecifier.text), kind: "re-export" };
  }
  if (isImportTypeNode(node) && isLiteralTypeNode(node.argument) && isStringLiteral(node.argument.literal)) {
    return { ...at(node.argument.literal.text), kind: "import" };
  }
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
    const [specifier] = node.arguments;
    if (specifier !== undefined && isStringLiteral(specifier)) return { ...at(specifier.text), kind: "import" };
  }
  const started =
    isNewExpression(node) && node.expression.getText() === "URL" ? beginning(node.arguments?.[0]) : undefined;
  return started?.startsWith(".") ? { ...at(started), kind: "url" } : undefined;
}

/** The text of a string; of a template, that before its first `${…}` with our extension, which a build replaces. */
function beginning(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (isStringLiteral(node)) return node.text;
  return isTemplateExpression(node) ? `${node.head.text}.ts` : undefined;
}

function namesIn(node: Node): { names?: readonly string[] } {
  const names: string[] = [];
  let all = false;
  const visit = (child: Node): void => {
    if (isNamespaceImport(child)) all = true;
    if (isImportSpecifier(child)) names.push((child.propertyName ?? child.name).text);
    child.forEachChild(visit);
  };
  node.forEachChild(visit);
  return all ? {} : { names };
}

function resolve(from: string, specifier: string): string {
  return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : specifier;
}

function exportsOf(statement: Node, line: number): Found[] {
  const { modifiers, name } = statement as { modifiers?: readonly Node[]; name?: Node };
  if (!modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword)) return [];
  if (isFunctionDeclaration(statement)) return [{ name: name?.getText() ?? "default", line }];
  if (!isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap((declaration) =>
    isBindingPattern(declaration.name)
      ? declaration.name.elements.map((element) => ({ name: element.getText(), line }))
      : [{ name: declaration.name.getText(), line }],
  );
}
