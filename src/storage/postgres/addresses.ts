import type { Stream } from "../../domain/stream.ts";
import type { ChangeRow } from "../../service/change-row.ts";
import { RecordDamaged } from "../../service/store.ts";
import type { Digest } from "../digest.ts";
import { openingOf } from "../stored-change.ts";
import type { Statements } from "./database.ts";

const dropSql = "DELETE FROM saywhen.address WHERE stream = $1";
const headsSql =
  "SELECT stream.head, change.position, at, change.stream, previous, kind, salt, commitment, body " +
  "FROM saywhen.address JOIN saywhen.stream ON stream.id = address.stream " +
  "LEFT JOIN saywhen.change ON change.position = stream.head WHERE address.digest = $1 ORDER BY stream.id";

type HeadRow = { readonly head: number } & (ChangeRow | { readonly position: null });

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

  /** The streams that have it, in the order in which they first came. */
  async streams(statements: Statements, normal: string): Promise<Stream[]> {
    const rows = await statements.rows<HeadRow>(headsSql, [this.#digest(normal)]);
    return rows.map((row) => {
      if (row.position === null) throw new RecordDamaged(row.head, "it is missing");
      return openingOf(row).change.stream;
    });
  }
}
