import type { ChangeRow } from "../../service/change-row.ts";
import {
  type Derived,
  type DerivedTables,
  type DirectoryCount,
  type KnownSizes,
  type Line,
  settledSize,
} from "../derivation.ts";
import type { Digest } from "../digest.ts";
import type { Statements } from "./database.ts";

// Rows by the thousand are looked up by nested loops over indexes: a plan that was made while the tables were empty
// would scan them once they are large.
const plansSql =
  "SELECT set_config(name, 'off', true) FROM unnest(ARRAY['enable_hashjoin', 'enable_mergejoin', 'enable_seqscan', 'jit']) AS name";

const linesSql =
  "SELECT place, id AS number, head AS newest FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (digest, place) " +
  "JOIN saywhen.stream ON stream.digest = asked.digest";
const lastSql = "SELECT coalesce(max(id), 0) AS last FROM saywhen.stream";
const addStreamsSql =
  "INSERT INTO saywhen.stream (id, digest, head) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[])";
const moveStreamsSql =
  "UPDATE saywhen.stream SET head = moved.head FROM unnest($1::bytea[], $2::bigint[]) AS moved (digest, head) " +
  "WHERE stream.digest = moved.digest";
const moveErasedSql =
  "UPDATE saywhen.stream SET head = moved.head FROM unnest($1::bigint[], $2::bigint[]) AS moved (id, head) " +
  "WHERE stream.id = moved.id AND stream.digest IS NULL";
const addAddressesSql =
  "INSERT INTO saywhen.address (digest, stream) SELECT * FROM unnest($1::bytea[], $2::bigint[]) ON CONFLICT DO NOTHING";
const freeEmailsSql =
  "UPDATE saywhen.directory SET email = NULL FROM unnest($1::text[], $2::bigint[]) AS entry (kind, id) " +
  "WHERE directory.kind = entry.kind AND directory.id = entry.id";
const saveEntriesSql =
  "INSERT INTO saywhen.directory (kind, id, stream, email) " +
  "SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bytea[]) " +
  "ON CONFLICT (kind, id) DO UPDATE SET stream = excluded.stream, email = excluded.email";
const countSql =
  "SELECT kind, (SELECT count(*) FROM saywhen.directory WHERE directory.kind = size.kind) AS entries, " +
  "(SELECT coalesce(max(id), 0) FROM saywhen.directory WHERE directory.kind = size.kind) AS largest, " +
  "(SELECT count(*) FROM saywhen.stream JOIN saywhen.change ON position = head " +
  "WHERE digest IS NULL AND change.kind = 'directory') AS erased, " +
  'EXISTS (SELECT FROM saywhen.stream WHERE digest IS NULL) AS "hasErased" FROM saywhen.directory_size AS size';
const sizeSql = "UPDATE saywhen.directory_size SET entries = $1, ever = $2 WHERE kind = $3";

/** The tables of a PostgreSQL database that hold what is derived. */
export class PostgresDerivedTables implements DerivedTables {
  readonly digest: Digest;
  readonly #transaction: Statements;
  readonly #saveChanges: (rows: readonly ChangeRow[]) => Promise<unknown>;

  /**
   * @param transaction nobody else writes the log meanwhile
   * @param saveChanges stores changes with their links
   */
  constructor(transaction: Statements, digest: Digest, saveChanges: (rows: readonly ChangeRow[]) => Promise<unknown>) {
    this.digest = digest;
    this.#transaction = transaction;
    this.#saveChanges = saveChanges;
  }

  /** To be called first. */
  async plan(): Promise<void> {
    await this.#transaction.rows(plansSql);
  }

  async lines(digests: readonly Buffer[]): Promise<(Line | undefined)[]> {
    const found = await this.#transaction.rows<Line & { readonly place: number }>(linesSql, [digests]);
    const lines = new Map(found.map(({ place, number, newest }) => [place, { number, newest }]));
    return digests.map((_, index) => lines.get(index + 1));
  }

  async lastNumber(): Promise<number> {
    const [row] = await this.#transaction.rows<{ last: number }>(lastSql);
    return row?.last ?? 0;
  }

  async write({ changes, newStreams, movedStreams, addresses, entries }: Derived): Promise<void> {
    await this.#saveChanges(changes);
    await this.#columns(addStreamsSql, newStreams, ["number", "digest", "head"]);
    const live = movedStreams.filter(({ digest }) => digest !== null);
    await this.#columns(moveStreamsSql, live, ["digest", "head"]);
    const erased = movedStreams.filter(({ digest }) => digest === null);
    await this.#columns(moveErasedSql, erased, ["number", "head"]);
    await this.#columns(addAddressesSql, addresses, ["digest", "stream"]);
    await this.#columns(freeEmailsSql, entries, ["kind", "id"]);
    await this.#columns(saveEntriesSql, entries, ["kind", "id", "stream", "email"]);
  }

  /** Counts the directory. */
  async settleSizes(known: KnownSizes): Promise<void> {
    for (const count of await this.#transaction.rows<DirectoryCount>(countSql)) {
      const { kind, entries, ever } = settledSize(count, known);
      await this.#transaction.rows(sizeSql, [entries, ever, kind]);
    }
  }

  async #columns<Row>(sql: string, rows: readonly Row[], columns: readonly (keyof Row)[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#transaction.rows(
      sql,
      columns.map((column) => rows.map((row) => row[column])),
    );
  }
}
