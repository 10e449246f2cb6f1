import { hashLeaf, printEntry } from "../audit/verify-receipt.ts";
import { entryOf } from "../service/change-row.ts";
import type { Inspection } from "../service/inspection.ts";
import type { Tile } from "../service/log-store.ts";
import { TileRows } from "../service/tile-rows.ts";
import { type VerifiedLog, verifyLog } from "../service/verify-log.ts";
import { Derivation, type DerivedTables, type KnownSizes } from "./derivation.ts";

/** Something that cannot be derived is wrong; nothing was changed. */
export class NotRebuildable extends Error {
  override readonly name = "NotRebuildable";
}

/** What came of deriving everything anew. */
export interface Rebuilt {
  /** How many entries the log has. */
  readonly size: number;
  /** How many things were wrong before. */
  readonly mended: number;
  /** Whether what stood there before is in no file any more; otherwise somebody still reads it, and the next start sees to that. */
  readonly isClean: boolean;
}

/** The tables of what is derived, to be filled anew, inside one transaction. */
export interface TablesAnew extends DerivedTables {
  /** Leaves nothing of what changes said, which an erasure names. */
  blank(positions: readonly number[]): Promise<void>;
  /** Takes everything out that is derived. */
  clear(): Promise<void>;
  saveTiles(tiles: readonly Tile[]): Promise<void>;
  /** Counts the directory. */
  settleSizes(known: KnownSizes): Promise<void>;
}

/** Derives everything anew from the changes, which are sound. */
export async function deriveAnew(inspection: Inspection, tables: TablesAnew): Promise<void> {
  const derivation = new Derivation(0);
  for await (const page of inspection.changes()) {
    const erased = page.filter(({ kind }) => kind === "erasure").flatMap((erasure) => derivation.foresee(erasure));
    if (erased.length > 0) await tables.blank(erased);
  }
  const sizes = await inspection.directorySizes();
  await tables.clear();
  const tiles = new TileRows();
  for await (const page of inspection.changes()) {
    await derivation.take(tables, page);
    const full = page.flatMap((row) => tiles.add(hashLeaf(printEntry(entryOf(row)))));
    if (full.length > 0) await tables.saveTiles(full);
  }
  await tables.saveTiles(tiles.partial());
  await tables.settleSizes({ sizes, isSound: false });
}

/**
 * Verifies what is to be derived anew, and what came of it.
 *
 * @throws NotRebuildable when something is wrong that cannot be derived
 */
export async function verifiedChanges(inspection: Inspection): Promise<VerifiedLog> {
  const log = await verifyLog(inspection);
  const first = log.findings.find(({ kind }) => kind !== "derived");
  if (first === undefined) return log;
  const place = first.position === undefined ? "" : `position ${first.position}: `;
  throw new NotRebuildable(`Nothing was changed, because not only what is derived is wrong: ${place}${first.what}`);
}

/** @throws NotRebuildable when what was derived anew is still wrong */
export async function verifiedWholly(inspection: Inspection): Promise<VerifiedLog> {
  const log = await verifiedChanges(inspection);
  if (log.counts.derived === 0) return log;
  const [first] = log.findings;
  throw new NotRebuildable(`What is derived from the changes is still wrong: ${first?.what} Restore a backup.`);
}
