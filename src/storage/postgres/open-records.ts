import type { Inspectable, Inspection } from "../../service/inspection.ts";
import { StoreUnavailable } from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import { Database, type Session } from "./database.ts";
import { digestOf } from "./digests.ts";
import { failureOf } from "./failure.ts";
import { PostgresInspection } from "./inspection.ts";
import { checkSchema } from "./migrate.ts";
import { PostgresRecords } from "./postgres-records.ts";
import { Snapshot } from "./snapshot.ts";

/**
 * Opens what is recorded in a PostgreSQL database, to be read only: beside any number of nodes that serve, and from a
 * standby as well. Everything that is read is of one moment, that of the opening, however long it takes.
 *
 * @param url as for openPostgresStore
 * @throws StoreUnavailable when the database cannot be reached, or lets nobody in; its message has no password
 * @throws SchemaMismatch when the database is not one that this version can read
 */
export async function openPostgresRecords(url: string): Promise<PostgresSnapshot> {
  const database = new Database(url);
  let session: Session | undefined;
  try {
    session = await connect(database);
    const snapshot = await Snapshot.begin(session);
    await checkSchema(snapshot);
    return new PostgresSnapshot(database, snapshot, await digestOf(snapshot));
  } catch (error) {
    session?.drop();
    await database.close();
    throw failureOf(error)?.error ?? error;
  }
}

/** Whatever it is that keeps a connection from coming about, it is foreseen: certificates, methods of authentication. */
async function connect(database: Database): Promise<Session> {
  try {
    return await database.session();
  } catch (cause) {
    throw failureOf(cause)?.error ?? new StoreUnavailable("the database cannot be reached", { cause });
  }
}

/** What was recorded in a PostgreSQL database at one moment. */
export class PostgresSnapshot extends PostgresRecords implements Inspectable {
  readonly #database: Database;
  readonly #snapshot: Snapshot;
  readonly #digest: Digest;

  constructor(database: Database, snapshot: Snapshot, digest: Digest) {
    super(snapshot, digest);
    this.#database = database;
    this.#snapshot = snapshot;
    this.#digest = digest;
  }

  inspection(): Inspection {
    this.refuseClosed();
    return new PostgresInspection(this.#snapshot, this.#digest);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.#snapshot.end();
    await this.#database.close();
  }
}
