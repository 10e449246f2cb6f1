import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { serve } from "./support/serving.ts";
import { temporaryFolder } from "./support/service.ts";

const root = join(import.meta.dirname, "..");
const execute = promisify(execFile);

/** npm's own settings go along (a registry, a proxy), but not what the npm that runs the tests says of its script. */
const npmEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(package|lifecycle|command|config_(local|global)?_?prefix)/.test(name) && !name.startsWith("SAYWHEN_"),
  ),
);

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute("npm", args, { cwd, env: npmEnvironment });
  return stdout;
}

describe("the package", () => {
  const folder = temporaryFolder();
  const saywhen = join(folder.path, "node_modules/.bin/saywhen");
  let files: string[] = [];

  before(async () => {
    const packed = await npm(root, "pack", "--json", "--loglevel=error", "--pack-destination", folder.path);
    const [tarball] = JSON.parse(packed.slice(packed.indexOf("[\n"))) as {
      filename: string;
      files: { path: string }[];
    }[];
    files = tarball?.files.map(({ path }) => path) ?? [];
    writeFileSync(join(folder.path, "package.json"), "{}");
    const file = join(folder.path, tarball?.filename ?? "");
    await npm(folder.path, "install", "--prefer-offline", "--no-audit", "--no-fund", "--omit=dev", file);
  });
  after(() => folder[Symbol.dispose]());

  it("holds what it needs to run, and neither sources nor tests", () => {
    for (const file of ["bin/saywhen.js", "dist/main.js", "catalogue.yaml", "LICENSE", "README.md", "docs/config.md"]) {
      assert.ok(files.includes(file), `${file} is missing`);
    }
    const folders = new Set(files.filter((file) => file.includes("/")).map((file) => file.slice(0, file.indexOf("/"))));
    assert.deepEqual([...folders].sort(), ["bin", "dist", "docs"]);
    assert.deepEqual(
      files.filter((file) => /\.ts$|\.test\./.test(file)),
      [],
    );
  });

  it("serves, on a fresh folder, from the built files", async () => {
    assert.ok(existsSync(saywhen));
    const serving = serve(folder.path, {}, [process.execPath, saywhen, "serve"]);
    try {
      const url = await serving.url;
      assert.equal((await fetch(`${url}/livez`)).status, 200);
      assert.equal((await fetch(`${url}/readyz`)).status, 200);
      assert.ok(existsSync(join(folder.path, "data/saywhen.db")));
    } finally {
      serving.child.kill("SIGTERM");
    }
    assert.equal((await serving.ended).exitCode, 0);
  });

  it("answers its other commands", async () => {
    const { version } = (await import("../package.json", { with: { type: "json" } })).default;
    const { stdout } = await execute(process.execPath, [saywhen, "--version"]);
    assert.equal(stdout, `${version}\n`);
  });

  it("says on an older Node which one it needs", async () => {
    const older = `data:text/javascript,Object.defineProperty(process.versions, "node", { value: "18.20.0" })`;
    await assert.rejects(execute(process.execPath, ["--import", older, saywhen, "serve"]), ({ code, stderr }) => {
      assert.equal(code, 1);
      assert.match(stderr, /^Saywhen needs Node 24 or newer; this is v[\d.]+\.\n$/);
      return true;
    });
  });
});
