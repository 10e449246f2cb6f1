import type { PostgresServer } from "./postgres-server.ts";
import { serverVariable, startShared } from "./postgres.ts";

let server: PostgresServer | undefined;

/** Once before a run of the tests, in the process that starts them: they get its environment. */
export async function globalSetup(): Promise<void> {
  server = await startShared();
  process.env[serverVariable] = server.url();
}

/** Once after it. */
export async function globalTeardown(): Promise<void> {
  await server?.[Symbol.asyncDispose]();
}
