import { limits } from "../../domain/limits.ts";
import type { NodeStore, ServingNode } from "../../service/node-store.ts";
import type { Statements } from "./database.ts";

/** Milliseconds after which a node that was not heard of is forgotten. */
const forgottenMs = 24 * 3600 * 1000;

const heardSql =
  "INSERT INTO saywhen.node (id, host, pid, heard_at) VALUES ($1, $2, $3, clock_timestamp()) " +
  "ON CONFLICT (id) DO UPDATE SET heard_at = excluded.heard_at";
const leftSql = "DELETE FROM saywhen.node WHERE id = $1 OR heard_at < clock_timestamp() - $2 * interval '1 ms'";
const servingSql =
  "SELECT id, host, pid FROM saywhen.node WHERE heard_at >= clock_timestamp() - $1 * interval '1 ms' ORDER BY host, pid";

/** The nodes that serve a PostgreSQL database. */
export class Nodes implements NodeStore {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  async heard({ id, host, pid }: ServingNode): Promise<void> {
    await this.#statements.rows(heardSql, [id, host, pid]);
  }

  async joined(node: ServingNode): Promise<void> {
    await this.heard(node);
    await this.#statements.rows("SELECT saywhen.take_head()");
  }

  async left({ id }: ServingNode): Promise<void> {
    await this.#statements.rows(leftSql, [id, forgottenMs], limits.databaseCloseMs);
  }

  serving(withinMs: number): Promise<ServingNode[]> {
    return this.#statements.rows<ServingNode>(servingSql, [withinMs]);
  }
}
