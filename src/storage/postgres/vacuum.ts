import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../../domain/limits.ts";
import type { Database } from "./database.ts";
import { failureOf } from "./failure.ts";

/** Milliseconds that a vacuum may take: of a large table that was written to a lot, long. */
const vacuumMs = 3600 * 1000;

/** Takes what was erased out of the pages of the tables that held it. */
export class Vacuum {
  readonly #database: Database;
  readonly #onError: (kind: string) => void;
  /** The tables that hold rows of what was erased since. */
  #stained = new Set<string>();
  #underWay: Promise<void> | undefined;
  /** The tables that are to be vacuumed once more, as somebody may have read what was erased while they were. */
  readonly #later = new Map<string, NodeJS.Timeout>();

  constructor(database: Database, onError: (kind: string) => void) {
    this.#database = database;
    this.#onError = onError;
  }

  /** Something was erased in these tables. */
  stained(tables: readonly string[]): void {
    for (const table of tables) this.#stained.add(table);
  }

  /**
   * Resolves when the tables were vacuumed, or after a while: no statement reads what was erased all the same, and the
   * vacuum goes on. One that fails is tried once more, later.
   */
  async scrubbed(): Promise<void> {
    const late = new AbortController();
    await Promise.race([this.#vacuumed(), delay(limits.scrubMs, undefined, { ref: false, signal: late.signal })]);
    late.abort();
  }

  async #vacuumed(): Promise<void> {
    while (this.#stained.size > 0 || this.#underWay !== undefined) {
      this.#underWay ??= this.#vacuum().finally(() => {
        this.#underWay = undefined;
      });
      await this.#underWay;
    }
  }

  async #vacuum(): Promise<void> {
    const tables = [...this.#stained];
    this.#stained = new Set();
    try {
      // Rows alone: indexes hold digests and numbers, and cleaning them takes long where they are large.
      await this.#database.rows(`VACUUM (INDEX_CLEANUP OFF, TRUNCATE OFF) ${tables.join(", ")}`, [], vacuumMs);
    } catch (error) {
      this.#onError(failureOf(error)?.kind ?? "unknown");
    }
    for (const table of tables) this.#againLater(table);
  }

  /** Nothing more is vacuumed. */
  close(): void {
    for (const timer of this.#later.values()) clearTimeout(timer);
  }

  /** A row that an older snapshot still sees stays, and nothing says so: a second time finds those snapshots gone. */
  #againLater(table: string): void {
    if (this.#later.has(table)) return;
    const again = (): void => {
      this.stained([table]);
      void this.#vacuumed().finally(() => {
        clearTimeout(this.#later.get(table));
        this.#later.delete(table);
      });
    };
    this.#later.set(table, setTimeout(again, limits.scrubAgainMs).unref());
  }
}
