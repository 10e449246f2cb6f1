import type { ChangeRow } from "../../service/change-row.ts";
import type { Tile } from "../../service/log-store.ts";
import type { NodeStore } from "../../service/node-store.ts";
import type { Derived } from "../derivation.ts";
import { deriveAnew, type Rebuilt, type TablesAnew, verifiedChanges, verifiedWholly } from "../derive-anew.ts";
import type { Digest } from "../digest.ts";
import { refuseMoved } from "../move-marks.ts";
import { blankSql } from "./change-row.ts";
import { holdCodesSql } from "./codes.ts";
import { Database, type Statements } from "./database.ts";
import { PostgresDerivedTables } from "./derived-tables.ts";
import { digestOf } from "./digests.ts";
import { failureOf } from "./failure.ts";
import { PostgresInspection } from "./inspection.ts";
import { LogTables } from "./log-tables.ts";
import { checkSchema } from "./migrate.ts";
import { readMarks } from "./move-marks.ts";
import { Nodes } from "./nodes.ts";
import { patienceSql, patiently } from "./patience.ts";

/**
 * Derives anew, from the changes alone, everything that is derived, as on SQLite: in one transaction, which holds the
 * log's head and is committed only when the whole log verifies after it. Whoever reads meanwhile reads what was there.
 *
 * @param refuseServing rejects when nodes serve the database: their writes would wait for the log's head. One that
 *   starts meanwhile waits for it before it serves
 * @throws SchemaMismatch when it is not one of this version, StoreUnavailable when it cannot be reached
 * @throws DatabaseMoved when a move that fills it is not through
 * @throws NotRebuildable when a change is damaged, or the log does not extend what was signed: says which and how
 */
export async function rebuildPostgres(
  url: string,
  refuseServing: (nodes: NodeStore) => Promise<void> = async () => {},
): Promise<Rebuilt> {
  const database = new Database(url);
  try {
    await checkSchema(database);
    const { blanked, ...rebuilt } = await database.transaction(async (statements) => {
      const transaction = patiently(statements);
      await transaction.rows(patienceSql);
      // In the order in which a write that erases takes them: else each could wait for the other.
      await transaction.rows(holdCodesSql);
      await transaction.rows("SELECT saywhen.take_head()");
      refuseMoved(await readMarks(transaction), true);
      await refuseServing(new Nodes(transaction));
      return rebuildIn(transaction);
    });
    if (blanked > 0) await patiently(database).rows("VACUUM (INDEX_CLEANUP OFF, TRUNCATE OFF) saywhen.change");
    await patiently(database).rows(tidySql);
    return { ...rebuilt, isClean: true };
  } catch (error) {
    throw failureOf(error)?.error ?? error;
  } finally {
    await database.close();
  }
}

async function rebuildIn(transaction: Statements): Promise<Omit<Rebuilt, "isClean"> & { blanked: number }> {
  const digest = await digestOf(transaction);
  const before = await verifiedChanges(new PostgresInspection(transaction, digest));
  const tables = new TablesInDatabase(transaction, digest);
  await tables.plan();
  await deriveAnew(new PostgresInspection(transaction, digest), tables);
  const { size } = await verifiedWholly(new PostgresInspection(transaction, digest));
  return { size, mended: before.counts.derived, blanked: tables.blanked };
}

// Not TRUNCATE: a snapshot that is older than its commit would find the tables empty afterwards, and nothing recorded.
const clearSql =
  "DELETE FROM saywhen.code; " +
  "DELETE FROM saywhen.stream; DELETE FROM saywhen.address; DELETE FROM saywhen.directory; " +
  "DELETE FROM saywhen.tile; DELETE FROM saywhen.directory_size; " +
  "INSERT INTO saywhen.directory_size (kind, entries, ever) VALUES ('organisation', 0, 0), ('user', 0, 0)";
const tidySql =
  "VACUUM (ANALYZE) saywhen.stream, saywhen.address, saywhen.directory, saywhen.tile, saywhen.directory_size, saywhen.code";
const sayingSql =
  "SELECT position FROM saywhen.change WHERE position = ANY($1) " +
  "AND (ltrim(body, ' ') <> '' OR salt <> decode(repeat('00', length(salt)), 'hex'))";
const linkSql =
  "UPDATE saywhen.change SET stream = right_one.stream, previous = right_one.previous " +
  "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS right_one (position, stream, previous) " +
  "WHERE change.position = right_one.position " +
  "AND (change.stream, change.previous) IS DISTINCT FROM (right_one.stream, right_one.previous)";

/** The tables of a database, inside a transaction. */
class TablesInDatabase extends PostgresDerivedTables implements TablesAnew {
  /** How many changes still said something that was erased. */
  blanked = 0;
  readonly #transaction: Statements;
  readonly #log: LogTables;
  /** The number of the last stream that was derived. */
  #last = 0;

  constructor(transaction: Statements, digest: Digest) {
    super(transaction, digest, (rows: readonly ChangeRow[]) =>
      transaction.rows(linkSql, [
        rows.map(({ position }) => position),
        rows.map(({ stream }) => stream),
        rows.map(({ previous }) => previous),
      ]),
    );
    this.#transaction = transaction;
    this.#log = new LogTables(transaction);
  }

  async blank(positions: readonly number[]): Promise<void> {
    const saying = await this.#transaction.rows<{ position: number }>(sayingSql, [positions]);
    if (saying.length === 0) return;
    this.blanked += saying.length;
    await this.#transaction.rows(blankSql, [saying.map(({ position }) => position)]);
  }

  async clear(): Promise<void> {
    await this.#transaction.rows(clearSql);
  }

  /** Not looked up: until the transaction ends the index has all that was deleted, and would be gone through each time. */
  override async lastNumber(): Promise<number> {
    return this.#last;
  }

  override async write(derived: Derived): Promise<void> {
    await super.write(derived);
    this.#last = derived.newStreams.at(-1)?.number ?? this.#last;
  }

  saveTiles(tiles: readonly Tile[]): Promise<void> {
    return this.#log.saveTiles(tiles);
  }
}
