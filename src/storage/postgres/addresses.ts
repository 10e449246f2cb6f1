import type { PlacedChange } from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import { type HeadRow, placedIn } from "../stored-change.ts";
import { changeColumns } from "./change-row.ts";
import type { Statements } from "./database.ts";

const dropSql = "DELETE FROM saywhen.address WHERE stream = $1";
const headsSql =
  `SELECT id AS row, head, ${changeColumns} FROM (SELECT id, head FROM saywhen.address ` +
  "JOIN saywhen.stream ON id = address.stream WHERE address.digest = $1 AND address.stream > $2 " +
  "ORDER BY address.stream LIMIT $3) AS line LEFT JOIN saywhen.change ON position = head ORDER BY id";

/** Which streams hold, or once held, an address. */
export class Addresses {
  readonly #digest: Digest;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  /** Drops all that a stream had. */
  async drop(statements: Statements, stream: number): Promise<void> {
    await statements.rows(dropSql, [stream]);
  }

  /** The newest changes of the streams that have it, in the order in which they first came. */
  async newest(statements: Statements, normal: string, limit: number, after: number): Promise<PlacedChange[]> {
    const rows = await statements.rows<HeadRow>(headsSql, [this.#digest(normal), after, limit]);
    return rows.map(placedIn);
  }
}
