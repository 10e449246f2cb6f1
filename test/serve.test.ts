import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { plainEnvironment, type Serving, serve } from "./support/serving.ts";
import { adminToken, startInProcess, temporaryFolder } from "./support/service.ts";

const root = join(import.meta.dirname, "..");
const shell = promisify(execFile);
const noCurl = spawnSync("curl", ["--version"]).status !== 0 && "curl is not installed";

const started: Serving[] = [];
after(() => {
  for (const { child } of started) child.kill("SIGKILL");
});

function start(...args: Parameters<typeof serve>): Serving {
  const serving = serve(...args);
  started.push(serving);
  return serving;
}

/** A request whose body never comes to its end. */
async function halfRequest(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on("error", () => undefined);
  await once(socket, "connect");
  socket.write(
    "POST /oauth2/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
  );
  await delay(100);
  return socket;
}

describe("saywhen serve", () => {
  it("prints a line for curl that works as it stands, and after that one that takes $SAYWHEN_TOKEN", {
    skip: noCurl,
  }, async () => {
    using folder = temporaryFolder();
    const lineOf = ({ written }: Serving): string => /^Try: (.*)$/m.exec(written().stderr)?.[1] ?? "";
    const first = start(folder.path);
    await first.url;
    const token = /only this once: (\S+)$/m.exec(first.written().stderr)?.[1] ?? "";
    const answer = await shell("/bin/sh", ["-c", `${lineOf(first)} -sS`], { env: plainEnvironment() });
    assert.deepEqual(JSON.parse(answer.stdout), { status: "Success", request_tracking_id: "12" });
    first.child.kill("SIGTERM");
    assert.equal((await first.ended).exitCode, 0);

    const second = start(folder.path);
    await second.url;
    assert.ok(!second.written().stderr.includes(token), "the token is shown only once");
    const env = plainEnvironment({ SAYWHEN_TOKEN: token });
    const again = await shell("/bin/sh", ["-c", `${lineOf(second)} -sS`], { env });
    assert.deepEqual(JSON.parse(again.stdout), { status: "Success", request_tracking_id: "12" });
    second.child.kill("SIGTERM");
    await second.ended;
  });

  it("writes nothing but lines of JSON to standard output, all of them before it ends, and never the token", async () => {
    using folder = temporaryFolder();
    const serving = start(folder.path);
    const url = await serving.url;
    for (let n = 0; n < 50; n++) assert.equal((await fetch(`${url}/v1/catalogue?n=${n}`)).status, 401);
    serving.child.kill("SIGTERM");
    const { stdout, stderr, exitCode } = await serving.ended;
    assert.equal(exitCode, 0);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { status?: number });
    assert.equal(lines.filter(({ status }) => status === 401).length, 50);
    assert.ok(!stdout.includes(/only this once: (\S+)$/m.exec(stderr)?.[1] ?? assert.fail(stderr)));
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`stops on ${signal} within five seconds, though a request never comes to its end`, async () => {
      using folder = temporaryFolder();
      const serving = start(folder.path);
      const socket = await halfRequest(await serving.url);
      const begin = performance.now();
      serving.child.kill(signal);
      const { exitCode } = await serving.ended;
      assert.equal(exitCode, 0);
      assert.ok(performance.now() - begin < 5000);
      socket.destroy();
    });
  }

  it("takes a second signal for an echo when it comes at once, and ends at once when it comes later", async () => {
    using folder = temporaryFolder();
    const serving = start(folder.path);
    const socket = await halfRequest(await serving.url);
    serving.child.kill("SIGTERM");
    await delay(50);
    serving.child.kill("SIGTERM");
    await delay(700);
    assert.equal(serving.child.exitCode, null, "it is still waiting for the request");
    const begin = performance.now();
    serving.child.kill("SIGTERM");
    assert.equal((await serving.ended).exitCode, 143);
    assert.ok(performance.now() - begin < 1000);
    socket.destroy();
  });

  it("answers what comes on an open connection during a stop in its contract's shape, and ends the connection", async () => {
    using folder = temporaryFolder();
    const serving = start(folder.path);
    const { port } = new URL(await serving.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write("GET /api/2/users/5 HTTP/1.1\r\nHost: x\r\n");
    await delay(100);
    serving.child.kill("SIGTERM");
    await delay(300);
    socket.write("\r\n");
    let answer = "";
    for await (const chunk of socket.setEncoding("utf8")) answer += chunk as string;
    assert.match(answer, /^HTTP\/1\.1 401 [^]*\r\nconnection: close\r\n[^]*\{"error":\{"summary":/i);
    assert.equal((await serving.ended).exitCode, 0);
  });

  it("says when the log is not signed, and serves all the same", async () => {
    using folder = temporaryFolder();
    const first = start(folder.path);
    await first.url;
    first.child.kill("SIGTERM");
    await first.ended;
    writeFileSync(join(folder.path, "data/saywhen.db.key.checkpoint"), "damaged\n");
    const second = start(folder.path);
    await second.url.catch(() => undefined);
    second.child.kill("SIGTERM");
    const { exitCode, stderr, stdout } = await second.ended;
    assert.equal(exitCode, 0);
    assert.match(
      stderr,
      /^The log is not signed\. The checkpoint in [^\n]* is damaged[^\n]*saywhen log continue[^\n]*\n/m,
    );
    assert.match(stdout, /"level":"error"[^\n]*the log is not signed: /);
  });

  it("stops in order when npm is told to stop", async () => {
    using folder = temporaryFolder();
    const env = { SAYWHEN_DATABASE: join(folder.path, "a.db"), npm_config_loglevel: "error" };
    const serving = start(root, env, ["npm", "start"]);
    await serving.url;
    serving.child.kill("SIGTERM");
    const { stderr } = await serving.ended;
    assert.equal(stderr.match(/SIGTERM: finishing/g)?.length, 1);
  });
});

it("saywhen export ends without a word when nobody reads on, as other programs do", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "saywhen.db");
  await using running = await startInProcess({ file });
  const put = (frequency: string) =>
    running.service.server.inject({
      method: "PUT",
      url: "/api/2/organisations/3/emailpreferences",
      headers: { authorization: `Bearer ${adminToken}` },
      payload: { emailpreferences: { frequency } },
    });
  // More than a pipe holds, so that it is still writing when the reader is gone.
  const changes = await Promise.all(Array.from({ length: 400 }, (_, each) => put(each % 2 ? "Daily" : "Weekly")));
  assert.ok(changes.every(({ statusCode }) => statusCode === 200));
  const line = `"$0" src/main.ts export organisation:3 | head -c 1`;
  const env = plainEnvironment({ SAYWHEN_DATABASE: file });
  const { stdout, stderr } = await shell("bash", ["-o", "pipefail", "-c", `${line}; echo " $?"`, process.execPath], {
    cwd: root,
    env,
  });
  assert.deepEqual([stdout, stderr], ["{ 141\n", ""]);
});

describe("saywhen serve, when it cannot start, says why in one message:", () => {
  /** Starts, and gives back the message; it has no stack, and the exit code is the one expected. */
  async function complaint(
    cwd: string,
    exitCode: number,
    env: Record<string, string>,
    args: string[] = [],
  ): Promise<string> {
    const main = join(root, "src/main.ts");
    const ended = await start(cwd, env, [process.execPath, main, "serve", ...args]).ended;
    assert.deepEqual([ended.exitCode, ended.stdout], [exitCode, ""], ended.stderr);
    assert.doesNotMatch(ended.stderr, /^\s+at /m);
    return ended.stderr;
  }

  it("settings that are wrong, all of them", async () => {
    using folder = temporaryFolder();
    const env = { SAYWHEN_PORT: "many", SAYWHEN_DATABASE: "mysql://a:hidden@b/c", SAYWHEN_RATELIMIT: "3" };
    const message = await complaint(folder.path, 2, env);
    assert.match(message, /^SAYWHEN_PORT must be a whole number from 0 to 65535; it is "many"\.$/m);
    assert.match(message, /^SAYWHEN_DATABASE must be the path of a file, or `postgres:\/\/.*\.$/m);
    assert.match(message, /^SAYWHEN_RATELIMIT is not a setting; did you mean SAYWHEN_RATE_LIMIT\?$/m);
    assert.ok(!message.includes("hidden"));
  });

  it("an argument that it does not take", async () => {
    using folder = temporaryFolder();
    assert.equal(await complaint(folder.path, 2, {}, ["now"]), "serve takes no arguments: now\n");
  });

  it("a port that is taken, after which the database is free again", async (test) => {
    using folder = temporaryFolder();
    const taken = createServer();
    test.after(() => taken.close());
    await once(taken.listen(0, "127.0.0.1"), "listening");
    const { port } = taken.address() as { port: number };
    const message = await complaint(folder.path, 1, { SAYWHEN_PORT: String(port) });
    // The token was made before the port was asked for, so it is told before: this once is the only time.
    const [, token = "", complaintItself] = /^[^\n]*only this once: (\S+)\n[^\n]*\n([^]*)$/.exec(message) ?? [];
    assert.equal(
      complaintItself,
      `Port ${port} of 127.0.0.1 is taken. Stop what listens there, or set SAYWHEN_PORT to another port.\n`,
    );
    const serving = start(folder.path);
    const answer = await fetch(`${await serving.url}/v1/clients`, { headers: { authorization: `Bearer ${token}` } });
    serving.child.kill("SIGTERM");
    assert.equal(answer.status, 200);
    assert.equal((await serving.ended).exitCode, 0);
  });

  it("an address that this machine does not have", async () => {
    using folder = temporaryFolder();
    const message = await complaint(folder.path, 1, { SAYWHEN_HOST: "192.0.2.1" });
    assert.equal(
      message.split("\n").slice(2).join("\n"),
      "This machine has no address 192.0.2.1. Set SAYWHEN_HOST to one that it has.\n",
    );
  });

  it("a database that another process serves", async () => {
    using folder = temporaryFolder();
    const serving = start(folder.path);
    await serving.url;
    const message = await complaint(folder.path, 1, {});
    assert.match(message, /^[^\n]*served by another process[^\n]*\n$/);
    serving.child.kill("SIGTERM");
    await serving.ended;
  });

  it("a database that is none, or cannot be made", async () => {
    using folder = temporaryFolder();
    writeFileSync(
      join(folder.path, "text"),
      "This is a text, and long enough to be taken for the head of a file.".repeat(99),
    );
    mkdirSync(join(folder.path, "folder"));
    for (const database of ["text", "folder", "text/a.db"]) {
      const message = await complaint(folder.path, 1, { SAYWHEN_DATABASE: database });
      assert.match(message, new RegExp(`^[^\\n]*${database}[^\\n]*\\n$`));
    }
  });

  it("a key that is missing, and a database that is not the one that the key has signed for", async () => {
    using folder = temporaryFolder();
    const first = start(folder.path);
    await first.url;
    first.child.kill("SIGTERM");
    await first.ended;
    const file = join(folder.path, "data/saywhen.db");
    renameSync(`${file}.key`, `${file}.elsewhere`);
    assert.match(
      await complaint(folder.path, 1, {}),
      /^The key of the log .* is missing: put [^\n]*--new-key[^\n]*\n$/,
    );
    renameSync(`${file}.elsewhere`, `${file}.key`);
    rmSync(file);
    assert.match(await complaint(folder.path, 1, {}), /^[^\n]*key\.checkpoint is of a log of size 2,[^\n]*\n$/);
  });

  it("a catalogue that is not there, or not valid", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "bad.yaml"), "version: one\nchannels: Text\n");
    for (const catalogue of ["none.yaml", "bad.yaml"]) {
      const message = await complaint(folder.path, 1, { SAYWHEN_CATALOGUE: catalogue });
      assert.ok(message.includes(catalogue), message);
    }
  });
});
