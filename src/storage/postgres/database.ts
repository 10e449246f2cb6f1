import pg from "pg";
import { limits } from "../../domain/limits.ts";
import { StoreUnavailable } from "../../service/store.ts";

/** What statements are sent to. */
export interface Statements {
  /**
   * The rows that a statement answers with: numbers as numbers, bytes as Buffers.
   *
   * @param ms how long the answer may take; `limits.databaseAnswerMs` unless told
   */
  rows<Row>(sql: string, values?: readonly unknown[], ms?: number): Promise<Row[]>;
}

/** A database, with a few connections that everybody shares. */
export class Database implements Statements {
  readonly #pool: pg.Pool;
  readonly #isPrepared: boolean;

  /** @param url `postgres://…`; `prepare=true` in its query lets statements be kept by the server's sessions */
  constructor(url: string) {
    const { connectionString, isPrepared } = readUrl(url);
    this.#isPrepared = isPrepared;
    this.#pool = new pg.Pool({
      connectionString,
      max: limits.databaseConnections,
      connectionTimeoutMillis: limits.databaseConnectMs,
      idleTimeoutMillis: limits.databaseIdleMs,
      keepAlive: true,
      application_name: "saywhen",
      types: { getTypeParser },
    });
    // A connection that breaks while nobody uses it is dropped from the pool: whoever asks next gets a new one.
    this.#pool.on("error", () => undefined);
  }

  rows<Row>(sql: string, values: readonly unknown[] = [], ms: number = limits.databaseAnswerMs): Promise<Row[]> {
    return this.#with((session) => session.rows<Row>(sql, values, ms));
  }

  /**
   * Runs work in a transaction of one connection: committed when the work is done, else rolled back. In the default
   * isolation of PostgreSQL, so that each statement sees what was committed before it.
   *
   * @param onCommit called when the commit has been sent and before it is answered: from then on a failure leaves open
   *   what became of it
   */
  transaction<Value>(work: (statements: Statements) => Promise<Value>, onCommit = () => {}): Promise<Value> {
    return this.#with(async (session) => {
      await session.rows("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
      const value = await work(session);
      onCommit();
      await session.rows("COMMIT");
      return value;
    });
  }

  /** A connection of one's own, for as long as it takes; to be let go of by `release`. */
  async session(): Promise<Session> {
    return new Session(await this.#pool.connect(), this.#isPrepared);
  }

  /** Finishes what is under way, and closes every connection. */
  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** The figures of the pool, for operations. */
  connections(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    const { totalCount: open, idleCount: idle, waitingCount: waiting } = this.#pool;
    return { open, idle, waiting };
  }

  async #with<Value>(work: (session: Session) => Promise<Value>): Promise<Value> {
    const session = await this.session();
    try {
      const value = await work(session);
      session.release();
      return value;
    } catch (error) {
      // Also what merely refused a statement: in a transaction it leaves nothing else to be done, and it is rare.
      session.drop();
      throw error;
    }
  }
}

/** One connection. */
export class Session implements Statements {
  readonly #client: pg.PoolClient;
  readonly #isPrepared: boolean;

  constructor(client: pg.PoolClient, isPrepared: boolean) {
    this.#client = client;
    this.#isPrepared = isPrepared;
  }

  async rows<Row>(sql: string, values: readonly unknown[] = [], ms: number = limits.databaseAnswerMs): Promise<Row[]> {
    const name = this.#isPrepared && values.length > 0 ? { name: nameOf(sql) } : undefined;
    const query: pg.QueryConfig & { query_timeout: number } = {
      ...name,
      text: sql,
      values: [...values],
      query_timeout: ms,
    };
    const { rows } = await this.#client.query(query);
    return rows as Row[];
  }

  /** Gives the connection back. */
  release(): void {
    this.#client.release();
  }

  /** Closes the connection: whatever it was doing is rolled back. */
  drop(): void {
    this.#client.release(true);
  }
}

const names = new Map<string, string>();

/** A name for a statement's text: the server takes no more than 63 bytes. */
function nameOf(sql: string): string {
  const name = names.get(sql) ?? `saywhen_${names.size}`;
  names.set(sql, name);
  return name;
}

const bigint = 20;

/** Positions and times are far below 2^53. */
function getTypeParser(oid: number, format?: "text" | "binary"): unknown {
  return oid === bigint
    ? Number
    : format === "binary"
      ? pg.types.getTypeParser(oid, "binary")
      : pg.types.getTypeParser(oid);
}

function readUrl(text: string): { connectionString: string; isPrepared: boolean } {
  const url = URL.parse(text);
  if (url === null) throw new StoreUnavailable("the database's address cannot be read");
  const isPrepared = url.searchParams.get("prepare") === "true";
  url.searchParams.delete("prepare");
  return { connectionString: url.href, isPrepared };
}
