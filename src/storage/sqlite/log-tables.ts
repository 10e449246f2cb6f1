import type { DatabaseSync, StatementSync } from "node:sqlite";
import { tileHashes } from "../../audit/tiles.ts";
import type { Entry } from "../../audit/verify-receipt.ts";
import { type ChangeRow, entryOf } from "../../service/change-row.ts";
import type { LogIdentity, SignedCheckpoint, Tile } from "../../service/log-store.ts";
import { RecordDamaged } from "../../service/store.ts";
import { type IdentityRow, identityOf } from "../identity-row.ts";
import { inLazyTransaction, inTransaction } from "./transaction.ts";

const entriesSql =
  "SELECT CAST(position AS REAL) AS position, CAST(at AS REAL) AS at, CAST(kind AS TEXT) AS kind, " +
  "coalesce(CAST(commitment AS BLOB), x'') AS commitment FROM change WHERE position >= ? AND position < ? " +
  "ORDER BY change.position";
const tileSql = "SELECT CAST(hashes AS BLOB) AS hashes FROM tile WHERE level = ? AND number = ?";
const lastTileSql = "SELECT max(number) AS number FROM tile WHERE level = 0";
const saveTileSql =
  "INSERT INTO tile (level, number, hashes) VALUES (?, ?, ?) ON CONFLICT (level, number) " +
  "DO UPDATE SET hashes = excluded.hashes WHERE length(hashes) <= length(excluded.hashes)";
const identitiesSql =
  "SELECT CAST(origin AS TEXT) AS origin, coalesce(CAST(public_key AS BLOB), x'') AS public_key, CAST(since AS REAL) AS since, " +
  "CAST(checkpoint_size AS REAL) AS checkpoint_size, CAST(checkpoint AS TEXT) AS checkpoint FROM log ORDER BY number";
const addIdentitySql =
  "INSERT INTO log (origin, public_key, since, checkpoint_size, checkpoint) " +
  "SELECT ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM log) = ?";
const saveCheckpointSql =
  "UPDATE log SET checkpoint_size = ?1, checkpoint = ?2 WHERE number = (SELECT max(number) FROM log) " +
  "AND origin = ?3 AND (checkpoint_size IS NULL OR checkpoint_size <= ?1)";

type EntryRow = Pick<ChangeRow, "at" | "commitment" | "kind" | "position">;

/** The entries of the log, which are columns of its changes, and what is derived from them. */
export class LogTables {
  readonly #db: DatabaseSync;
  readonly #entries: StatementSync;
  readonly #tile: StatementSync;
  readonly #lastTile: StatementSync;
  readonly #identities: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#entries = db.prepare(entriesSql);
    this.#tile = db.prepare(tileSql);
    this.#lastTile = db.prepare(lastTileSql);
    this.#identities = db.prepare(identitiesSql);
  }

  entries(from: number, to: number): Entry[] {
    return (this.#entries.all(from, to) as unknown as EntryRow[]).map(soundEntry);
  }

  tile(level: number, index: number): Buffer | undefined {
    const hashes = this.#tile.get(level, index)?.["hashes"] as Uint8Array | undefined;
    return hashes && Buffer.from(hashes);
  }

  /** How many entries the tiles of level 0 cover. */
  tiled(): number {
    const last = this.#lastTile.get()?.["number"] as number | null;
    return last === null ? 0 : (last + 1) * tileHashes;
  }

  saveTiles(tiles: readonly Tile[]): void {
    const save = this.#db.prepare(saveTileSql);
    inLazyTransaction(this.#db, () => {
      for (const { level, index, hashes } of tiles) save.run(level, index, hashes);
    });
  }

  identities(): LogIdentity[] {
    return (this.#identities.all() as unknown as IdentityRow[]).map(identityOf);
  }

  addIdentity({ origin, publicKey, since, checkpoint }: LogIdentity, after: number): boolean {
    const add = this.#db.prepare(addIdentitySql);
    return inTransaction(this.#db, () => {
      const { changes } = add.run(origin, publicKey, since, checkpoint?.size ?? null, checkpoint?.note ?? null, after);
      // A log that was moved away and goes on here under another name is no longer the one that was moved.
      if (changes > 0) this.#db.exec("UPDATE move SET moved_to = NULL WHERE moved_to IS NOT NULL");
      return changes > 0;
    });
  }

  saveCheckpoint({ size, note }: SignedCheckpoint, origin: string): void {
    const save = this.#db.prepare(saveCheckpointSql);
    inTransaction(this.#db, () => save.run(size, note, origin));
  }
}

/** @throws RecordDamaged when its time is none */
function soundEntry(row: EntryRow): Entry {
  const entry = entryOf(row);
  if (entry.at === "") throw new RecordDamaged(row.position, "its entry's time is none");
  return entry;
}
