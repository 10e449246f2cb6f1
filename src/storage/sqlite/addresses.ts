import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StreamRow } from "../stored-change.ts";
import type { Digest } from "../digest.ts";

const addSql = "INSERT INTO address (digest, stream) VALUES (?, ?) ON CONFLICT DO NOTHING";
const dropSql = "DELETE FROM address WHERE stream = ?";
const headsSql =
  "SELECT CAST(stream.id AS REAL) AS row, CAST(stream.head AS REAL) AS head " +
  "FROM address JOIN stream ON stream.id = address.stream WHERE address.digest = ? AND address.stream > ? " +
  "ORDER BY address.stream LIMIT ?";

/** Which streams hold, or once held, an address. */
export class Addresses {
  readonly #digest: Digest;
  readonly #add: StatementSync;
  readonly #drop: StatementSync;
  readonly #heads: StatementSync;

  constructor(db: DatabaseSync, digest: Digest) {
    this.#digest = digest;
    this.#add = db.prepare(addSql);
    this.#drop = db.prepare(dropSql);
    this.#heads = db.prepare(headsSql);
  }

  /** @param stream the stream's row */
  add(normal: string, stream: number): void {
    this.#add.run(this.#digest(normal), stream);
  }

  /** Drops all that a stream had. */
  drop(stream: number): void {
    this.#drop.run(stream);
  }

  /** The streams that have it, in the order in which they first came, from the one after a row on. */
  heads(normal: string, limit: number, after: number): StreamRow[] {
    return this.#heads.all(this.#digest(normal), after, limit) as unknown as StreamRow[];
  }
}
