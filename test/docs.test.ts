import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { table } from "../scripts/markdown.ts";
import { pages } from "../scripts/pages.ts";
import { commands } from "../src/cli/commands.ts";
import { settingsTable } from "../src/config/settings.ts";
import { scopes } from "../src/domain/client.ts";
import { limits } from "../src/domain/limits.ts";
import { makeMetrics } from "../src/http/metrics.ts";

const root = join(import.meta.dirname, "..");
const documents = globSync(["*.md", "bench/README.md", "docs/**/*.md"], { cwd: root });

function textOf(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** What the pattern's first group finds in a document, each once. */
function named(file: string, pattern: RegExp): string[] {
  return [...new Set([...textOf(file).matchAll(pattern)].map(([, name = ""]) => name))];
}

/** What stands in code marks in the first column of a document's tables. */
function firstColumn(file: string): string[] {
  return named(file, /^\| (`.*?) \|/gm).flatMap((cell) => [...cell.matchAll(/`(.+?)`/g)].map(([, name = ""]) => name));
}

/** Whether a file or folder that ARCHITECTURE.md names in this line is there: from the root, src/, or the line's folder. */
function isThere(name: string, line: string): boolean {
  const [, folder = ""] = /^\| `([^`]+\/)` \|/.exec(line) ?? [];
  return ["", "src", folder].some((start) => existsSync(join(root, start, name)));
}

describe("the documentation", () => {
  for (const { file, render } of pages) {
    it(`has ${file} as its table says (\`npm run docs\` writes it)`, async () => {
      assert.equal(textOf(file), await render());
    });
  }

  it("has tables whose cells hold bars and line ends without breaking", () => {
    assert.equal(table(["a", "b"], [["1|2", "3\n4"]]), "| a | b |\n|---|---|\n| 1\\|2 | 3 4 |");
  });

  it("links to files that are there", () => {
    const links = documents.flatMap((file) => named(file, /\]\(([^)#\s]+)/g).map((target) => ({ file, target })));
    const own = links.filter(({ target }) => !/^[a-z]+:/.test(target));
    assert.ok(own.length > 20, "the links are no longer found");
    const dangling = own.filter(({ file, target }) => !existsSync(join(root, dirname(file), target)));
    assert.deepEqual(dangling, []);
  });

  it("names scripts that package.json has", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
    const asked = documents.flatMap((file) => named(file, /npm run (?:-s )?([\w:-]+)/g));
    assert.ok(asked.includes("check"), "the scripts are no longer found");
    assert.deepEqual(
      asked.filter((name) => !Object.hasOwn(scripts, name)),
      [],
    );
  });

  it("names in ARCHITECTURE.md only files and folders that are there", () => {
    const places = textOf("ARCHITECTURE.md")
      .split("\n")
      .flatMap((line) => [...line.matchAll(/`([\w./-]+(?:\.ts|\/))`/g)].map(([, name = ""]) => ({ name, line })));
    assert.ok(places.length > 30, "the files are no longer found");
    const missing = places.filter(({ name, line }) => !isThere(name, line));
    assert.deepEqual(missing, []);
  });

  it("has in docs/operate.md every metric that is printed, and no other", async () => {
    const metrics = makeMetrics();
    metrics.request("GET", "/livez", 200, 0.001);
    metrics.group({ writes: 1, changes: 1, seconds: 0.001 });
    metrics.storeError("full");
    metrics.watchConnections(() => ({ open: 2, idle: 1, waiting: 0 }));
    metrics.watchLog(() => ({ isSigning: true, size: 2, signedSize: 1 }));
    metrics.watchIndex(() => ({ isBuilt: true, subjects: 1, bytes: 80 }));
    metrics.replicaRead("replica");
    metrics.watchReplica(async () => 0);
    const printed = [...(await metrics.print()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    assert.deepEqual(named("docs/operate.md", /`((?:http|saywhen)_[a-z_]+)`/g).sort(), printed.map(String).sort());
  });

  it("names only settings that there are", () => {
    const known = Object.values(settingsTable).map(({ variable }) => variable as string);
    const asked = documents.flatMap((file) => named(file, /\b(SAYWHEN_[A-Z_]*[A-Z])\b/g));
    assert.ok(asked.includes("SAYWHEN_DATABASE"), "the settings are no longer found");
    assert.deepEqual(
      asked.filter((name) => !known.includes(name)),
      [],
    );
  });

  it("names only commands that there are, with flags that their usage has", () => {
    const asked = documents.flatMap((file) => [...textOf(file).matchAll(/(?:`|^)saywhen ([a-z]+)\b([^`\n#]*)/gm)]);
    assert.ok(asked.length > 30, "the commands are no longer found");
    const unknown = asked.filter(([, name = "", rest = ""]) => {
      const usage = commands.find((command) => command.name === name)?.usage;
      return (
        usage === undefined ||
        (rest.match(/--[a-z][a-z-]*/g) ?? []).some((flag) => flag !== "--help" && !usage.includes(flag))
      );
    });
    assert.deepEqual(
      unknown.map(([words]) => words),
      [],
    );
  });

  it("has in docs/operate.md the number of connections that a node holds", () => {
    assert.match(textOf("docs/operate.md"), new RegExp(`\\b${limits.databaseConnections} for each node`));
  });

  it("has in docs/operate.md every kind of failure that PostgreSQL's storage tells apart", () => {
    const kinds = [...textOf("src/storage/postgres/failure.ts").matchAll(/\^[^,]*, "([a-z]+)", "/g)].map(
      ([, kind = ""]) => kind,
    );
    assert.ok(kinds.length > 10, "the kinds are no longer found");
    const told = textOf("docs/operate.md");
    assert.deepEqual(
      [...new Set(kinds)].filter((kind) => !told.includes(`\`${kind}\``)),
      [],
    );
  });

  it("has in docs/clients.md every scope that there is, and no other", () => {
    assert.deepEqual(firstColumn("docs/clients.md").sort(), [...scopes].sort());
  });
});
