import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { adminToken, temporaryFolder } from "./support/service.ts";
import { serve } from "./support/serving.ts";

// The README's main job, word for word: its shell lines are run, and what it says they answer is compared.

const run = promisify(execFile);
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const mainJob = readme.slice(readme.indexOf("## The main job"));
const blocks = [...mainJob.matchAll(/^```(sh|json)\n([^]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

it("the README's commands answer what the README says, and the same after a restart", async () => {
  assert.ok(blocks.filter(({ language }) => language === "sh").length >= 4, "the README has lost its commands");
  using folder = temporaryFolder();
  let before: string[] = [];
  for (const isRestarted of [false, true]) {
    const serving = serve(folder.path, { SAYWHEN_ADMIN_TOKEN: adminToken });
    try {
      const url = await serving.url;
      const answers = await played(url, folder.path, isRestarted ? blocks.filter(isReading) : blocks);
      const readings = answers.filter(isReading).map(({ answer }) => answer.replaceAll(url, ""));
      if (isRestarted) assert.deepEqual(readings, before);
      before = readings;
    } finally {
      serving.child.kill("SIGKILL");
      await serving.ended;
    }
  }
});

interface Block {
  readonly language: string;
  readonly text: string;
}

function isReading({ language, text }: Block): boolean {
  return language === "sh" && !text.includes("-X PUT");
}

/** Runs the shell blocks in order; a JSON block is what the shell block before it has to answer. */
async function played(
  url: string,
  cwd: string,
  parts: readonly Block[],
): Promise<(Block & { readonly answer: string })[]> {
  const answers: (Block & { answer: string })[] = [];
  for (const { language, text } of parts) {
    const here = text.replaceAll("http://127.0.0.1:8080", url);
    if (language === "json") assert.equal(answers.at(-1)?.answer.trim(), here.trim());
    else {
      const script = here
        .replaceAll("curl ", "curl -sS --fail-with-body --max-time 10 ")
        .replaceAll("npm run -s saywhen --", `"${process.execPath}" "${main}"`);
      const env = { PATH: process.env["PATH"], SAYWHEN_TOKEN: adminToken };
      const { stdout } = await run("bash", ["-euc", script], { env, cwd });
      answers.push({ language, text, answer: stdout });
    }
  }
  return answers;
}
