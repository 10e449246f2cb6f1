import { constants, setPriority } from "node:os";
import type { PostgresServer } from "../../test/support/postgres-server.ts";
import type { Server } from "./children.ts";
import { OTHER_CPU, type Ring, SERVER_CPU, startProgram, startService } from "./contestants.ts";
import { customersFile, type KeyedDatabase } from "./customers-file.ts";
import { loadTable } from "./customers-postgres.ts";
import { pinDatabase } from "./database.ts";

/** What the benchmarks `decide` and `audience` ask, and by whom they have it asked. */
export interface DecideLine {
  readonly customers: number;
  readonly database: KeyedDatabase;
  /** `node src/main.ts serve` on a real file. */
  readonly service: Server;
  /** The client of batches and audiences, which asks the table in PostgreSQL as well. */
  readonly asker: Server;
  /** Where that table is. */
  readonly tableUrl: string;
}

/** Seconds within which the index of the service must be built. */
const indexSeconds = 600;

/** Starts the service with its customers, the client, and the table beside it. */
export async function startDecideLine(ring: Ring, postgres: PostgresServer, customers: number): Promise<DecideLine> {
  const database = await customersFile(customers);
  console.log("Starting the service, which builds its index, and filling the table beside it …");
  const url = await postgres.createDatabase("choices");
  const [service] = await Promise.all([
    startService(ring, { database, readySeconds: indexSeconds }),
    loadTable(url, customers),
  ]);
  // It was filled beside the service, but is measured in its place: the client's connections come after this.
  pinDatabase(ring.children, postgres, SERVER_CPU);
  const asker = await startAsker(ring, { customers, postgres: url });
  return { customers, database, service, asker, tableUrl: url };
}

/** The service with customers that are in its index only, and its client. */
export async function startGeneratedLine(
  ring: Ring,
  customers: number,
): Promise<Omit<DecideLine, "database" | "tableUrl">> {
  console.log(`Starting the service with ${customers} customers that are in its index only …`);
  const { url: file } = await customersFile(0);
  const options = { file, token: ring.token, customers };
  const service = await startProgram(ring, "generated", options, { path: "/readyz", readySeconds: indexSeconds });
  const asker = await startAsker(ring, { customers });
  return { customers, service, asker };
}

/**
 * It gives way to the load generator, with which it shares its CPU: how long a single answer takes beside a batch is the
 * server's doing, not that of who asks for the batch.
 */
async function startAsker(ring: Ring, options: Readonly<Record<string, string | number>>): Promise<Server> {
  const asker = await startProgram(ring, "asker", { ...options, token: ring.token }, { cpu: OTHER_CPU });
  setPriority(asker.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  return asker;
}
