import type { Session, Statements } from "./database.ts";

// All of it ends with the transaction, so that a pooler's next user finds nothing of it. Whoever reads a large log lets
// the connection be idle now and then, and no answer takes too long. Definitions are printed as a search_path lets them.
const beginSql =
  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; " +
  "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL search_path = pg_catalog; SET LOCAL jit = off";
// The first statement that reads is what determines the moment; it must not be one that can be taken back.
const sinceSql = "SELECT 1; SAVEPOINT since";

/** Everything that statements read in it is of one moment, however long they take: also on a standby. */
export class Snapshot implements Statements {
  readonly #session: Session;
  /** The statement before, and what was done after it failed: one connection carries out one after the other. */
  #before: Promise<unknown> = Promise.resolve();

  private constructor(session: Session) {
    this.#session = session;
  }

  /** @param session nobody else's, from now on */
  static async begin(session: Session): Promise<Snapshot> {
    await session.rows(`${beginSql}; ${sinceSql}`);
    return new Snapshot(session);
  }

  /** Waits for as long as it takes. A statement that fails leaves the moment as it is, but closes every cursor. */
  rows<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const rows = this.#before.then(() => this.#session.rows<Row>(sql, values, 0));
    this.#before = rows.catch(() => this.#session.rows("ROLLBACK TO SAVEPOINT since").catch(() => undefined));
    return rows;
  }

  /** Ends it, once what was asked for is answered. */
  async end(): Promise<void> {
    try {
      await this.rows("ROLLBACK");
      this.#session.release();
    } catch {
      this.#session.drop();
    }
  }
}
