import type { LogLines } from "./config/logger.ts";
import type { Settings } from "./config/settings.ts";
import { limits } from "./domain/limits.ts";
import { makeLinks } from "./http/links.ts";
import type { Metrics } from "./http/metrics.ts";
import { KeptIndex } from "./index/kept-index.ts";
import { noIndex } from "./index/no-index.ts";
import type { CatalogueInForce } from "./service/catalogue.ts";
import { ClientRegistry } from "./service/clients.ts";
import type { DecisionIndex } from "./service/decision-index.ts";
import { Log, type LogOptions } from "./service/log.ts";
import type { TileRecords } from "./service/log-store.ts";
import { ensureMarkKey } from "./service/mark.ts";
import { Presence } from "./service/presence.ts";
import { type PastRecords, StoreUnavailable } from "./service/store.ts";
import { openReplica, type Storage } from "./storage/open-store.ts";

// How each part of the service is opened, and by whom it is watched. compose.ts has the order.

/** A log that was moved stays moved: that, and where to, is said once and not for each request. */
export function failureTeller(metrics: Metrics, logger: LogLines["logger"]): (kind: string, because?: string) => void {
  let wasMoved = false;
  return (kind, because) => {
    metrics.storeError(kind);
    if (kind === "moved" && wasMoved) return;
    wasMoved ||= kind === "moved";
    logger.error({ kind, because }, "the storage failed");
  };
}

interface ProofParts extends Pick<LogOptions, "keyFiles" | "store" | "tiles"> {
  readonly settings: Settings;
  readonly logger: LogLines["logger"];
  readonly metrics: Metrics;
}

/** The log that proves the changes; its origin is the address under which others reach it. */
export async function openProof({ settings, logger, metrics, ...stored }: ProofParts): Promise<Log> {
  const { baseUrl, context } = settings;
  const base = baseUrl === undefined ? {} : { base: makeLinks(baseUrl, context).root.replace(/^\w+:\/\//, "") };
  const onError = (err: unknown) => logger.error({ err }, "the log could not be signed yet; it will be tried again");
  const onStopped = (because: string) => logger.error(`the log is not signed: ${because}`);
  const log = await Log.open({ ...stored, ...base, onError, onStopped });
  metrics.watchLog(() => log.figures);
  return log;
}

/**
 * Sees to it that the log has its key of marks before anything is asked of it. A log that takes no writes now, as when it
 * was moved away, has no key only if it has no suppressions either: it is served, and gets one later.
 */
export async function ensureMarking(store: Storage, logger: LogLines["logger"]): Promise<void> {
  try {
    await ensureMarkKey(store);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    logger.warn({ because: error.message }, "the key of marks could not be recorded; the first suppression records it");
  }
}

export function openClients(store: Storage, logger: LogLines["logger"]): Promise<ClientRegistry> {
  const onError = (err: unknown) => logger.error({ err }, "the clients could not be looked at; it will be tried again");
  return ClientRegistry.open(store, { onError });
}

/** Where what was is read: on the replica, where there is one. */
export function openPast(
  store: Storage,
  { opened, settings, logger, metrics }: Beginning & { readonly settings: Settings },
): PastRecords & TileRecords {
  const { databaseRead: url } = settings;
  const replica =
    url === undefined
      ? undefined
      : openReplica(url, store, {
          onRead: (by) => metrics.replicaRead(by),
          onGivenUp: (because) => {
            metrics.storeError("replica");
            logger.warn({ kind: "replica", because }, "the replica is not read for now; the primary answers");
          },
        });
  if (replica === undefined) return store;
  opened.defer(() => replica.close());
  metrics.watchReplica(() => replica.behind());
  return replica;
}

interface IndexParts extends Beginning {
  readonly settings: Settings;
  readonly store: Storage;
  readonly catalogue: CatalogueInForce;
}

/** What batches and audiences are answered from. It is built while requests are served already. */
export function openIndex({ opened, settings, store, catalogue, logger, metrics }: IndexParts): {
  readonly index: DecisionIndex;
  readonly isIndexReady: () => boolean;
} {
  if (settings.index === "off") return { index: noIndex, isIndexReady: () => true };
  const index = new KeptIndex({
    store,
    codes: store,
    catalogue,
    onProgress({ subjects, seconds, isBuilt }) {
      if (subjects > 0) logger.info({ subjects, seconds }, isBuilt ? "the index is built" : "the index is being built");
    },
    onError: (err) => logger.error({ err }, "the index is not current; it will be tried again"),
    onTrouble: (err) =>
      logger.warn({ err }, "what the index is built of could not be read or kept; building takes longer"),
  });
  opened.defer(() => index.close());
  metrics.watchIndex(() => index.figures);
  return { index, isIndexReady: () => index.isReady };
}

interface Beginning {
  readonly opened: AsyncDisposableStack;
  readonly logger: LogLines["logger"];
  readonly metrics: Metrics;
}

/** What a storage of several nodes needs besides, and what operations should know of it. */
export async function beginOn(store: Storage, { opened, logger, metrics }: Beginning): Promise<void> {
  for (const warning of store.warnings ?? []) logger.warn(warning);
  const connections = store.connections?.bind(store);
  if (connections !== undefined) metrics.watchConnections(connections);
  if (store.nodes === undefined) return;
  const presence = await Presence.begin(store.nodes);
  opened.defer(() => presence.end());
}

/** Times never go back: behind the log, a clock that was set right again counts for nothing until it has caught up. */
export async function warnOfClock(store: Storage, logger: LogLines["logger"]): Promise<void> {
  const ahead = (await store.size()) - (await store.countUntil(Date.now() + limits.clockBehindMs));
  if (ahead > 0)
    logger.warn({ changes: ahead }, "changes of the log are later than the clock, and new ones are no earlier");
}
