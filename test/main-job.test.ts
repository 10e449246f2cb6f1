import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { adminToken, temporaryFolder } from "./support/service.ts";
import { type Serving, serve } from "./support/serving.ts";

// The main job, as a user does it: a server of its own, curl, and restarts in between.

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

it("the main job: put, get, restart, get again; after kill -9, too", async () => {
  using folder = temporaryFolder();
  let server = await start(folder.path);
  try {
    const customer = () => `${server.address}/api/v1/customers/123456789/communication-preferences`;
    const organisation = () => `${server.address}/context/api/2/organisations/3/emailpreferences`;
    const json = ["-H", "Content-Type: application/json"];
    const xml = ["-H", "Accept: application/xml"];
    const body = (file: string): string[] => ["-X", "PUT", "--data-binary", `@${golden(file)}`];

    const acknowledged = await curl(customer(), ...body("seed-customer-request.json"), ...json);
    assert.deepEqual(JSON.parse(acknowledged), { status: "Success", request_tracking_id: "12" });
    const readings = async (): Promise<string[]> => [
      await curl(customer()),
      await curl(customer(), ...xml),
      await curl(organisation()),
      await curl(organisation(), ...xml),
    ];

    const summary = await curl(organisation(), ...body("seed-organisation-request.json"), ...json);
    assert.deepEqual(JSON.parse(summary), { emailpreferences: { organisationid: 3, link: organisation() } });
    const fromJson = await readings();
    await curl(organisation(), ...body("organisation-request.xml"), "-H", "Content-Type: application/xml", ...xml);
    const fromXml = await readings();
    assert.deepEqual(fromXml, fromJson);
    assert.deepEqual(JSON.parse(fromXml[2] ?? ""), JSON.parse(readFileSync(golden("organisation.json"), "utf8")));
    assert.match(
      fromXml[0] ?? "",
      /"value":"1233454567","type":"BPHONE","is_opt_in":"Y","audit_info":\{"created_by":"johnm"/,
    );

    server.child.kill("SIGKILL");
    await server.ended;
    server = await start(folder.path);
    assert.deepEqual(await readings(), fromXml);

    const stopping = performance.now();
    server.child.kill("SIGTERM");
    const { exitCode, stderr } = await server.ended;
    const ms = performance.now() - stopping;
    assert.equal(exitCode, 0, stderr);
    assert.ok(ms < 5000, `stopping took ${Math.round(ms)} ms`);
    server = await start(folder.path);
    assert.deepEqual(await readings(), fromXml);
  } finally {
    server.child.kill("SIGKILL");
  }
});
