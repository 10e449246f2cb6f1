import { limits } from "../../src/domain/limits.ts";

/** One figure that the model reckons with. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  /** What measures it, or what it follows from. */
  readonly from: string;
}

const onPostgres = "npm run bench http -- --database postgres";
const rows = "npm run bench store";

/**
 * Every figure of the model, once. Those "estimated" have yet to be measured by the command that stands there; all
 * others are from bench/README.md, from docs/scale.md, or from the table of limits.
 */
export const figures = {
  putMicroseconds: { value: 260, unit: "µs of a node's core, a PUT", from: onPostgres },
  getMicroseconds: { value: 100, unit: "µs of a node's core, a GET", from: onPostgres },
  questionMicroseconds: { value: 100, unit: "µs of a node's core, a question", from: "as a GET, which it is" },
  nodeMegabytes: { value: 400, unit: "MB of memory, a node under load", from: `estimated; ${onPostgres}` },
  sqlitePutMicroseconds: { value: 245, unit: "µs of a core, a PUT on SQLite", from: "npm run bench http" },
  sqliteGetMicroseconds: { value: 159, unit: "µs of a core, a GET on SQLite", from: "npm run bench http" },

  databasePutMicroseconds: { value: 135, unit: "µs of PostgreSQL's cores, a change", from: onPostgres },
  databaseGetMicroseconds: { value: 25, unit: "µs of PostgreSQL's cores, a read", from: onPostgres },
  lockedMicroseconds: {
    value: 65,
    unit: "µs for which a change holds the log's head, in groups of 256",
    from: "npm run bench store",
  },
  commitMilliseconds: {
    value: 1,
    unit: "ms for which a commit holds the log's head",
    from: "estimated; pg_test_fsync",
  },
  groupWrites: { value: limits.groupWrites / 2, unit: "writes of a full group", from: "half of limits.groupWrites" },
  connectionsANode: { value: limits.databaseConnections, unit: "connections", from: "limits.databaseConnections" },

  changeBytes: { value: 880, unit: "bytes, a change with its index", from: rows },
  streamBytes: { value: 180, unit: "bytes, a stream with its indexes", from: rows },
  addressBytes: { value: 150, unit: "bytes, an address with its indexes", from: rows },
  tileBytes: { value: 51, unit: "bytes of tiles, a change", from: rows },
  hotShare: {
    value: 1,
    unit: "of streams and addresses with their indexes, in memory",
    from: "they are read at random",
  },
  walBytes: {
    value: 10_000,
    unit: "bytes of write-ahead log, a change",
    from: "estimated: 1,500 measured, and after each checkpoint a head's whole page",
  },
  sqliteChangeBytes: { value: 858, unit: "bytes, a change on SQLite", from: "npm run bench log" },

  busyShare: {
    value: 0.6,
    unit: "of a core that is planned with, at the peak",
    from: "room for what was not foreseen",
  },
  spareNodes: { value: 1, unit: "nodes that may be gone at the peak", from: "one is being upgraded, or has died" },
  walDays: { value: 7, unit: "days of archived write-ahead log", from: "a base backup a week" },
  baseBackups: { value: 2, unit: "base backups that are kept", from: "the last, and the one before" },
  freeShare: { value: 0.3, unit: "of the disk that is kept free", from: "vacuum, and a disk that is never full" },
} as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof figures;

/** The values alone, as the model takes them. */
export type FigureValues = Readonly<Record<FigureName, number>>;

export function valuesOf(table: Readonly<Record<FigureName, Figure>> = figures): FigureValues {
  return Object.fromEntries(Object.entries(table).map(([name, { value }]) => [name, value])) as Record<
    FigureName,
    number
  >;
}
