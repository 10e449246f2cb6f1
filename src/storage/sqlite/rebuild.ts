import type { DatabaseSync } from "node:sqlite";
import type { ChangeRow } from "../../service/change-row.ts";
import type { Tile } from "../../service/log-store.ts";
import { deriveAnew, type Rebuilt, type TablesAnew, verifiedChanges, verifiedWholly } from "../derive-anew.ts";
import { refuseMoved } from "../move-marks.ts";
import { blankSql } from "./change-row.ts";
import { openFile, realFile } from "./database-file.ts";
import { SqliteDerivedTables } from "./derived-tables.ts";
import { digestOf } from "./digests.ts";
import { SqliteInspection } from "./inspection.ts";
import { checkSchema } from "./migrate.ts";
import { readMarks } from "./move-marks.ts";
import { differencesOf, dropForeign, makeMissing } from "./schema.ts";
import { takeServingLock } from "./serving-lock.ts";

/**
 * Derives anew, from the changes alone, everything that is derived: streams with their heads and links, addresses, the
 * directory, tiles; codes go, and are made by whoever builds an index. Indexes that are missing are made, and triggers and
 * views, of which there are none, are dropped. In one transaction, which is committed only when the whole log verifies
 * after it.
 *
 * @param file a database that no process serves
 * @throws StoreInUse when another process serves it
 * @throws SchemaMismatch when it is not one of this version
 * @throws DatabaseMoved when a move that fills it is not through
 * @throws NotRebuildable when a change is damaged, or the log does not extend what was signed: says which and how
 */
export async function rebuild(file: string): Promise<Rebuilt> {
  const real = realFile(file);
  using _lock = takeServingLock(real);
  using db = openFile(real);
  db.exec("PRAGMA synchronous = FULL; PRAGMA mmap_size = 0; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF");
  checkSchema(db);
  refuseMoved(readMarks(db), true);
  db.exec("BEGIN IMMEDIATE");
  const before = await verifiedChanges(new SqliteInspection(db));
  const differences = differencesOf(db);
  dropForeign(db, differences);
  await deriveAnew(new SqliteInspection(db), new TablesInFile(db));
  makeMissing(db, differences);
  const { size } = await verifiedWholly(new SqliteInspection(db));
  db.exec("COMMIT");
  const isClean = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] === 0;
  return { size, mended: before.counts.derived, isClean };
}

const clearSql = `
  DELETE FROM code; DELETE FROM name;
  DELETE FROM stream; DELETE FROM address; DELETE FROM directory; DELETE FROM tile; DELETE FROM directory_size;
  INSERT INTO directory_size (kind, entries, ever) VALUES ('organisation', 0, 0), ('user', 0, 0)`;
const linkSql =
  "UPDATE change SET stream = ?1, previous = ?2 WHERE position = ?3 AND (stream IS NOT ?1 OR previous IS NOT ?2)";
const tileSql = "INSERT INTO tile (level, number, hashes) VALUES (?, ?, ?)";

/** The tables of a file, inside a transaction. */
class TablesInFile extends SqliteDerivedTables implements TablesAnew {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    const link = db.prepare(linkSql);
    super(db, digestOf(db), ({ stream, previous, position }: ChangeRow) => link.run(stream, previous, position));
    this.#db = db;
  }

  async blank(positions: readonly number[]): Promise<void> {
    const blank = this.#db.prepare(blankSql);
    for (const position of positions) blank.run(position);
  }

  async clear(): Promise<void> {
    this.#db.exec(clearSql);
  }

  async saveTiles(tiles: readonly Tile[]): Promise<void> {
    const save = this.#db.prepare(tileSql);
    for (const { level, index, hashes } of tiles) save.run(level, index, hashes);
  }
}
