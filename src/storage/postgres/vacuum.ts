import { limits } from "../../domain/limits.ts";
import type { Database } from "./database.ts";

// Rows alone: digests in indexes tell nobody anything, and cleaning indexes takes long where they are large.
const vacuumSql =
  "VACUUM (INDEX_CLEANUP OFF, TRUNCATE OFF) saywhen.change, saywhen.stream, saywhen.address, saywhen.directory";

/** Takes what was erased out of the tables' pages. */
export class Vacuum {
  readonly #database: Database;
  #isStained = false;
  #underWay: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Something was erased. */
  stained(): void {
    this.#isStained = true;
  }

  /** Resolves when the rows of all that this node has erased were vacuumed; those who ask at the same time share it. */
  async scrubbed(): Promise<void> {
    while (this.#isStained || this.#underWay !== undefined) {
      this.#underWay ??= this.#vacuum();
      await this.#underWay;
    }
  }

  async #vacuum(): Promise<void> {
    this.#isStained = false;
    try {
      await this.#database.rows(vacuumSql, [], limits.scrubMs);
    } catch (error) {
      this.#isStained = true;
      throw error;
    } finally {
      this.#underWay = undefined;
    }
  }
}
