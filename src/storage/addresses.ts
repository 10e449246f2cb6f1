import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Stream } from "../domain/stream.ts";

const addSql = "INSERT INTO address (normal, stream) VALUES (?, ?) ON CONFLICT DO NOTHING";
const streamsSql =
  "SELECT name FROM address JOIN stream ON stream.id = address.stream WHERE normal = ? ORDER BY stream.id";

/** Which streams hold, or once held, an address. */
export class Addresses {
  readonly #add: StatementSync;
  readonly #streams: StatementSync;

  constructor(db: DatabaseSync) {
    this.#add = db.prepare(addSql);
    this.#streams = db.prepare(streamsSql);
  }

  /** @param stream the stream's row */
  add(normal: string, stream: number): void {
    this.#add.run(normal, stream);
  }

  /** In the order in which the streams first came. */
  streams(normal: string): Stream[] {
    return this.#streams.all(normal).map((row) => row.name as Stream);
  }
}
