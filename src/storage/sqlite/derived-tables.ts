import type { DatabaseSync, StatementSync } from "node:sqlite";
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

const lineSql = "SELECT id AS number, head AS newest FROM stream WHERE digest = ?";
const lastSql = "SELECT coalesce(max(id), 0) AS last FROM stream";
const addStreamSql = "INSERT INTO stream (id, digest, head) VALUES (?, ?, ?)";
const moveStreamSql = "UPDATE stream SET head = ? WHERE id = ?";
const addAddressSql = "INSERT INTO address (digest, stream) VALUES (?, ?) ON CONFLICT DO NOTHING";
const freeEmailSql = "UPDATE directory SET email = NULL WHERE kind = ? AND id = ?";
const saveEntrySql =
  "INSERT INTO directory (kind, id, stream, email) VALUES (?, ?, ?, ?) " +
  "ON CONFLICT (kind, id) DO UPDATE SET stream = excluded.stream, email = excluded.email";
const countSql =
  "SELECT kind, (SELECT count(*) FROM directory WHERE directory.kind = size.kind) AS entries, " +
  "(SELECT coalesce(max(id), 0) FROM directory WHERE directory.kind = size.kind) AS largest, " +
  "(SELECT count(*) FROM stream JOIN change ON position = head WHERE digest IS NULL AND change.kind = 'directory') AS erased, " +
  "EXISTS (SELECT 1 FROM stream WHERE digest IS NULL) AS hasErased FROM directory_size AS size";
const sizeSql = "UPDATE directory_size SET entries = ?, ever = ? WHERE kind = ?";

/** The tables of an SQLite file that hold what is derived. */
export class SqliteDerivedTables implements DerivedTables {
  readonly digest: Digest;
  readonly #db: DatabaseSync;
  readonly #saveChange: (row: ChangeRow) => void;
  readonly #line: StatementSync;
  readonly #last: StatementSync;

  /**
   * @param db inside a transaction for as long as it is written to
   * @param saveChange stores a change with its links
   */
  constructor(db: DatabaseSync, digest: Digest, saveChange: (row: ChangeRow) => void) {
    this.digest = digest;
    this.#db = db;
    this.#saveChange = saveChange;
    this.#line = db.prepare(lineSql);
    this.#last = db.prepare(lastSql);
  }

  async lines(digests: readonly Buffer[]): Promise<(Line | undefined)[]> {
    return digests.map((digest) => this.#line.get(digest) as Line | undefined);
  }

  async lastNumber(): Promise<number> {
    return Number(this.#last.get()?.["last"]);
  }

  async write({ changes, newStreams, movedStreams, addresses, entries }: Derived): Promise<void> {
    for (const row of changes) this.#saveChange(row);
    const [addStream, moveStream] = [this.#db.prepare(addStreamSql), this.#db.prepare(moveStreamSql)];
    for (const { number, digest, head } of newStreams) addStream.run(number, digest, head);
    for (const { number, head } of movedStreams) moveStream.run(head, number);
    const addAddress = this.#db.prepare(addAddressSql);
    for (const { digest, stream } of addresses) addAddress.run(digest, stream);
    const [freeEmail, saveEntry] = [this.#db.prepare(freeEmailSql), this.#db.prepare(saveEntrySql)];
    for (const { kind, id } of entries) freeEmail.run(kind, id);
    for (const { kind, id, stream, email } of entries) saveEntry.run(kind, id, stream, email);
  }

  /** Counts the directory. */
  async settleSizes(known: KnownSizes): Promise<void> {
    const save = this.#db.prepare(sizeSql);
    for (const count of this.#db.prepare(countSql).all()) {
      const { kind, entries, ever } = settledSize(countOf(count), known);
      save.run(entries, ever, kind);
    }
  }
}

function countOf(row: Readonly<Record<string, unknown>>): DirectoryCount {
  const { kind, entries, largest, erased, hasErased } = row;
  return {
    kind: String(kind),
    entries: Number(entries),
    largest: Number(largest),
    erased: Number(erased),
    hasErased: hasErased === 1,
  };
}
