import { randomBytes } from "node:crypto";
import type { PostgresServer } from "../../test/support/postgres-server.ts";
import { Children } from "./children.ts";
import type { Ring } from "./contestants.ts";
import { startDatabase } from "./database.ts";
import { discard, diskFolder } from "./folder.ts";

/**
 * Runs a benchmark with what its servers need: a folder, a token and, where it is wanted, a PostgreSQL. All that was
 * started ends with it, however it ends.
 *
 * @param cpu where PostgreSQL stays; undefined for none
 */
export async function inRing(
  run: (ring: Ring, postgres: PostgresServer | undefined) => Promise<void>,
  cpu: number | undefined,
): Promise<void> {
  const children = new Children();
  const folder = diskFolder();
  const leave = (): never => {
    children.kill();
    discard(folder);
    process.exit(130);
  };
  process.once("SIGINT", leave).once("SIGTERM", leave);
  const ring = { children, folder, token: randomBytes(32).toString("base64url") };
  // Disposed of when the servers on it have ended; where the benchmark is cut off, its own guard ends it.
  await using postgres = cpu === undefined ? undefined : await startDatabase(children, cpu);
  try {
    await run(ring, postgres);
  } finally {
    await children.stop();
    discard(folder);
    process.off("SIGINT", leave).off("SIGTERM", leave);
  }
}
