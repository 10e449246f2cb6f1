import type { PostgresServer } from "../../test/support/postgres-server.ts";
import { startPostgres } from "../../test/support/postgres-server.ts";
import { cpuMicroseconds, familyOf, type Children } from "./children.ts";
import { refuseMemory } from "./folder.ts";

/**
 * Starts a PostgreSQL as careful as in production: what is acknowledged is on the disk, in a folder of its own that goes
 * with it. It ends when it is disposed of, or with the benchmark, however that ends.
 *
 * @param cpu where all its processes stay, if the machine has several
 */
export async function startDatabase(children: Children, cpu: number): Promise<PostgresServer> {
  // As large as a small server would have it; checkpoints are rare enough not to fall into one round only.
  const server = await startPostgres({ settings: { shared_buffers: "256MB", max_wal_size: "4GB" } });
  refuseMemory(server.folder);
  pinDatabase(children, server, cpu);
  return server;
}

/** Keeps a PostgreSQL on a CPU; those of its processes that begin later stay there as well. */
export function pinDatabase(children: Children, { pid = 0 }: PostgresServer, cpu: number): void {
  for (const member of familyOf(pid)) children.pin(member, cpu);
}

/** CPU time in µs that all of a PostgreSQL's processes have used so far. */
export function databaseMicroseconds({ pid = 0 }: PostgresServer): number {
  return familyOf(pid).reduce((sum, member) => sum + cpuMicroseconds(member, member === pid), 0);
}
