import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { verifyReceipt } from "../src/audit/verify-receipt.ts";
import { carryOut } from "./support/commands.ts";
import { newDatabase } from "./support/postgres.ts";
import { adminToken, temporaryFolder } from "./support/service.ts";
import { type Serving, serve } from "./support/serving.ts";

// One database, two nodes in processes of their own, and every command beside them, as an operator would call it.

const folder = temporaryFolder();
const nodes: Serving[] = [];
let env: Record<string, string> = {};
let urls: string[] = [];

before(async () => {
  env = {
    SAYWHEN_DATABASE: await newDatabase(),
    SAYWHEN_KEY: join(folder.path, "saywhen.key"),
    SAYWHEN_ADMIN_TOKEN: adminToken,
    SAYWHEN_BASE_URL: "http://example.com",
  };
  for (let node = 0; node < 2; node += 1) nodes.push(serve(folder.path, env));
  urls = await Promise.all(nodes.map(({ url }) => url));
});

after(async () => {
  for (const { child } of nodes) child.kill("SIGTERM");
  await Promise.all(nodes.map(({ ended }) => ended));
  folder[Symbol.dispose]();
});

function send(node: number, method: string, path: string, body?: unknown, token = adminToken): Promise<Response> {
  const headers = {
    Authorization: `Bearer ${token}`,
    ClientId: token === adminToken ? "admin" : "crm",
    "Request-Tracking-Id": "12",
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
  };
  return fetch(`${urls[node]}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const path = "/v1/customers/123456789/communication-preferences";

function choice(isOptIn: "N" | "Y") {
  const selections = [{ value: "jo@example.com", type: "BEMAIL", is_opt_in: isOptIn }];
  return { preferences: [{ category: "Service Exception", channels: [{ name: "Email", selections }] }] };
}

/** What a command prints, which must succeed. */
async function printed(...words: string[]): Promise<string> {
  const {
    exitCode,
    printed: lines,
    told,
  } = await carryOut(words, { ...env, SAYWHEN_URL: urls[0] ?? "", SAYWHEN_TOKEN: adminToken });
  assert.equal(exitCode, 0, `${words.join(" ")}: ${lines}${told}`);
  return `${lines}\n${told}`;
}

describe("two nodes on one PostgreSQL database", () => {
  it("have one log under one key, although they were started at the same time", async () => {
    const keys = await Promise.all([0, 1].map(async (node) => (await send(node, "GET", "/v1/log/key")).text()));
    assert.equal(keys[0], keys[1]);
    assert.match(await printed("log"), /example\.com\/v1\/log/);
  });

  it("show at once what the other one has acknowledged, and give receipts that hold on both", async () => {
    for (let round = 0; round < 20; round += 1) {
      const word = round % 2 === 0 ? "Y" : "N";
      const put = await send(round % 2, "PUT", path, choice(word));
      assert.equal(put.status, 200);
      const shown = await (await send((round + 1) % 2, "GET", path)).text();
      assert.match(shown, new RegExp(`"value":"jo@example.com",[^}]*"is_opt_in":"${word}"`));
      const position = put.headers.get("saywhen-change");
      const receipt = await (await send((round + 1) % 2, "GET", `/v1/changes/${position}/receipt`)).text();
      const key = (await (await send(0, "GET", "/v1/log/key")).text()).trim();
      assert.equal(verifyReceipt(receipt, key).ok, true);
    }
  });

  it("take a client that the other one has made at once, and refuse one that it has revoked within a second or so", async () => {
    const made = await printed("client", "add", "crm", "--scope", "customers:read");
    const token = /saywhen_\S+/.exec(made)?.[0] ?? assert.fail(made);
    assert.equal((await send(1, "GET", path, undefined, token)).status, 200);
    await printed("client", "revoke", "crm");
    assert.equal((await send(0, "GET", path, undefined, token)).status, 401);
    const end = Date.now() + 5000;
    while ((await send(1, "GET", path, undefined, token)).status !== 401) assert(Date.now() < end, "still taken");
  });

  it("are read by commands beside them", async () => {
    assert.match(await printed("show", "customer:123456789"), /jo@example\.com/);
    assert.match(await printed("history", "customer:123456789"), /admin/);
    assert.equal(JSON.parse((await printed("export", "customer:123456789")).trim()).changes.length, 20);
    assert.match(await printed("verify"), /sound|verified|fits/i);
  });

  it("put a catalogue in force that the other one has taken", async () => {
    const text = readFileSync(new URL("../catalogue.yaml", import.meta.url), "utf8");
    const file = join(folder.path, "next.yaml");
    writeFileSync(
      file,
      text
        .replace(/^version: 1$/m, "version: 2")
        .replace("name: Service Exception", "name: Service Exception\n    enabled: false"),
    );
    await printed("catalogue", "apply", file);
    for (const node of [0, 1]) {
      assert.match(await (await send(node, "GET", "/v1/catalogue")).text(), /"version":2/);
    }
  });

  it("answer nobody whom the other one has erased", async () => {
    await printed("erase", "customer:123456789", "--yes");
    for (const node of [0, 1]) {
      assert.match(await (await send(node, "GET", path)).text(), /"preferences":\[\]/);
      assert.equal((await send(node, "GET", "/v1/subjects/customer/123456789/export")).status, 404);
    }
    await printed("verify");
  });

  it("keep a log from being continued or rebuilt beside them, and say who they are", async () => {
    const { exitCode, told } = await carryOut(["log", "continue", "--new-key"], env);
    assert.equal(exitCode, 1);
    assert.match(told, /served by .* \(pid \d+\), .* \(pid \d+\); stop them first/);
  });
});
