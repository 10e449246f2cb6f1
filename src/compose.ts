import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import {
  beginOn,
  ensureMarking,
  failureTeller,
  openClients,
  openIndex,
  openPast,
  openProof,
  warnOfClock,
} from "./compose-parts.ts";
import { readCatalogueFile } from "./config/catalogue-file.ts";
import { type LogLines, openLogLines } from "./config/logger.ts";
import type { Settings } from "./config/settings.ts";
import { limits } from "./domain/limits.ts";
import { audienceRoutes } from "./http/audience-routes.ts";
import { catalogueRoutes } from "./http/catalogue-routes.ts";
import { changeRoutes } from "./http/change-routes.ts";
import { clientRoutes } from "./http/client-routes.ts";
import { customerRoutes } from "./http/customer-routes.ts";
import { decisionRoutes } from "./http/decision-routes.ts";
import { directoryRoutes } from "./http/directory-routes.ts";
import { erasureRoutes } from "./http/erasure-routes.ts";
import { healthRoutes } from "./http/health-routes.ts";
import { type Links, makeLinks } from "./http/links.ts";
import { logRoutes } from "./http/log-routes.ts";
import { makeMetrics, type Metrics, metricsRoute } from "./http/metrics.ts";
import { tokenRoute } from "./http/oauth-route.ts";
import { openApiRoute } from "./http/openapi.ts";
import { organisationRoutes } from "./http/organisation-routes.ts";
import { rateLimit } from "./http/rate-limit.ts";
import type { Route } from "./http/route.ts";
import { makeServer } from "./http/server.ts";
import { subjectRoutes } from "./http/subject-routes.ts";
import { suppressionRoutes } from "./http/suppression-routes.ts";
import { type CatalogueInForce, loadCatalogue } from "./service/catalogue.ts";
import type { ClientRegistry } from "./service/clients.ts";
import { continuationOf, type LogContinuation } from "./service/condition.ts";
import type { DecisionIndex } from "./service/decision-index.ts";
import { ensureAdmin } from "./service/ensure-admin.ts";
import { noteErasure } from "./service/erasure-book.ts";
import type { Log } from "./service/log.ts";
import type { PastRecords } from "./service/store.ts";
import { failureKinds } from "./storage/failure-kinds.ts";
import { openKeyFiles } from "./storage/key-files.ts";
import { openStore, type Storage, type StorageOptions } from "./storage/open-store.ts";
import { docsPage } from "./web/docs-page.ts";
import { problemPages } from "./web/problem-pages.ts";

/** The whole service, put together and not yet listening. */
export interface Service {
  readonly server: FastifyInstance;
  /** The token of the admin client, where this start made it: to be shown once. */
  readonly firstToken: string | undefined;
  /** Why the log is not signed: a sentence for the operator. Undefined when all is well. */
  readonly logStopped: string | undefined;
  /** Every route that is served, for documents about them. */
  readonly routes: readonly Route[];
  /** @returns the address it can be reached at from this machine */
  listen(): Promise<{ readonly url: string }>;
  /** Finishes what was accepted, then lets go of the database. */
  close(): Promise<void>;
}

/**
 * Puts the service together: plain calls, in order of dependency.
 *
 * @param tuning what is no setting, as it has one good value: for measurements
 * @throws StoreInUse, SchemaMismatch, KeyUnusable, LogLost, CatalogueFileInvalid, AdminTokenUnusable: each with a message
 *   for the operator
 */
export async function compose(
  settings: Settings,
  lines: LogLines = openLogLines(settings.logLevel),
  tuning: Pick<StorageOptions, "groupWrites" | "groupsUnderWay"> = {},
): Promise<Service> {
  const { logger } = lines;
  const metrics = makeMetrics(failureKinds);
  const keyFiles = openKeyFiles(settings.key);
  await using opened = new AsyncDisposableStack();
  let log: Log | undefined;
  const store = await openStore(settings.database, {
    ...tuning,
    onErasure: (erased) => noteErasure(keyFiles, erased),
    onGroup: (group) => {
      metrics.group(group);
      log?.follow();
    },
    onError: failureTeller(metrics, logger),
  });
  opened.defer(() => store.close());
  await beginOn(store, { opened, logger, metrics });
  const past = openPast(store, { opened, settings, logger, metrics });
  const proof = (log = await openProof({ store, tiles: past, keyFiles, settings, logger, metrics }));
  opened.defer(() => proof.close());
  const catalogue = await loadCatalogue(store, () => readCatalogueFile(settings.catalogue));
  await ensureMarking(store, logger);
  const { index, isIndexReady } = openIndex({ opened, settings, store, catalogue, logger, metrics });
  const clients = await openClients(store, logger);
  opened.defer(() => clients.close());
  const { adminToken } = settings;
  await warnOfClock(store, logger);
  const firstToken = await ensureAdmin(clients, adminToken === undefined ? {} : { adminToken }, Date.now());

  // Links are only written into answers, so the port that listening brings is known by then.
  const links: { -readonly [Part in keyof Links]: Links[Part] } = makeLinks(settings.baseUrl ?? "", settings.context);
  let isStopping = false;
  const continuation = continuationOf(proof);
  const served = { settings, store, past, catalogue, index, continuation, clients, log: proof, links, metrics };
  const routes = routesOf({ ...served, isStopping: () => isStopping, isIndexReady });
  const gate = { clients, rateLimit: rateLimit(settings.rateLimit), now: Date.now };
  const server = makeServer({ routes, gate, links, context: settings.context, logger, metrics });
  const resources = opened.move();

  return {
    server,
    firstToken,
    logStopped: proof.stoppedBecause,
    routes,
    async listen() {
      await server.listen({ host: settings.host, port: settings.port });
      const url = urlOf(server.server.address() as AddressInfo);
      if (settings.baseUrl === undefined) links.root = makeLinks(url, settings.context).root;
      return { url };
    },
    async close() {
      isStopping = true;
      const overdue = setTimeout(() => server.server.closeAllConnections(), limits.stopMs);
      await server.close();
      clearTimeout(overdue);
      await resources.disposeAsync();
      await lines.flush();
    },
  };
}

interface RouteParts {
  readonly settings: Settings;
  readonly store: Storage;
  readonly past: PastRecords;
  readonly catalogue: CatalogueInForce;
  readonly index: DecisionIndex;
  readonly continuation: () => LogContinuation;
  readonly clients: ClientRegistry;
  readonly log: Log;
  readonly links: Links;
  readonly metrics: Metrics;
  readonly isStopping: () => boolean;
  readonly isIndexReady: () => boolean;
}

/** Every route that is served. */
function routesOf(parts: RouteParts): Route[] {
  const { settings, store, past, catalogue, index, continuation, clients, log, links, metrics } = parts;
  const { isStopping, isIndexReady } = parts;
  const recording = {
    store,
    catalogue,
    get continuation() {
      return continuation();
    },
    put: settings.customerPut,
    subjects: settings.subjects,
  };
  const routes: Route[] = [
    ...customerRoutes(recording),
    ...organisationRoutes(recording, links),
    ...directoryRoutes(recording, links),
    ...subjectRoutes({ records: store, past, subjects: settings.subjects }),
    ...erasureRoutes(store, past),
    ...audienceRoutes({ records: store, past, catalogue, index, now: Date.now }),
    ...decisionRoutes({ records: store, past, catalogue, index, now: Date.now }, links),
    ...suppressionRoutes({ store, catalogue }, links),
    ...changeRoutes(store),
    ...logRoutes(log),
    ...catalogueRoutes(store, catalogue),
    ...clientRoutes(clients),
    tokenRoute(clients),
    ...healthRoutes(store, { isStopping, isIndexReady }),
    metricsRoute(metrics),
    ...problemPages(),
  ];
  routes.push(openApiRoute(routes, links), docsPage(routes));
  return routes;
}

/** An address that listens everywhere is reached from this machine through its loopback. */
function urlOf({ address, family, port }: AddressInfo): string {
  const reachable = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
  return `http://${family === "IPv6" ? `[${reachable}]` : reachable}:${port}`;
}
