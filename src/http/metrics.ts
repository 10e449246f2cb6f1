import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Route } from "./route.ts";

/** What operations look at: GET /metrics in the text format of Prometheus. */
export interface Metrics {
  /** One answered request; `route` is its path as the table of routes has it. */
  request(method: string, route: string, status: number, seconds: number): void;
  /** One committed group of writes. */
  group(group: { readonly writes: number; readonly changes: number; readonly seconds: number }): void;
  /** One failure of the storage, by kind. */
  storeError(kind: string): void;
  /** One read of what may be read on a replica, and which of the two has answered it. */
  replicaRead(by: "primary" | "replica"): void;
  /** How many changes the replica is behind, asked each time that it is printed; NaN where that cannot be told. */
  watchReplica(behind: () => Promise<number>): void;
  /** Where the figures of the connections to the database come from, each time that they are printed. */
  watchConnections(connections: () => ConnectionFigures): void;
  /** Where the log's figures come from, each time that they are printed. */
  watchLog(figures: () => LogFigures): void;
  /** Where the index's figures come from, each time that they are printed. */
  watchIndex(figures: () => IndexFigures): void;
  print(): Promise<string>;
  readonly type: string;
}

/** How far the log is, and how much of it is signed, in entries. */
interface LogFigures {
  readonly isSigning: boolean;
  readonly size: number;
  readonly signedSize: number;
}

/** What the index holds, and whether it answers. */
interface IndexFigures {
  readonly isBuilt: boolean;
  readonly subjects: number;
  readonly bytes: number;
}

/** How many connections to the database there are, and how many callers wait for one. */
interface ConnectionFigures {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** The histogram's buckets are those of OpenTelemetry's http.server.request.duration. */
const requestBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/**
 * @param storeFailures the kinds of failures that the storage may have: each is printed from the start
 */
export function makeMetrics(storeFailures: readonly string[] = []): Metrics {
  const register = new Registry();
  const requests = new Histogram({
    name: "http_server_request_duration_seconds",
    help: "Time from a request's headers to the end of its answer, by method, route and status.",
    labelNames: ["method", "route", "status"],
    buckets: requestBuckets,
    registers: [register],
  });
  const groupWrites = new Histogram({
    name: "saywhen_store_group_writes",
    help: "Writes that one transaction carried.",
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    registers: [register],
  });
  const commits = new Histogram({
    name: "saywhen_store_commit_duration_seconds",
    help: "Time that one group of writes took, from its first step to the end of its fsync.",
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers: [register],
  });
  const changes = new Counter({
    name: "saywhen_changes_total",
    help: "Changes appended to the log.",
    registers: [register],
  });
  const storeErrors = new Counter({
    name: "saywhen_store_errors_total",
    help: "Failures of the storage, by kind.",
    labelNames: ["kind"],
    registers: [register],
  });
  for (const kind of storeFailures) storeErrors.inc({ kind }, 0);
  const replicaReads = new Counter({
    name: "saywhen_replica_reads_total",
    help: "Reads that a replica may answer, by who has answered them: replica, or primary.",
    labelNames: ["by"],
    registers: [register],
  });
  return {
    request: (method, route, status, seconds) => requests.observe({ method, route, status }, seconds),
    group: (group) => {
      groupWrites.observe(group.writes);
      commits.observe(group.seconds);
      changes.inc(group.changes);
    },
    storeError: (kind) => storeErrors.inc({ kind }),
    replicaRead: (by) => replicaReads.inc({ by }),
    watchReplica: (behind) => watchReplica(behind, register),
    watchConnections: (connections) => watchConnections(connections, register),
    watchLog: (figures) => watchLog(figures, register),
    watchIndex: (figures) => watchIndex(figures, register),
    print: () => register.metrics(),
    type: register.contentType,
  };
}

function watchConnections(connections: () => ConnectionFigures, registers: Registry): void {
  new Gauge({
    name: "saywhen_database_connections",
    help: "Connections to PostgreSQL by state: used, idle; and, as waiting, callers that wait for one.",
    labelNames: ["state"],
    registers: [registers],
    collect() {
      const { open, idle, waiting } = connections();
      this.set({ state: "used" }, open - idle);
      this.set({ state: "idle" }, idle);
      this.set({ state: "waiting" }, waiting);
    },
  });
}

function watchReplica(behind: () => Promise<number>, register: Registry): void {
  new Gauge({
    name: "saywhen_replica_behind_changes",
    help: "Changes that the replica lacks and the primary has; NaN where one of them cannot be asked.",
    registers: [register],
    async collect() {
      this.set(await behind().catch(() => Number.NaN));
    },
  });
}

function watchLog(figures: () => LogFigures, register: Registry): void {
  const gauge = gaugesOf(figures, register);
  gauge("saywhen_log_signing", "1 while the log is signed; 0 when it does not extend what was signed before.", (log) =>
    Number(log.isSigning),
  );
  gauge("saywhen_log_size", "Entries of the log.", (log) => log.size);
  gauge("saywhen_log_signed_size", "Entries that the last signed checkpoint covers.", (log) => log.signedSize);
}

function watchIndex(figures: () => IndexFigures, register: Registry): void {
  const gauge = gaugesOf(figures, register);
  gauge("saywhen_index_built", "1 while the index answers; 0 while it is being built.", (index) =>
    Number(index.isBuilt),
  );
  gauge("saywhen_index_subjects", "Subjects in the index.", (index) => index.subjects);
  gauge("saywhen_index_bytes", "Memory that the index takes, roughly.", (index) => index.bytes);
}

/** Makes gauges that show figures as they are when they are printed. */
function gaugesOf<Figures>(figures: () => Figures, register: Registry) {
  return (name: string, help: string, read: (figures: Figures) => number) =>
    new Gauge({
      name,
      help,
      registers: [register],
      collect() {
        this.set(read(figures()));
      },
    });
}

/** GET /metrics. */
export function metricsRoute(metrics: Metrics): Route {
  return {
    method: "GET",
    path: "/metrics",
    family: "own",
    summary: "Metrics in the text format of Prometheus",
    shapes: {},
    handle: async () => ({ status: 200, body: await metrics.print(), type: metrics.type }),
  };
}
