import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { inProcess, overSocket } from "./support/exchange.ts";
import { filledIn, play, type Stage } from "./support/play.ts";
import { newDatabase } from "./support/postgres.ts";
import { adminToken, type RunningService, startInProcess, startListening, temporaryFolder } from "./support/service.ts";
import { parseTranscript, type Transcript, TranscriptMalformed } from "./support/transcript.ts";

const folder = fileURLToPath(new URL("transcripts", import.meta.url));
const given = { admin: adminToken, folder };

const docs = fileURLToPath(new URL("../docs", import.meta.url));

const transcripts = [
  ...filesOf(folder, ".txt").map((file) => {
    return parseTranscript(`test/transcripts/${file}`, readFileSync(join(folder, file), "utf8"));
  }),
  ...filesOf(docs, ".md").map((file) => {
    return parseTranscript(`docs/${file}`, transcriptIn(readFileSync(join(docs, file), "utf8")));
  }),
].filter(({ steps }) => steps.length > 0);

function filesOf(path: string, ending: string): string[] {
  return readdirSync(path)
    .filter((file) => file.endsWith(ending))
    .sort();
}

/** The `transcript` blocks of a page of the documentation, at their lines; all else is left blank. */
function transcriptIn(page: string): string {
  let isInside = false;
  const lines = page.split("\n").map((line) => {
    if (line.startsWith("```")) isInside = line === "```transcript";
    return isInside && !line.startsWith("```") ? line : "";
  });
  return lines.join("\n");
}

/** How each transcript is played. */
const ways = [
  { title: "in process", isSocket: false, isPostgres: false },
  { title: "over a socket", isSocket: true, isPostgres: false },
  { title: "in process, on PostgreSQL", isSocket: false, isPostgres: true },
];

for (const { title, isSocket, isPostgres } of ways) {
  describe(`the transcripts, ${title}`, () => {
    for (const transcript of transcripts) {
      it(transcript.name, async () => {
        const failures = await played(transcript, isSocket, isPostgres ? await newDatabase() : undefined);
        assert.ok(failures.length === 0, `\n${failures.join("\n\n")}\n`);
      });
    }
  });
}

async function played(transcript: Transcript, isSocket: boolean, database?: string): Promise<string[]> {
  using files = temporaryFolder();
  const isRestarted = transcript.steps.some(({ kind }) => kind === "restart");
  const name = join(files.path, "saywhen.db");
  const file = database === undefined ? (isRestarted ? { file: name } : {}) : { database, key: `${name}.key` };
  const start = (env: Readonly<Record<string, string>>): Promise<RunningService> =>
    (isSocket ? startListening : startInProcess)({ env: filledIn(env, new Map(Object.entries(given))), ...file });
  let running = await start(transcript.env);
  const stage: Stage = {
    isSocket,
    send: (request) => (isSocket ? overSocket(running.url) : inProcess(running.service.server))(request),
    async restart(env) {
      await running[Symbol.asyncDispose]();
      running = await start(env);
    },
  };
  try {
    return await play(transcript, stage, given);
  } finally {
    await running[Symbol.asyncDispose]();
  }
}

describe("the player of transcripts", () => {
  const wrong = [
    "> GET /livez",
    "< 200",
    "< Content-Type: application/json; charset=utf-8",
    "< X-Missing: yes",
    "<",
    '< {"status": "fail"}',
    "",
    "> GET /livez",
    "< 404",
  ].join("\n");

  for (const isSocket of [false, true]) {
    it(`says file and line of what is not as written, ${isSocket ? "over a socket" : "in process"}`, async () => {
      const failures = await played(parseTranscript("wrong.txt", wrong), isSocket);
      assert.deepEqual(
        failures.map((failure) => failure.split(": ").slice(0, 3).join(": ").split("\n")[0]),
        [
          "wrong.txt:4: GET /livez: the header x-missing is",
          "wrong.txt:6: GET /livez: the body is",
          "wrong.txt:8: GET /livez: the status is 200 and should be 404",
        ],
      );
    });
  }

  it("captures a value and holds what comes later against it", async () => {
    const text = (later: string) =>
      `> GET /livez\n< 200\n<\n< {"status": "{{word}}"}\n\n> GET /livez?{{word}}\n< 200\n< Cache-Control: {{later}}\n<\n< ${later}\n`;
    assert.deepEqual(await played(parseTranscript("right.txt", text('{"status": "{{word}}"}')), false), []);
    assert.equal((await played(parseTranscript("wrong.txt", text('{"status": "{{later}}"}')), false)).length, 1);
  });

  for (const [what, text] of [
    ["a line that means nothing", "Get /livez"],
    ["an answer without a status", "> GET /livez\n< OK"],
    ["a request without an answer", "> GET /livez\n"],
    ["a request line without a path", "> GET\n< 200"],
    ["a setting without a value", "setting SAYWHEN_CONTEXT"],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseTranscript("bad.txt", text), TranscriptMalformed);
    });
  }
});
