import { type FigureValues, valuesOf } from "./scale-figures.ts";

// How large an installation has to be: arithmetic on measured figures, nothing that is not in docs/scale.md.

/** What is expected of an installation. */
export interface Load {
  readonly subjects: number;
  readonly changesADay: number;
  readonly questionsADay: number;
  readonly readsADay: number;
  /** The busiest second by the average one. */
  readonly peakFactor: number;
  /** Years for which changes have been kept, the first of each subject included. */
  readonly years: number;
  /** Addresses of one subject. */
  readonly addresses: number;
  /** Milliseconds to a synchronous standby and back; 0 where there is none. */
  readonly standbyMs: number;
}

/** What it takes. Bytes are bytes, shares are of 1. */
export interface Plan {
  /** Requests in the busiest second. */
  readonly peak: { readonly changes: number; readonly reads: number };
  /** Whether one process on SQLite carries it, where one machine may be a single point of failure. */
  readonly fitsSqlite: boolean;
  readonly nodes: number;
  readonly nodeBytes: number;
  readonly connections: number;
  /** Cores that PostgreSQL needs on the primary. */
  readonly databaseCores: number;
  readonly databaseMemoryBytes: number;
  readonly disk: Disk;
  /** Of the changes a second that the log's head lets through, how many the busiest second brings. */
  readonly headShare: number;
  /** Changes a day at which the log's head is the limit, with this load's peak. */
  readonly changesADayAtLimit: number;
}

/** Where the bytes are. */
interface Disk {
  readonly changes: number;
  readonly streams: number;
  readonly addresses: number;
  readonly tiles: number;
  /** What the primary's volume should have: all of the above, and room. */
  readonly primary: number;
  /** Elsewhere: base backups and archived write-ahead log. */
  readonly backup: number;
}

const secondsADay = 86_400;
const daysAYear = 365;
const gigabyte = 1e9;

/** Memory that PostgreSQL has whatever it holds: buffers for what is hot, connections, the system. */
const databaseFloorBytes = 2 * gigabyte;

/** Up to here a SQLite file is copied, verified and restored in a few hours. */
const sqliteMostBytes = 100 * gigabyte;

export function planFor(load: Load, figures: FigureValues = valuesOf()): Plan {
  const changes = (load.changesADay / secondsADay) * load.peakFactor;
  const questions = (load.questionsADay / secondsADay) * load.peakFactor;
  const reads = (load.readsADay / secondsADay) * load.peakFactor;
  const nodeCores =
    (changes * figures.putMicroseconds + questions * figures.questionMicroseconds + reads * figures.getMicroseconds) /
    1e6;
  const nodes = Math.max(1, Math.ceil(nodeCores / figures.busyShare)) + figures.spareNodes;
  const databaseCores =
    (changes * figures.databasePutMicroseconds + (questions + reads) * figures.databaseGetMicroseconds) /
    1e6 /
    figures.busyShare;
  const disk = diskFor(load, figures);
  const most = headLimit(load.standbyMs, figures);
  return {
    peak: { changes, reads: questions + reads },
    fitsSqlite: sqliteCarries(load, { changes, reads: questions + reads }, figures),
    nodes,
    nodeBytes: figures.nodeMegabytes * 1e6,
    connections: nodes * figures.connectionsANode,
    databaseCores: Math.max(2, Math.ceil(databaseCores)),
    databaseMemoryBytes: databaseFloorBytes + figures.hotShare * (disk.streams + disk.addresses),
    disk,
    headShare: changes / most,
    changesADayAtLimit: (most * secondsADay) / load.peakFactor,
  };
}

/**
 * The changes a second that the log's head lets through, whatever the number of nodes: groups pass one after the other,
 * each with its statement, its commit and, where there is one, its way to the synchronous standby.
 */
export function headLimit(standbyMs: number, figures: FigureValues = valuesOf()): number {
  const { groupWrites, lockedMicroseconds, commitMilliseconds } = figures;
  const milliseconds = (groupWrites * lockedMicroseconds) / 1000 + commitMilliseconds + standbyMs;
  return (1000 * groupWrites) / milliseconds;
}

/** How many changes the log has at the end: one with which each subject began, and what came since. */
export function changesKept({ subjects, changesADay, years }: Load): number {
  return subjects + changesADay * daysAYear * years;
}

function diskFor(load: Load, figures: FigureValues): Disk {
  const kept = changesKept(load);
  const changes = kept * figures.changeBytes;
  const streams = load.subjects * figures.streamBytes;
  const addresses = load.subjects * load.addresses * figures.addressBytes;
  const tiles = kept * figures.tileBytes;
  const all = changes + streams + addresses + tiles;
  const walADay = load.changesADay * figures.walBytes;
  return {
    changes,
    streams,
    addresses,
    tiles,
    primary: (all + walADay) / (1 - figures.freeShare),
    backup: all * figures.baseBackups + walADay * figures.walDays,
  };
}

/** One process, one core of it busy; heads and addresses weigh about as much as they do on PostgreSQL. */
function sqliteCarries(load: Load, peak: Plan["peak"], figures: FigureValues): boolean {
  const cores = (peak.changes * figures.sqlitePutMicroseconds + peak.reads * figures.sqliteGetMicroseconds) / 1e6;
  const bytes = changesKept(load) * figures.sqliteChangeBytes + load.subjects * figures.streamBytes;
  return cores <= figures.busyShare && bytes <= sqliteMostBytes;
}
