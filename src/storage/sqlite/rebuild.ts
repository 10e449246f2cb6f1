import type { DatabaseSync, StatementSync } from "node:sqlite";
import { hashLeaf, printEntry } from "../../audit/verify-receipt.ts";
import { heldAddresses } from "../../domain/held-addresses.ts";
import { limits } from "../../domain/limits.ts";
import type { Erasure } from "../../domain/log-acts.ts";
import { entryNameOf } from "../../domain/stream.ts";
import { type ChangeRow, entryOf, isErased, type Said, saidIn } from "../../service/change-row.ts";
import type { Tile } from "../../service/log-store.ts";
import { TileRows } from "../../service/tile-rows.ts";
import { type VerifiedLog, verifyLog } from "../../service/verify-log.ts";
import { Addresses } from "./addresses.ts";
import { blankSql } from "./change-row.ts";
import { openFile, realFile } from "./database-file.ts";
import type { Digest } from "../digest.ts";
import { digestOf } from "./digests.ts";
import { Directory } from "./directory.ts";
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
  await new Rebuilding(db).run();
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

/** A stream as it is derived: its number, and its newest change so far. */
interface Line {
  readonly number: number;
  newest: number | undefined;
}

const clearSql = `
  DELETE FROM stream; DELETE FROM address; DELETE FROM directory; DELETE FROM tile; DELETE FROM directory_size;
  INSERT INTO directory_size (kind, entries, ever) VALUES ('organisation', 0, 0), ('user', 0, 0)`;
const lineSql = "SELECT id AS number, head AS newest FROM stream WHERE digest = ?";
const addLineSql = "INSERT INTO stream (id, digest, head) VALUES (?, ?, ?)";
const moveSql = "UPDATE stream SET head = ? WHERE id = ?";
const linkSql = "UPDATE change SET stream = ?, previous = ? WHERE position = ?";
const tileSql = "INSERT INTO tile (level, number, hashes) VALUES (?, ?, ?)";
const entriesSql = "SELECT count(*) AS entries, coalesce(max(id), 0) AS largest FROM directory WHERE kind = ?";
const sizeSql = "UPDATE directory_size SET entries = ?, ever = ? WHERE kind = ?";

/** One pass over the changes that are sound, inside a transaction. */
class Rebuilding {
  readonly #db: DatabaseSync;
  readonly #digest: Digest;
  readonly #inspection: SqliteInspection;
  readonly #addresses: Addresses;
  readonly #directory: Directory;
  readonly #line: StatementSync;
  readonly #addLine: StatementSync;
  readonly #move: StatementSync;
  readonly #link: StatementSync;
  readonly #tile: StatementSync;
  /** The erasure that each erased change is named by. */
  readonly #erasures = new Map<number, number>();
  /** The streams that each erasure has erased: of a subject's changes of one kind, by erasure and kind. */
  readonly #erasedLines = new Map<string, Line>();
  readonly #tiles = new TileRows();
  #lines = 0;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#digest = digestOf(db);
    this.#inspection = new SqliteInspection(db);
    this.#addresses = new Addresses(db, this.#digest);
    this.#directory = new Directory(db, this.#digest);
    this.#line = db.prepare(lineSql);
    this.#addLine = db.prepare(addLineSql);
    this.#move = db.prepare(moveSql);
    this.#link = db.prepare(linkSql);
    this.#tile = db.prepare(tileSql);
  }

  async run(): Promise<void> {
    await this.#eachChange((row) => this.#findErasures(row));
    const blank = this.#db.prepare(blankSql);
    for (const position of this.#erasures.keys()) blank.run(position);
    const sizes = await this.#inspection.directorySizes();
    this.#db.exec(clearSql);
    await this.#eachChange((row) => this.#derive(row));
    for (const tile of this.#tiles.partial()) this.#saveTile(tile);
    for (const kind of ["organisation", "user"]) this.#settleSize(kind, sizes.find((size) => size.kind === kind)?.ever);
  }

  async #eachChange(take: (row: ChangeRow) => void): Promise<void> {
    for await (const page of this.#inspection.changes()) for (const row of page) take(row);
  }

  #findErasures(row: ChangeRow): void {
    if (row.kind !== "erasure") return;
    const { positions } = (saidIn(row) as Said).document as Erasure;
    for (const position of positions) this.#erasures.set(position, row.position);
  }

  #derive(row: ChangeRow): void {
    const said = isErased(row) ? undefined : (saidIn(row) as Said);
    const line = said === undefined ? this.#erasedLine(row) : this.#liveLine(said, row.position);
    const previous = line.newest ?? null;
    if (row.stream !== line.number || row.previous !== previous) this.#link.run(line.number, previous, row.position);
    if (previous !== null) this.#move.run(row.position, line.number);
    line.newest = row.position;
    for (const tile of this.#tiles.add(hashLeaf(printEntry(entryOf(row))))) this.#saveTile(tile);
    if (said === undefined) return;
    for (const normal of heldAddresses(said.kind, said.document)) this.#addresses.add(normal, line.number);
    if (said.kind === "directory" && entryNameOf(said.stream) !== undefined)
      this.#directory.save(said, line.number, false);
  }

  #liveLine({ stream }: Said, position: number): Line {
    const digest = this.#digest(stream);
    return (this.#line.get(digest) as unknown as Line | undefined) ?? this.#newLine(digest, position);
  }

  #erasedLine({ position, kind }: ChangeRow): Line {
    const name = `${this.#erasures.get(position)}/${kind}`;
    const line = this.#erasedLines.get(name) ?? this.#newLine(null, position);
    this.#erasedLines.set(name, line);
    return line;
  }

  /** Numbers count the streams in the order in which they first came. */
  #newLine(digest: Uint8Array | null, position: number): Line {
    this.#lines += 1;
    this.#addLine.run(this.#lines, digest, position);
    return { number: this.#lines, newest: undefined };
  }

  #saveTile({ level, index, hashes }: Tile): void {
    this.#tile.run(level, index, hashes);
  }

  /** How many entries there ever were is kept where it can be right, and otherwise never too small: ids are not given out twice. */
  #settleSize(kind: string, known = 0): void {
    const { entries, largest } = this.#db.prepare(entriesSql).get(kind) as { entries: number; largest: number };
    const erased = [...this.#erasedLines.keys()].filter((name) => name.endsWith("/directory")).length;
    const least = entries + erased;
    const most = this.#erasedLines.size > 0 ? limits.largestId : entries + largest;
    const ever = known >= least && known <= most ? known : Math.max(least, largest);
    this.#db.prepare(sizeSql).run(entries, ever, kind);
  }
}
