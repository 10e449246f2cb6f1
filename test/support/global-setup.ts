import { fileURLToPath } from "node:url";
import type { PostgresServer } from "./postgres-server.ts";
import { serverVariable, startShared } from "./postgres.ts";

/**
 * Where compiled sources are kept. A run starts hundreds of processes, and half of what each needs to start is for
 * taking the types out of what it imports, and compiling it.
 */
const compiled = fileURLToPath(new URL("../../node_modules/.cache/compiled", import.meta.url));

let server: PostgresServer | undefined;

/** Once before a run of the tests, in the process that starts them: they get its environment. */
export async function globalSetup(): Promise<void> {
  process.env["NODE_COMPILE_CACHE"] ??= compiled;
  server = await startShared();
  process.env[serverVariable] = server.url();
}

/** Once after it. */
export async function globalTeardown(): Promise<void> {
  await server?.[Symbol.asyncDispose]();
}
