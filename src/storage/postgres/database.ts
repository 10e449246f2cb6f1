import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { limits } from "../../domain/limits.ts";
import { StoreUnavailable } from "../../service/store.ts";
import { callOff, isRead } from "./call-off.ts";
import { failureOf, IsStandby, NotConnected, NotReplicated, sqlStateOf } from "./failure.ts";

/** What statements are sent to. */
export interface Statements {
  /**
   * The rows that a statement answers with: numbers as numbers, bytes as Buffers.
   *
   * @param ms how long the answer may take; `limits.databaseAnswerMs` unless told, 0 for as long as it takes
   */
  rows<Row>(sql: string, values?: readonly unknown[], ms?: number): Promise<Row[]>;
}

/** What transactions are sent to as well. */
export interface Transactions extends Statements {
  /**
   * Runs work in a transaction of one connection: committed when the work is done, else rolled back. In the default
   * isolation of PostgreSQL, so that each statement sees what was committed before it.
   *
   * @param onCommit called when the commit is sent and not answered: from then on a failure leaves open what became of it
   */
  transaction<Value>(work: (statements: Statements) => Promise<Value>, onCommit?: () => void): Promise<Value>;
}

/**
 * A transaction whose node is cut off from the database must not hold its locks until the network gives up, for hours:
 * no other node could write.
 */
const beginSql =
  "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " +
  `SET LOCAL idle_in_transaction_session_timeout = ${limits.databaseAnswerMs}`;

const isStandbySql = "SELECT pg_is_in_recovery() AS is_standby";

export interface DatabaseOptions {
  /**
   * Whether nobody may read from a standby, as what it has may be stale: each new connection is asked whether it leads to
   * one, as the name may have come to lead elsewhere.
   */
  readonly isPrimary?: boolean;
}

/** A database, with a few connections that everybody shares. */
export class Database implements Transactions {
  readonly #pool: pg.Pool;
  readonly #isPrepared: boolean;
  readonly #isPrimary: boolean;
  /** Connections of which it is not known yet that they lead to the primary. */
  readonly #unchecked = new WeakSet<pg.PoolClient>();
  /** The connections that there are, and when (ms, monotonic) each came about. */
  readonly #since = new Map<pg.PoolClient, number>();
  /** When a connection was last found broken, or mute. */
  #brokeAt = Number.NEGATIVE_INFINITY;

  /** @param url `postgres://…`; `prepare=true` in its query lets statements be kept by the server's sessions */
  constructor(url: string, { isPrimary = false }: DatabaseOptions = {}) {
    const { connectionString, isPrepared } = readUrl(url);
    this.#isPrepared = isPrepared;
    this.#isPrimary = isPrimary;
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
    this.#pool.on("connect", (client) => {
      this.#since.set(client, performance.now());
      if (isPrimary) this.#unchecked.add(client);
      // Whoever uses it hears of that from the statement; unheard, the event would end the process.
      client.on("error", () => undefined);
    });
    this.#pool.on("remove", (client) => this.#since.delete(client));
  }

  /** @param ms for all of it, the wait for a connection included */
  rows<Row>(sql: string, values: readonly unknown[] = [], ms: number = limits.databaseAnswerMs): Promise<Row[]> {
    return this.#with(performance.now() + ms, (session) => session.rows<Row>(sql, values, ms));
  }

  transaction<Value>(work: (statements: Statements) => Promise<Value>, onCommit = () => {}): Promise<Value> {
    return this.#transaction(Number.POSITIVE_INFINITY, work, onCommit);
  }

  /** The same database for something that has to be done, or to have failed, by `end` (ms, monotonic). */
  until(end: number): Transactions {
    return {
      rows: (sql, values, ms) => this.#with(end, (session) => session.rows(sql, values, ms)),
      transaction: (work, onCommit = () => {}) => this.#transaction(end, work, onCommit),
    };
  }

  /**
   * A connection of one's own, for as long as it takes; to be let go of by `release` or `drop`.
   *
   * @param end when (ms, monotonic) everything that is done with it has to have come to an end
   * @throws NotConnected, IsStandby
   */
  async session(end: number = Number.POSITIVE_INFINITY): Promise<Session> {
    for (;;) {
      const client = await this.#connect(end);
      const session = new Session(client, this.#isPrepared, end);
      // When one connection is found broken the others of its time are likely to be: each would cost somebody an answer.
      if ((this.#since.get(client) ?? 0) > this.#brokeAt) {
        if (this.#unchecked.has(client)) await this.#check(client, session);
        return session;
      }
      session.drop();
    }
  }

  /** Closes every connection: at once where nobody uses it, else when that is through, or after a moment. */
  async close(): Promise<void> {
    await Promise.race([this.#pool.end(), delay(limits.databaseCloseMs, undefined, { ref: false })]);
    for (const client of this.#since.keys()) client.connection.stream.destroy();
  }

  /** The figures of the pool, for operations. */
  connections(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    const { totalCount: open, idleCount: idle, waitingCount: waiting } = this.#pool;
    return { open, idle, waiting };
  }

  async #connect(end: number): Promise<pg.PoolClient> {
    const connecting = this.#pool.connect();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const ms = Math.max(0, Math.min(end - performance.now(), limits.databaseConnectMs));
    const timer = setTimeout(() => reject(new Error("timeout exceeded when trying to connect")), ms);
    try {
      return await Promise.race([connecting, late]);
    } catch (error) {
      // Should it still come, it is for somebody else.
      connecting.then(
        (client) => client.release(),
        () => undefined,
      );
      throw new NotConnected(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #check(client: pg.PoolClient, session: Session): Promise<void> {
    try {
      const [row] = await session.rows<{ is_standby: boolean }>(isStandbySql);
      if (row?.is_standby !== false) throw new IsStandby();
      this.#unchecked.delete(client);
    } catch (error) {
      session.drop();
      throw error instanceof IsStandby ? error : new NotConnected(error);
    }
  }

  #transaction<Value>(
    end: number,
    work: (statements: Statements) => Promise<Value>,
    onCommit: () => void,
  ): Promise<Value> {
    return this.#with(end, async (session) => {
      await session.rows(beginSql);
      const value = await work(session);
      onCommit();
      await session.rows("COMMIT");
      return value;
    });
  }

  async #with<Value>(end: number, work: (session: Session) => Promise<Value>): Promise<Value> {
    const session = await this.session(end);
    try {
      const value = await work(session);
      session.release();
      return value;
    } catch (error) {
      const kind = failureOf(error)?.kind ?? "";
      if (kind === "connection") this.#brokeAt = performance.now();
      // Where a pooler has led one to a standby, it may do so with the others: each is asked anew.
      if (kind === "readonly" && this.#isPrimary) for (const each of this.#since.keys()) this.#unchecked.add(each);
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
  readonly #end: number;
  #isReplicated = true;
  /** Whether the server may still be at work on a statement that may be called off. */
  #isReading = false;

  /** @param end when (ms, monotonic) everything has to have come to an end */
  constructor(client: pg.PoolClient, isPrepared: boolean, end: number) {
    this.#client = client;
    this.#isPrepared = isPrepared;
    this.#end = end;
    client.on("notice", this.#notice);
  }

  async rows<Row>(sql: string, values: readonly unknown[] = [], ms: number = limits.databaseAnswerMs): Promise<Row[]> {
    const name = this.#isPrepared && values.length > 0 ? { name: nameOf(sql) } : undefined;
    const left = Math.max(1, Math.min(ms === 0 ? Number.POSITIVE_INFINITY : ms, this.#end - performance.now()));
    const query: pg.QueryConfig & { query_timeout: number } = {
      ...name,
      text: sql,
      values: [...values],
      query_timeout: Number.isFinite(left) ? left : 0,
    };
    this.#isReading = isRead(sql);
    const { rows } = await this.#client.query(query).catch((error: unknown) => {
      if (sqlStateOf(error) !== undefined) this.#isReading = false;
      throw error;
    });
    this.#isReading = false;
    if (!this.#isReplicated) throw new NotReplicated();
    return rows as Row[];
  }

  /** Gives the connection back. */
  release(): void {
    this.#client.off("notice", this.#notice);
    this.#client.release();
  }

  /** Closes the connection: whatever it was doing is rolled back. */
  drop(): void {
    this.#client.off("notice", this.#notice);
    if (this.#isReading) void callOff(this.#client).then(() => this.#destroy());
    else this.#destroy();
  }

  #destroy(): void {
    // Without a farewell, for which a server that cannot be reached any more would have to be waited for.
    this.#client.connection.stream.destroy();
    this.#client.release(true);
  }

  /** Somebody called the wait for the standby off: the server reports success for what only it has. */
  readonly #notice = ({ routine }: { readonly routine?: string | undefined }): void => {
    if (routine === "SyncRepWaitForLSN") this.#isReplicated = false;
  };
}

const names = new Map<string, string>();

/**
 * A name for a statement's text, the same in every process: a pooler may give one the session of another. The server
 * takes no more than 63 bytes.
 */
function nameOf(sql: string): string {
  const name = names.get(sql) ?? `saywhen_${createHash("sha256").update(sql).digest("hex").slice(0, 32)}`;
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
  // What the driver takes them for, and says at length: whoever asks for TLS gets one that is checked.
  const isChecked = /^(prefer|require|verify-ca)$/.test(url.searchParams.get("sslmode") ?? "");
  if (isChecked && !url.searchParams.has("uselibpqcompat")) url.searchParams.set("sslmode", "verify-full");
  return { connectionString: url.href, isPrepared };
}
