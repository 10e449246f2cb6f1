import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openLogLines } from "./logger.ts";

const folder = mkdtempSync(join(tmpdir(), "saywhen-log-"));
after(() => rmSync(folder, { recursive: true }));

const logger = new URL("./logger.ts", import.meta.url).href;
const count = 2000;

/** Logs many lines to standard output in a process of its own, which then ends in the given way. */
function run(end: string, redirect = ""): { lines: string[]; status: number | null; stderr: string } {
  const script = `
    const { openLogLines } = await import(${JSON.stringify(logger)});
    const lines = openLogLines("info");
    for (let n = 0; n < ${count}; n++) lines.logger.info({ n }, "line");
    ${end}`;
  const command = `exec "$0" --input-type=module -e "$1" ${redirect}`;
  const { stdout, stderr, status } = spawnSync("/bin/sh", ["-c", command, process.execPath, script], {
    encoding: "utf8",
  });
  return { lines: stdout.split("\n").slice(0, -1), status, stderr };
}

describe("the log lines", () => {
  it("is lines of JSON with level, time, what was given and the message", async () => {
    const file = join(folder, "lines", "log");
    const lines = openLogLines("info", file);
    const before = new Date().toISOString();
    lines.logger.info({ status: 200 }, "request");
    lines.logger.debug("not written");
    await lines.flush();
    const [line, ...rest] = readFileSync(file, "utf8").split("\n");
    const { time, ...fields } = JSON.parse(line ?? "") as Record<string, string>;
    assert.deepEqual([fields, rest], [{ level: "info", status: 200, msg: "request" }, [""]]);
    assert.match(time ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(before <= (time ?? "") && (time ?? "") <= new Date().toISOString());
  });

  it("is written within a moment without being asked", async () => {
    const file = join(folder, "soon");
    openLogLines("info", file).logger.info("one");
    while (!existsSync(file) || readFileSync(file, "utf8") === "")
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(readFileSync(file, "utf8"), /"msg":"one"/);
  });

  for (const end of [
    "",
    "await lines.flush(); process.exit(0);",
    "process.exit(0);",
    "process.nextTick(() => { throw new Error('end'); });",
  ]) {
    it(`loses no line when the process ends by ${end || "running out of work"}`, () => {
      const { lines } = run(end);
      assert.deepEqual(
        lines.map((line) => (JSON.parse(line) as { n: number }).n),
        Array.from({ length: count }, (_, n) => n),
      );
    });
  }

  it("does not stop the process when its output is full", {
    skip: !existsSync("/dev/full") && "no /dev/full here",
  }, () => {
    const ended = run(
      "await new Promise((resolve) => setTimeout(resolve, 300)); await lines.flush(); process.exit(7);",
      ">/dev/full",
    );
    assert.deepEqual([ended.status, ended.stderr], [7, ""]);
  });

  it("does not stop the process when nobody reads it any more", () => {
    const ended = run(
      "await new Promise((resolve) => setTimeout(resolve, 300)); await lines.flush(); process.exit(7);",
      ">&-",
    );
    assert.deepEqual([ended.status, ended.stderr], [7, ""]);
  });
});
