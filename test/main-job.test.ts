import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { adminToken, temporaryFolder } from "./support/service.ts";
import { type Serving, serve } from "./support/serving.ts";

// The main job under a context path and with restarts in between; readme.test.ts runs it as the README has it.

const run = promisify(execFile);
const golden = (name: string): string => fileURLToPath(new URL(`golden/${name}`, import.meta.url));

/** Starts the server on a folder's database, as `npm start` does, and waits until it serves. */
async function start(folder: string): Promise<Serving & { readonly address: string }> {
  const serving = serve(folder, { SAYWHEN_ADMIN_TOKEN: adminToken, SAYWHEN_CONTEXT: "context" });
  return { ...serving, address: await serving.url };
}

const credentials = [
  "-H",
  `Authorization: Bearer ${adminToken}`,
  "-H",
  "ClientId: admin",
  "-H",
  "Request-Tracking-Id: 12",
];

async function curl(url: string, ...options: string[]): Promise<string> {
  const { stdout } = await run("curl", [
    "-sS",
    "--fail-with-body",
    "--max-time",
    "10",
    ...credentials,
    ...options,
    url,
  ]);
  return stdout;
}

it("what was put under a context path is there after kill -9, and after a stop, which takes less than five seconds", async () => {
  using folder = temporaryFolder();
  let server = await start(folder.path);
  try {
    const customer = () => `${server.address}/context/api/v1/customers/123456789/communication-preferences`;
    const organisation = () => `${server.address}/context/api/2/organisations/3/emailpreferences`;
    const put = (url: string, file: string): Promise<string> =>
      curl(url, "-X", "PUT", "--data-binary", `@${golden(file)}`, "-H", "Content-Type: application/json");
    const readings = async (): Promise<string[]> => [await curl(customer()), await curl(organisation())];

    const acknowledged = await put(customer(), "seed-customer-request.json");
    assert.deepEqual(JSON.parse(acknowledged), { status: "Success", request_tracking_id: "12" });
    const summary = await put(organisation(), "seed-organisation-request.json");
    assert.deepEqual(JSON.parse(summary), { emailpreferences: { organisationid: 3, link: organisation() } });
    const before = await readings();
    assert.match(before[0] ?? "", /"value":"1233454567"/);
    assert.match(before[1] ?? "", /"Algeria"/);

    server.child.kill("SIGKILL");
    await server.ended;
    server = await start(folder.path);
    assert.deepEqual(await readings(), before);

    const stopping = performance.now();
    server.child.kill("SIGTERM");
    const { exitCode, stderr } = await server.ended;
    const ms = performance.now() - stopping;
    assert.equal(exitCode, 0, stderr);
    assert.ok(ms < 5000, `stopping took ${Math.round(ms)} ms`);
    server = await start(folder.path);
    assert.deepEqual(await readings(), before);
  } finally {
    server.child.kill("SIGKILL");
  }
});
