import { tileHashes } from "../../audit/tiles.ts";
import type { Entry } from "../../audit/verify-receipt.ts";
import { type ChangeRow, entryOf } from "../../service/change-row.ts";
import type { Lineage, LogIdentity, SignedCheckpoint, Tile } from "../../service/log-store.ts";
import { type LastChange, StoreUnavailable } from "../../service/store.ts";
import { type IdentityRow, identityOf } from "../identity-row.ts";
import type { Statements } from "./database.ts";
import { staysSql } from "./move-marks.ts";

const entriesSql =
  "SELECT at, kind, commitment FROM saywhen.change WHERE position >= $1 AND position < $2 ORDER BY position";
const lastSql = "SELECT position, commitment FROM saywhen.change ORDER BY position DESC LIMIT 1";
const holdsSql = "SELECT commitment, pg_is_in_recovery() AS follows FROM saywhen.change WHERE position = $1";
const tileSql = "SELECT hashes FROM saywhen.tile WHERE level = $1 AND number = $2";
const lastTileSql = "SELECT max(number) AS number FROM saywhen.tile WHERE level = 0";
// Two nodes derive the same tiles: the slower one must not cut off a row that has grown since.
const saveTilesSql =
  "INSERT INTO saywhen.tile (level, number, hashes) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS tile " +
  "ORDER BY 1, 2 ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes " +
  "WHERE length(excluded.hashes) >= length(tile.hashes)";
const identitiesSql = "SELECT origin, public_key, since, checkpoint_size, checkpoint FROM saywhen.log ORDER BY number";
const addIdentitySql =
  "WITH added AS (INSERT INTO saywhen.log (number, origin, public_key, since, checkpoint_size, checkpoint) " +
  "SELECT count(*) + 1, $1, $2, $3, $4, $5 FROM saywhen.log HAVING count(*) = $6 ON CONFLICT (number) DO NOTHING RETURNING number), " +
  `stays AS (${staysSql} AND EXISTS (SELECT FROM added)) ` +
  "SELECT number FROM added";
const saveCheckpointSql =
  "UPDATE saywhen.log SET checkpoint_size = $1, checkpoint = $2 " +
  "WHERE number = (SELECT max(number) FROM saywhen.log) AND origin = $3 AND coalesce(checkpoint_size, 0) <= $1";

const lineageSql =
  "SELECT saywhen.lineage() AS present, (SELECT lineage FROM saywhen.log ORDER BY number DESC LIMIT 1) AS recorded";
const saveLineageSql =
  "UPDATE saywhen.log SET lineage = $1 WHERE number = (SELECT max(number) FROM saywhen.log) AND origin = $2";

interface LineageRow {
  readonly present: string | null;
  readonly recorded: string | null;
}

/** The entries of the log, which are columns of its changes, and what is derived from them. */
export class LogTables {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  async entries(from: number, to: number): Promise<Entry[]> {
    const rows = await this.#statements.rows<Pick<ChangeRow, "at" | "commitment" | "kind">>(entriesSql, [from, to]);
    return rows.map((row) => entryOf(row));
  }

  /** The log's last change; undefined while it has none. */
  async last(): Promise<LastChange | undefined> {
    const [row] = await this.#statements.rows<LastChange>(lastSql);
    return row;
  }

  /**
   * Whether this, a standby, has a change of its primary, and with it all that were committed before; false when it has
   * not come so far.
   *
   * @throws StoreUnavailable when it follows no primary, or went another way than this one after a failover
   */
  async holds({ position, commitment }: LastChange): Promise<boolean> {
    const [row] = await this.#statements.rows<{ commitment: Buffer; follows: boolean }>(holdsSql, [position]);
    if (row === undefined) return false;
    if (!commitment.equals(row.commitment)) throw new StoreUnavailable("it holds another log than the primary");
    if (!row.follows) throw new StoreUnavailable("it is no standby");
    return true;
  }

  async tile(level: number, index: number): Promise<Buffer | undefined> {
    const [row] = await this.#statements.rows<{ hashes: Buffer }>(tileSql, [level, index]);
    return row?.hashes;
  }

  /** How many entries the tiles of level 0 cover. */
  async tiled(): Promise<number> {
    const [row] = await this.#statements.rows<{ number: number | null }>(lastTileSql);
    return typeof row?.number === "number" ? (row.number + 1) * tileHashes : 0;
  }

  async saveTiles(tiles: readonly Tile[]): Promise<void> {
    const columns = [
      tiles.map(({ level }) => level),
      tiles.map(({ index }) => index),
      tiles.map(({ hashes }) => hashes),
    ];
    await this.#statements.rows(saveTilesSql, columns);
  }

  async identities(): Promise<LogIdentity[]> {
    return (await this.#statements.rows<IdentityRow>(identitiesSql)).map(identityOf);
  }

  /**
   * Adds an identity; a log that was moved away goes on here from then on.
   *
   * @returns whether it was added: another node may have been first
   */
  async addIdentity({ origin, publicKey, since, checkpoint }: LogIdentity, after: number): Promise<boolean> {
    const values = [origin, publicKey, since, checkpoint?.size ?? null, checkpoint?.note ?? null, after];
    return (await this.#statements.rows(addIdentitySql, values)).length > 0;
  }

  async saveCheckpoint({ size, note }: SignedCheckpoint, origin: string): Promise<void> {
    await this.#statements.rows(saveCheckpointSql, [size, note, origin]);
  }

  /** Undefined on a standby. */
  async lineage(): Promise<Lineage | undefined> {
    const [row] = await this.#statements.rows<LineageRow>(lineageSql);
    if (typeof row?.present !== "string") return undefined;
    return { present: row.present, recorded: row.recorded ?? undefined };
  }

  async saveLineage(present: string, origin: string): Promise<void> {
    await this.#statements.rows(saveLineageSql, [present, origin]);
  }
}
