import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { extname, join } from "node:path";

/** Makes `dist/` out of `src/`: JavaScript from the TypeScript, and every other file as it is. */

const root = join(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });

const compiler = join(root, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

cpSync(join(root, "src"), join(root, "dist"), { recursive: true, filter: (path) => extname(path) !== ".ts" });
