import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** `npm run demo`: the main job, shown request by request, on a database that is gone afterwards. */

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "saywhen-demo-"));
const token = randomBytes(32).toString("hex");
const customer = "/api/v1/customers/123456789/communication-preferences";
const organisation = "/api/2/organisations/3/emailpreferences";

/** Serves while the requests are made. */
async function serving(requests: (url: string) => Promise<void>): Promise<void> {
  const env = {
    ...process.env,
    SAYWHEN_PORT: "0",
    SAYWHEN_ADMIN_TOKEN: token,
    SAYWHEN_DATABASE: join(folder, "demo.db"),
  };
  const server = spawn(process.execPath, [join(root, "src/main.ts"), "serve"], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    for await (const line of createInterface({ input: server.stderr })) {
      const [, url] = /^Saywhen serves on (\S+)$/.exec(line) ?? [];
      if (url === undefined) throw new Error(line);
      console.log(`${line}\n`);
      await requests(url);
      return;
    }
  } finally {
    const ended = once(server, "exit");
    if (server.exitCode === null && server.kill("SIGTERM")) await ended;
  }
}

/** Sends one request, and shows it with its answer. */
async function show(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  sample?: string,
): Promise<void> {
  const said = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`);
  console.log([`${method} ${path}`, ...said].join("\n"));
  const answer = await fetch(url + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ClientId: "admin", "Request-Tracking-Id": "12", ...headers },
    ...(sample === undefined ? {} : { body: readFileSync(join(root, "test/golden", sample)) }),
  });
  console.log(`${answer.status} ${await answer.text()}\n`);
  if (!answer.ok) throw new Error("The demo did not go as it should.");
}

const json = { "Content-Type": "application/json" };
const xml = { Accept: "application/xml" };

try {
  await serving(async (url) => {
    await show(url, "PUT", customer, json, "seed-customer-request.json");
    await show(url, "GET", customer, {});
    await show(url, "GET", customer, xml);
    await show(url, "PUT", organisation, json, "seed-organisation-request.json");
    await show(url, "PUT", organisation, { "Content-Type": "application/xml", ...xml }, "organisation-request.xml");
    await show(url, "GET", organisation, {});
  });
  console.log("Stopped, and started again:\n");
  await serving(async (url) => {
    await show(url, "GET", customer, {});
    await show(url, "GET", organisation, xml);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
