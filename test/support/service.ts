import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { compose, type Service } from "../../src/compose.ts";
import { readSettings, type Settings } from "../../src/config/settings.ts";

/** The token of the client `admin` in every test. */
export const adminToken = "test-admin-token-of-at-least-32-characters";

/** Where links point to unless a test says otherwise, so that what is printed does not depend on a free port. */
export const baseUrl = "http://example.com";

const catalogue = fileURLToPath(new URL("../../catalogue.yaml", import.meta.url));

/** What a test starts the service with: settings by their variables. */
export interface ServiceOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A database file that outlives the service; absent: one in memory. */
  readonly file?: string;
  /** A PostgreSQL database instead. */
  readonly database?: string;
  /** The file of the log's key; absent: beside the database file, or kept in memory. */
  readonly key?: string;
}

/** The real service, from settings to SQLite, for as long as a test uses it. */
export interface RunningService extends AsyncDisposable {
  readonly service: Service;
  /** Where it listens; empty when it was not asked to. */
  readonly url: string;
}

/** Starts the service in this process, its index built, without a port: requests go through `server.inject`. */
export async function startInProcess(options: ServiceOptions = {}): Promise<RunningService> {
  const service = await compose(settingsOf(options), { logger: pino({ level: "silent" }), flush: async () => {} });
  while ((await service.server.inject("/readyz")).body.includes("index-building")) await nextTurn();
  return { service, url: "", [Symbol.asyncDispose]: () => service.close() };
}

/** Starts the service in this process on a free port of the loopback. */
export async function startListening(options: ServiceOptions = {}): Promise<RunningService> {
  const started = await startInProcess(options);
  const { url } = await started.service.listen();
  return { ...started, url };
}

/** A folder for a test's files, gone with the test. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "saywhen-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Databases in memory are for tests only, so the settings do not have them. */
function settingsOf({ env = {}, file, database = file, key }: ServiceOptions): Settings {
  const answer = readSettings({
    SAYWHEN_PORT: "0",
    SAYWHEN_ADMIN_TOKEN: adminToken,
    SAYWHEN_BASE_URL: baseUrl,
    SAYWHEN_CATALOGUE: catalogue,
    ...env,
  });
  if ("faults" in answer) throw new Error(answer.faults.join("\n"));
  const besides = file === undefined ? ":memory:" : `${file}.key`;
  return { ...answer.settings, database: database ?? ":memory:", key: key ?? besides };
}
