import type { DatabaseSync } from "node:sqlite";
import { hashLeaf, printEntry } from "../../audit/verify-receipt.ts";
import { type ChangeRow, entryOf } from "../../service/change-row.ts";
import type { Tile } from "../../service/log-store.ts";
import { TileRows } from "../../service/tile-rows.ts";
import { type VerifiedLog, verifyLog } from "../../service/verify-log.ts";
import { Derivation } from "../derivation.ts";
import { blankSql } from "./change-row.ts";
import { openFile, realFile } from "./database-file.ts";
import { SqliteDerivedTables } from "./derived-tables.ts";
import { SqliteInspection } from "./inspection.ts";
import { checkSchema } from "./migrate.ts";
import { differencesOf, dropForeign, makeMissing } from "./schema.ts";
import { takeServingLock } from "./serving-lock.ts";

/** Something that cannot be derived is wrong; nothing was changed. */
export class NotRebuildable extends Error {
  override readonly name = "NotRebuildable";
}

/** What came of it. */
export interface Rebuilt {
  /** How many entries the log has. */
  readonly size: number;
  /** How many things were wrong before. */
  readonly mended: number;
  /** Whether what stood there before is in no file any more; otherwise somebody still reads it, and the next start sees to that. */
  readonly isClean: boolean;
}

/**
 * Derives anew, from the changes alone, everything that is derived: streams with their heads and links, addresses, the
 * directory, tiles. Indexes that are missing are made, and triggers and views, of which there are none, are dropped. In
 * one transaction, which is committed only when the whole log verifies after it.
 *
 * @param file a database that no process serves
 * @throws StoreInUse when another process serves it
 * @throws SchemaMismatch when it is not one of this version
 * @throws NotRebuildable when a change is damaged, or the log does not extend what was signed: says which and how
 */
export async function rebuild(file: string): Promise<Rebuilt> {
  const real = realFile(file);
  using _lock = takeServingLock(real);
  using db = openFile(real);
  db.exec("PRAGMA synchronous = FULL; PRAGMA mmap_size = 0; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF");
  checkSchema(db);
  db.exec("BEGIN IMMEDIATE");
  const before = await verified(db);
  const differences = differencesOf(db);
  dropForeign(db, differences);
  await deriveAnew(db);
  makeMissing(db, differences);
  const { size, counts } = await verified(db);
  if (counts.derived > 0)
    throw new NotRebuildable("What is derived from the changes is still wrong: restore a backup.");
  db.exec("COMMIT");
  const isClean = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] === 0;
  return { size, mended: before.counts.derived, isClean };
}

/** Refuses what cannot be derived anew. The transaction ends with the connection. */
async function verified(db: DatabaseSync): Promise<VerifiedLog> {
  const log = await verifyLog(new SqliteInspection(db));
  const first = log.findings.find(({ kind }) => kind !== "derived");
  if (first === undefined) return log;
  const place = first.position === undefined ? "" : `position ${first.position}: `;
  throw new NotRebuildable(`Nothing was changed, because not only what is derived is wrong: ${place}${first.what}`);
}

const clearSql = `
  DELETE FROM stream; DELETE FROM address; DELETE FROM directory; DELETE FROM tile; DELETE FROM directory_size;
  INSERT INTO directory_size (kind, entries, ever) VALUES ('organisation', 0, 0), ('user', 0, 0)`;
const linkSql =
  "UPDATE change SET stream = ?1, previous = ?2 WHERE position = ?3 AND (stream IS NOT ?1 OR previous IS NOT ?2)";
const tileSql = "INSERT INTO tile (level, number, hashes) VALUES (?, ?, ?)";

/** Passes over the changes, which are sound, inside a transaction. */
async function deriveAnew(db: DatabaseSync): Promise<void> {
  const inspection = new SqliteInspection(db);
  const derivation = new Derivation(0);
  const blank = db.prepare(blankSql);
  for await (const page of inspection.changes()) {
    const erasures = page.filter(({ kind }) => kind === "erasure");
    for (const position of erasures.flatMap((erasure) => derivation.foresee(erasure))) blank.run(position);
  }
  const sizes = await inspection.directorySizes();
  db.exec(clearSql);
  const link = db.prepare(linkSql);
  const linked = ({ stream, previous, position }: ChangeRow) => link.run(stream, previous, position);
  const tables = new SqliteDerivedTables(db, inspection.digest, linked);
  const tiles = new TileRows();
  for await (const page of inspection.changes()) {
    await derivation.take(tables, page);
    for (const row of page) saveTiles(db, tiles.add(hashLeaf(printEntry(entryOf(row)))));
  }
  saveTiles(db, tiles.partial());
  tables.settleSizes(sizes);
}

function saveTiles(db: DatabaseSync, tiles: readonly Tile[]): void {
  if (tiles.length === 0) return;
  const save = db.prepare(tileSql);
  for (const { level, index, hashes } of tiles) save.run(level, index, hashes);
}
