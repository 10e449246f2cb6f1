import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { parse } from "yaml";
import { settingsTable } from "../src/config/settings.ts";
import { limits } from "../src/domain/limits.ts";
import { makeMetrics } from "../src/http/metrics.ts";
import { adminToken, temporaryFolder } from "./support/service.ts";
import { type Serving, serve } from "./support/serving.ts";

// What deploy/ says is true of this repository, as far as that can be seen without an engine for containers.

const root = join(import.meta.dirname, "..");
const execute = promisify(execFile);
const port = settingsTable.port.unset({});

function deployed(file: string): string {
  return readFileSync(join(root, "deploy", file), "utf8");
}

/** The instructions of the Dockerfile, each on one line, by their first word. */
function instructions(word: string): string[] {
  const lines = deployed("Dockerfile").replaceAll("\\\n", "").split("\n");
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length).trim());
}

function isThere(tool: string): boolean {
  return spawnSync(tool, ["--version"]).error === undefined;
}

/** Lines of a systemd unit: what an assignment has, each time that it stands there. */
function assigned(name: string): string[] {
  return [...deployed("saywhen.service").matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value = ""]) => value);
}

it("deploy/ names only settings that there are", () => {
  const known = Object.values(settingsTable).map(({ variable }) => variable as string);
  const files = globSync("*", { cwd: join(root, "deploy") });
  const named = files.flatMap((file) => deployed(file).match(/\bSAYWHEN_[A-Z_]+/g) ?? []);
  assert.ok(named.includes("SAYWHEN_KEY"), "the settings are no longer found");
  assert.deepEqual(
    named.filter((variable) => !known.includes(variable)),
    [],
  );
});

it("deploy/ holds no secret", () => {
  assert.match(readFileSync(join(root, ".gitignore"), "utf8"), /^deploy\/\.env$/m);
  const { services } = parse(deployed("compose.yaml"), { merge: true }) as Compose;
  for (const { environment = {} } of Object.values(services)) {
    for (const [name, value] of Object.entries(environment)) {
      if (/PASSWORD|TOKEN|DATABASE$/.test(name)) assert.match(value, /\$\{[A-Z_]+:\?|^saywhen$/, name);
    }
  }
});

describe("the Dockerfile", () => {
  const { scripts, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
    engines: { node: string };
  };

  it("copies files that are there, and that its list of ignored files lets through", () => {
    const allowed = deployed("Dockerfile.dockerignore")
      .match(/^!.*$/gm)
      ?.map((line) => line.slice(1));
    const sources = instructions("COPY")
      .filter((words) => !words.startsWith("--from"))
      .flatMap((words) => words.split(" ").slice(0, -1));
    assert.ok(sources.includes("package.json"));
    for (const source of sources) assert.ok(existsSync(join(root, source)), source);
    assert.deepEqual([...new Set(sources)].sort(), [...(allowed ?? [])].sort());
  });

  it("takes from its stages what they make, and serves what the package's bin starts", () => {
    const taken = instructions("COPY").filter((words) => words.startsWith("--from"));
    assert.deepEqual(taken, ["--from=dependencies /app/node_modules node_modules", "--from=build /build/dist dist"]);
    assert.deepEqual(instructions("ENTRYPOINT").concat(instructions("CMD")), [
      '["node", "/app/bin/saywhen.js"]',
      '["serve"]',
    ]);
  });

  it("runs scripts that package.json has, on a Node that it asks for", () => {
    const asked = instructions("RUN").flatMap((line) => /^npm run (\S+)/.exec(line)?.[1] ?? []);
    assert.deepEqual(asked, ["build"]);
    for (const script of asked) assert.ok(script in scripts);
    const nodes = instructions("FROM").map((image) => Number(/^node:(\d+)/.exec(image)?.[1]));
    const least = Number(/\d+/.exec(engines.node)?.[0]);
    assert.ok(nodes.length === 3 && nodes.every((node) => node >= least));
  });

  it("gives the rights of root up, and announces the port that is served by default", () => {
    assert.deepEqual(instructions("USER"), ["node"]);
    assert.deepEqual(instructions("EXPOSE"), [String(port)]);
    assert.deepEqual(instructions("STOPSIGNAL"), ["SIGTERM"]);
  });

  it("asks for its health as the service tells it", async () => {
    const [check = ""] = instructions("HEALTHCHECK").map((line) => line.slice(line.indexOf("[")));
    const [program, ...words] = JSON.parse(check) as string[];
    assert.equal(program, "node");
    using folder = temporaryFolder();
    const serving = serve(folder.path);
    try {
      const url = await serving.url;
      const asked = words.map((word) => word.replace(`http://127.0.0.1:${port}`, url));
      assert.notDeepEqual(asked, words);
      await execute(process.execPath, asked);
      serving.child.kill("SIGKILL");
      await serving.ended;
      await assert.rejects(execute(process.execPath, asked), { code: 1 });
    } finally {
      serving.child.kill("SIGKILL");
    }
  });
});

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface ComposeService {
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly stop_grace_period?: string;
}

describe("the compose file", () => {
  const { services, volumes } = parse(deployed("compose.yaml"), { merge: true }) as Compose;
  const nodes = Object.entries(services).filter(([name]) => name.startsWith("node-"));

  it("has three nodes, of one image, on one database with one key", () => {
    assert.equal(nodes.length, 3);
    const [, first] = nodes[0] ?? assert.fail();
    for (const [, { environment, volumes: mounted, build }] of nodes) {
      assert.deepEqual([environment, mounted, build], [first.environment, first.volumes, first.build]);
      assert.ok(existsSync(join(root, "deploy", build?.context ?? "", build?.dockerfile ?? "")));
    }
    const database = new URL(first.environment?.["SAYWHEN_DATABASE"]?.replace(/\$\{.*?\}/, "secret") ?? "");
    assert.equal(database.protocol, "postgres:");
    assert.ok(database.hostname in services);
    const key = first.environment?.["SAYWHEN_KEY"] ?? "";
    assert.ok(first.volumes.some((volume) => key.startsWith(`${volume.split(":")[1]}/`)));
    assert.ok(instructions("VOLUME").some((volume) => key.startsWith(`${volume}/`)));
  });

  it("starts a second node once the first has made tables and key, and none before the database answers", () => {
    for (const [name, { depends_on: awaited }] of nodes) {
      const first = name === "node-1" ? {} : { "node-1": { condition: "service_healthy" } };
      assert.deepEqual(awaited, { database: { condition: "service_healthy" }, ...first });
    }
  });

  it("names volumes and files that are there, and the port that the balancer listens on", () => {
    const mounted = Object.values(services).flatMap((service) => service.volumes.map((volume) => volume.split(":")[0]));
    for (const source of mounted) {
      const isFile = source?.startsWith("./");
      assert.ok(isFile ? existsSync(join(root, "deploy", source ?? "")) : Object.hasOwn(volumes, source ?? ""), source);
    }
    const inside = services["balancer"]?.ports?.map((published) => published.split(":").at(-1)) ?? [];
    assert.deepEqual(inside, deployed("haproxy.cfg").match(/(?<=^ {2}bind :)\d+/gm));
  });

  it("gives a node the time that a stop may take", () => {
    for (const [, { stop_grace_period: grace = "" }] of nodes)
      assert.ok(1000 * Number.parseInt(grace, 10) > mostToStop);
  });
});

/** Milliseconds that a stop may take: requests, the last checkpoint, and an answer of the database that fails to come. */
const mostToStop = limits.stopMs + limits.lastCheckpointMs + 5000;

describe("the systemd unit", () => {
  it("starts what the package installs, and gives it the time that a stop may take", () => {
    assert.deepEqual(assigned("ExecStart"), ["/usr/bin/node /opt/saywhen/node_modules/saywhen/bin/saywhen.js serve"]);
    assert.ok(1000 * Number(assigned("TimeoutStopSec")) > mostToStop);
    assert.deepEqual([assigned("Restart"), assigned("KillSignal")], [["on-failure"], ["SIGTERM"]]);
  });

  it("lets it write in its own folder only, as nobody else", () => {
    assert.equal(`/var/lib/${assigned("StateDirectory")[0]}`, assigned("WorkingDirectory")[0]);
    assert.deepEqual([assigned("ProtectSystem"), assigned("NoNewPrivileges")], [["strict"], ["yes"]]);
    assert.deepEqual(assigned("ReadWritePaths"), []);
  });

  it("is understood by systemd", {
    skip: isThere("systemd-analyze") ? false : "systemd-analyze is not here",
  }, async () => {
    using folder = temporaryFolder();
    const unit = join(folder.path, "saywhen.service");
    // Program and user of an installed service, which this machine has none of.
    const here = deployed("saywhen.service").replace(/^ExecStart=\S+/m, "ExecStart=/bin/sh");
    writeFileSync(unit, here.replace(/^(User|Group)=.*$/gm, "$1=root"));
    const { stdout, stderr } = await execute("systemd-analyze", ["verify", "--man=no", unit]);
    assert.doesNotMatch(stdout + stderr, /saywhen/);
  });
});

it("the alarms look at metrics that are printed", async () => {
  const { groups } = parse(deployed("alerts.yaml")) as { groups: { rules: { alert: string; expr: string }[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  assert.ok(rules.length >= 8);
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  const page = readFileSync(join(root, "docs/operate.md"), "utf8");
  const known = new Set([...(await makeMetrics().print()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  for (const { alert, expr } of rules) {
    const names =
      expr.match(/\b(?:http|saywhen)_[a-z_]+/g)?.map((name) => name.replace(/_(bucket|count|sum)$/, "")) ?? [];
    assert.ok(names.length > 0 || expr.startsWith("up{"), alert);
    for (const name of names) assert.ok(known.has(name) || page.includes(`\`${name}\``), `${alert}: ${name}`);
  }
});

/** Debian has it where a user's PATH does not look. */
const haproxy = ["haproxy", "/usr/sbin/haproxy"].find(isThere);

describe("the balancer", { skip: haproxy === undefined ? "haproxy is not here" : false }, () => {
  const folders = [temporaryFolder(), temporaryFolder()];
  const nodes: Serving[] = [];
  let url = "";
  let stop = async (): Promise<void> => {};

  before(async () => {
    for (const folder of folders) nodes.push(serve(folder.path, { SAYWHEN_ADMIN_TOKEN: adminToken }));
    const urls = await Promise.all(nodes.map((node) => node.url));
    const own = await freePort();
    const file = join(folders[0]?.path ?? "", "haproxy.cfg");
    writeFileSync(file, balancing(urls, own));
    const child = spawn(haproxy ?? "", ["-db", "-f", file], { stdio: "ignore" });
    stop = async () => {
      child.kill("SIGKILL");
      await once(child, "close");
    };
    url = `http://127.0.0.1:${own}`;
    await answering(url);
  });
  after(async () => {
    await stop();
    for (const { child, ended } of nodes) {
      child.kill("SIGKILL");
      await ended;
    }
    for (const folder of folders) folder[Symbol.dispose]();
  });

  it("passes on the lines of a batch as they come, and its answers", async () => {
    const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/x-ndjson" };
    const sending = request(`${url}/v1/suppressions`, { method: "POST", headers });
    sending.write('{"address":"jo@example.com","reason":"legal"}\n');
    const [answer] = (await once(sending, "response", { signal: AbortSignal.timeout(5000) })) as [IncomingMessage];
    const [part] = (await once(answer, "data")) as [Buffer];
    assert.match(part.toString(), /"new":true\}\n$/);
    sending.end();
    await once(answer, "end");
  });

  it("lets nobody notice that a node is killed, and has 503 when none is left", async () => {
    const [first, second] = nodes;
    const seen = load(url, 3000);
    await delay(1000);
    first?.child.kill("SIGKILL");
    assert.deepEqual([...(await seen)], [200]);
    await saysItself(url, join(folders[1]?.path ?? "", "data/saywhen.db"));
    second?.child.kill("SIGKILL");
    await second?.ended;
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
  });
});

/** The configuration with the nodes' addresses of the moment, and no names to be looked up. */
function balancing(urls: readonly string[], own: number): string {
  const lines = deployed("haproxy.cfg").replace(/^resolvers [^]*?\n\n/m, "");
  const [one = "", two = ""] = urls.map((each) => new URL(each).host);
  return lines
    .replaceAll("resolvers system ", "")
    .replace(/^.*node-3.*$/gm, "")
    .replaceAll(/ node-1:\d+/g, ` ${one}`)
    .replaceAll(/ node-2:\d+/g, ` ${two}`)
    .replace(/^ {2}bind :\d+/m, `  bind 127.0.0.1:${own}`)
    .replace(/maxconn \d+/, "maxconn 200");
}

/** The node that is left says that its database takes no writes, whoever of the two is asked first. */
async function saysItself(url: string, file: string): Promise<void> {
  const database = new DatabaseSync(file);
  try {
    database.exec("BEGIN IMMEDIATE");
    const isOut = async () => (await fetch(`${url}/readyz`)).status === 503;
    for (let tries = 0; tries < 50 && !(await isOut()); tries += 1) await delay(100);
    // Until the balancer has seen it itself, it goes by what it knew.
    await delay(2500);
    for (let asked = 0; asked < 4; asked += 1) {
      const answer = await fetch(`${url}/readyz`);
      assert.equal(answer.status, 503);
      assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
    }
  } finally {
    database.close();
  }
}

/** PUTs and GETs, eight at a time. The nodes have a database each here, so the GETs are of what both know. */
async function load(url: string, ms: number): Promise<Set<number>> {
  const statuses = new Set<number>();
  const until = Date.now() + ms;
  const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
  const body = JSON.stringify({ emailpreferences: { frequency: "Daily" } });
  const one = async (_: unknown, index: number): Promise<void> => {
    while (Date.now() < until) {
      const request = index % 2 === 0 ? { method: "PUT", headers, body } : { headers };
      const path = index % 2 === 0 ? "/api/2/organisations/3/emailpreferences" : "/v1/log/key";
      const answer = await fetch(url + path, request);
      await answer.arrayBuffer();
      statuses.add(answer.status);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return statuses;
}

async function answering(url: string): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const isAnswering = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isAnswering) return;
    await delay(100);
  }
  assert.fail("the balancer does not answer");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return free;
}
