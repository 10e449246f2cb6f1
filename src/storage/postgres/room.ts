import { sizeOf } from "./changes.ts";
import type { Statements } from "./database.ts";
import { sqlStateOf } from "./failure.ts";

/** Positions for which there is always room: made long before they are needed, as that waits for nobody. */
export const roomAhead = 20_000_000;

const makeRoomSql = "SELECT saywhen.make_room($1)";

/** What PostgreSQL says where no partition of the changes takes a position. */
const noPartition = "23514";

/** Makes partitions for the changes up to a position, where they are missing. */
export async function makeRoom(statements: Statements, last: number): Promise<void> {
  await statements.rows(makeRoomSql, [last]);
}

/** The partitions for the changes to come. */
export class Room {
  readonly #statements: Statements;
  /** Up to which position there is room. */
  #last = 0;
  #isBeingMade = false;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Does what appends; where no partition takes its positions, room is made for them, and it is done again. */
  async within<Outcome>(work: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await work();
    } catch (error) {
      if (sqlStateOf(error) !== noPartition) throw error;
      await this.#make((await sizeOf(this.#statements)) + roomAhead);
      return work();
    }
  }

  /** Takes note of how far the log has come. Nobody waits for it: should it fail, the append that needs room makes it. */
  reached(position: number): void {
    if (this.#isBeingMade || position + roomAhead / 2 <= this.#last) return;
    this.#isBeingMade = true;
    this.#make(position + roomAhead)
      .catch(() => undefined)
      .finally(() => (this.#isBeingMade = false));
  }

  async #make(last: number): Promise<void> {
    await makeRoom(this.#statements, last);
    this.#last = Math.max(this.#last, last);
  }
}
