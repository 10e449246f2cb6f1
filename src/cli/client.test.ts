import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { adminToken, openOwnApi, smallCatalogue } from "../../test/support/own-api.ts";
import { catalogueCommand } from "./catalogue.ts";
import { clientCommand } from "./client.ts";
import type { Command, CommandContext } from "./command.ts";
import { run } from "./run.ts";
import { sha256 } from "../service/secret.ts";

const folder = mkdtempSync(join(tmpdir(), "saywhen-cli-"));
after(() => rmSync(folder, { recursive: true }));

/** A port of this machine on which nothing listens: one that was free a moment ago. */
async function freeUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

const commands: readonly Command[] = [clientCommand, catalogueCommand];

/** Runs a command as somebody types it, and gives back what it wrote. */
async function saywhen(
  words: string,
  env: Record<string, string>,
  openDatabase: CommandContext["openDatabase"] = () => assert.fail("nothing was to be opened"),
): Promise<{ code: number; out: string[]; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const print = (line: string) => void out.push(line);
  const tell = (line: string) => void err.push(line);
  const openRecords = () => assert.fail("nothing was to be read from the file");
  const code = await run(words.split(" "), commands, { print, tell, openDatabase, openRecords, env });
  return { code, out, err: err.join("\n") };
}

/** Lets it serve; answers with the settings by which commands reach it. */
async function serve(api: Awaited<ReturnType<typeof openOwnApi>>) {
  const url = await api.server.listen({ host: "127.0.0.1", port: 0 });
  return { SAYWHEN_URL: url, SAYWHEN_TOKEN: adminToken };
}

describe("saywhen client", () => {
  it("adds, lists, rotates and revokes clients of the running service", async () => {
    await using api = await openOwnApi();
    const env = await serve(api);
    const added = await saywhen("client add crm --scope decide --scope customers:read", env);
    assert.deepEqual([added.code, added.out.length], [0, 1]);
    assert.match(added.err, /secret of crm \(customers:read decide\)\. It is shown only now/);
    assert.equal(api.clients.authenticate(sha256(added.out[0] ?? ""), Date.now())?.id, "crm");
    const rotated = await saywhen("client rotate crm", env);
    assert.equal(api.clients.authenticate(sha256(rotated.out[0] ?? ""), Date.now())?.id, "crm");
    const listed = await saywhen("client list", env);
    assert.match(listed.out[1] ?? "", /^crm {2}added 20\S+Z {2}2 secrets {2}customers:read {2}decide$/);
    assert.deepEqual([(await saywhen("client revoke crm", env)).code], [0]);
    assert.match((await saywhen("client list", env)).out[1] ?? "", /revoked 20\S+Z$/);
    assert.equal(api.clients.authenticate(sha256(added.out[0] ?? ""), Date.now()), undefined);
  });

  it("says why something was refused, with every fault", async () => {
    await using api = await openOwnApi();
    const env = await serve(api);
    const wrong = await saywhen("client add a/b --scope root", env);
    assert.deepEqual([wrong.code, wrong.out], [1, []]);
    assert.match(wrong.err, /#\/id: .*\n.*#\/scopes\/0: /);
    const last = await saywhen("client revoke admin", env);
    assert.deepEqual([last.code, /last client with the scope admin/.test(last.err)], [1, true]);
    const foreign = await saywhen("client list", { ...env, SAYWHEN_TOKEN: "wrong" });
    assert.deepEqual([foreign.code, /access token is not valid/.test(foreign.err)], [1, true]);
    const without = await saywhen("client list", { SAYWHEN_URL: env.SAYWHEN_URL });
    assert.deepEqual([without.code, /Set SAYWHEN_TOKEN/.test(without.err)], [1, true]);
  });

  it("says how it is used when it cannot be understood, and asks nobody", async () => {
    const env = { SAYWHEN_URL: await freeUrl() };
    const misspelt = ["add", "add crm", "add crm shop --scope decide", "add --scope decide", "add crm --scop decide"];
    for (const words of [
      ...misspelt,
      "list crm",
      "list --scope decide",
      "rotate",
      "revoke",
      "revoke a b",
      "drop crm",
    ]) {
      const { code, err } = await saywhen(`client ${words}`, env);
      assert.deepEqual([code, err.includes("saywhen client rotate <id>")], [2, true], words);
    }
  });

  it("opens the database itself when nothing serves, in the same words", async () => {
    const env = { SAYWHEN_URL: await freeUrl() };
    const open = () => openOwnApi(join(folder, "alone.db"));
    const { code, out } = await saywhen("client add crm --scope decide", env, open);
    assert.equal(code, 0);
    const again = await saywhen("client add crm --scope decide", env, open);
    assert.deepEqual([again.code, /^The ClientId is taken\..*\n {2}#\/id: /.test(again.err)], [1, true], again.err);
    assert.equal((await saywhen("client list", env, open)).out.length, 2);
    await using api = await open();
    assert.equal(api.clients.authenticate(sha256(out[0] ?? ""), Date.now())?.id, "crm");
    const locked = await saywhen("client list", env, open);
    assert.deepEqual([locked.code, /set SAYWHEN_URL if it does elsewhere/.test(locked.err)], [1, true], locked.err);
  });

  it("never opens this machine's database in place of a service elsewhere that does not answer", async () => {
    const { code, err } = await saywhen("client list", { SAYWHEN_URL: "http://saywhen.invalid:8080" });
    assert.deepEqual([code, /Nothing answers at http:\/\/saywhen\.invalid:8080/.test(err)], [1, true], err);
  });

  it("is not taken in by another service, and follows none elsewhere with its token", async (t) => {
    const seen: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      seen.push(request.url);
      const answers: Record<string, () => unknown> = {
        GET: () => response.writeHead(200).end('{"clients":"none"}'),
        POST: () => response.writeHead(307, { location: "/elsewhere" }).end(),
      };
      const answer = answers[request.method ?? ""] ?? (() => response.writeHead(500).end("<html>"));
      answer();
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    t.after(() => other.close());
    const env = { SAYWHEN_URL: `http://127.0.0.1:${(other.address() as AddressInfo).port}`, SAYWHEN_TOKEN: "t" };
    for (const words of ["client list", "client revoke crm", "catalogue show"]) {
      const { code, err } = await saywhen(words, env);
      assert.deepEqual([code, /is not this service/.test(err)], [1, true], `${words}: ${err}`);
    }
    assert.equal((await saywhen("client rotate crm", env)).code, 1);
    assert.ok(!seen.includes("/elsewhere"));
  });
});

describe("saywhen catalogue", () => {
  const file = join(folder, "catalogue.yaml");

  it("shows the catalogue in force as a file that can be applied again", async () => {
    await using api = await openOwnApi();
    const env = await serve(api);
    const { code, out } = await saywhen("catalogue show", env);
    assert.equal(code, 0);
    assert.match(out[0] ?? "", /^version: 1\nchannels:\n {2}- Text\n/);
    writeFileSync(file, (out[0] ?? "").replace("version: 1", "version: 2").replace("- News", "- News\n  - Events"));
    const applied = await saywhen(`catalogue apply ${file}`, env);
    assert.deepEqual([applied.code, applied.err], [0, "Version 2 of the catalogue is in force, since change 1."]);
    assert.equal(api.catalogue.change.document.modules.length, 2);
  });

  it("checks a file without asking anybody, and names line and column of what is wrong", async () => {
    const env = { SAYWHEN_URL: await freeUrl() };
    writeFileSync(file, smallCatalogue);
    assert.equal((await saywhen(`catalogue check ${file}`, env)).code, 0);
    writeFileSync(file, smallCatalogue.replace("kind: phone", "kind: telephone"));
    const wrong = await saywhen(`catalogue check ${file}`, env);
    assert.deepEqual([wrong.code, wrong.err.includes(`${file}:4:`)], [1, true], wrong.err);
    assert.equal((await saywhen(`catalogue apply ${file}`, env)).code, 1);
    assert.match((await saywhen("catalogue check missing.yaml", env)).err, /cannot be read/);
    const wrongWords = [
      "",
      " show x",
      " check",
      " apply",
      " apply a b",
      " drop",
      " show --dry-run",
      " check a --dry-run",
    ];
    for (const words of [...wrongWords, " apply --dry-run", " apply a --json", " apply a --dry", " show --json"]) {
      assert.equal((await saywhen(`catalogue${words}`, env)).code, 2, words);
    }
  });

  it("applies to the database itself when nothing serves, and refuses a removal in the same words", async () => {
    const env = { SAYWHEN_URL: await freeUrl() };
    const open = () => openOwnApi(join(folder, "catalogue.db"));
    writeFileSync(file, smallCatalogue.replace("version: 1", "version: 2"));
    const applied = await saywhen(`catalogue apply ${file}`, env, open);
    assert.deepEqual([applied.code, applied.err], [0, "Version 2 of the catalogue is in force, since change 1."]);
    writeFileSync(file, smallCatalogue.replace("version: 1", "version: 3").replace("modules: [News]", "modules: []"));
    const refused = await saywhen(`catalogue apply ${file}`, env, open);
    assert.deepEqual(
      [refused.code, /^The catalogue cannot take the place.*\n {2}#.*News/.test(refused.err)],
      [1, true],
    );
    assert.match((await saywhen("catalogue show", env, open)).out[0] ?? "", /^version: 2/);
  });
});
