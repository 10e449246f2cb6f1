import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { readCatalogueFile } from "./config/catalogue-file.ts";
import { type Log, openLog } from "./config/logger.ts";
import type { Settings } from "./config/settings.ts";
import { limits } from "./domain/limits.ts";
import { catalogueRoutes } from "./http/catalogue-routes.ts";
import { clientRoutes } from "./http/client-routes.ts";
import { customerRoutes } from "./http/customer-routes.ts";
import { directoryRoutes } from "./http/directory-routes.ts";
import { healthRoutes } from "./http/health-routes.ts";
import { type Links, makeLinks } from "./http/links.ts";
import { makeMetrics, metricsRoute } from "./http/metrics.ts";
import { tokenRoute } from "./http/oauth-route.ts";
import { openApiRoute } from "./http/openapi.ts";
import { organisationRoutes } from "./http/organisation-routes.ts";
import { rateLimit } from "./http/rate-limit.ts";
import type { Route } from "./http/route.ts";
import { makeServer } from "./http/server.ts";
import { loadCatalogue } from "./service/catalogue.ts";
import { ClientRegistry } from "./service/clients.ts";
import { ensureAdmin } from "./service/ensure-admin.ts";
import { openSqliteRecords } from "./storage/open-records.ts";
import { openSqliteStore } from "./storage/sqlite-store.ts";
import { docsPage } from "./web/docs-page.ts";
import { problemPages } from "./web/problem-pages.ts";

/** The whole service, put together and not yet listening. */
export interface Service {
  readonly server: FastifyInstance;
  /** The token of the admin client, where this start made it: to be shown once. */
  readonly firstToken: string | undefined;
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
 * @throws StoreInUse, SchemaMismatch, CatalogueFileInvalid, AdminTokenUnusable: each with a message for the operator
 */
export async function compose(settings: Settings, log: Log = openLog(settings.logLevel)): Promise<Service> {
  const { logger } = log;
  const metrics = makeMetrics();
  const store = await openSqliteStore({
    file: settings.database,
    onGroup: (group) => metrics.group(group),
    onError: (kind) => {
      metrics.storeError(kind);
      logger.error({ kind }, "the storage failed");
    },
  });
  try {
    const catalogue = await loadCatalogue(store, () => readCatalogueFile(settings.catalogue));
    const clients = await ClientRegistry.open(store, Date.now());
    const { adminToken } = settings;
    const firstToken = await ensureAdmin(clients, adminToken === undefined ? {} : { adminToken }, Date.now());

    // Links are only written into answers, so the port that listening brings is known by then.
    const links: { -readonly [Part in keyof Links]: Links[Part] } = makeLinks(settings.baseUrl ?? "", settings.context);
    let isStopping = false;
    const customers = { store, catalogue, put: settings.customerPut };
    const organisations = { store, catalogue, subjects: settings.subjects };
    const routes: Route[] = [
      ...customerRoutes(customers),
      ...organisationRoutes(organisations, links),
      ...directoryRoutes(organisations, links),
      ...catalogueRoutes(store, catalogue),
      ...clientRoutes(clients),
      tokenRoute(clients),
      ...healthRoutes(store, () => isStopping),
      metricsRoute(metrics),
      ...problemPages(),
    ];
    routes.push(openApiRoute(routes, links), docsPage(routes));
    const gate = { clients, rateLimit: rateLimit(settings.rateLimit), now: Date.now };
    const server = makeServer({ routes, gate, links, context: settings.context, logger, metrics });

    return {
      server,
      firstToken,
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
        await store.close();
        await log.flush();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The database alone, for commands that are called while nothing serves. */
export async function openDatabase(settings: Settings) {
  const store = await openSqliteStore({ file: settings.database });
  try {
    const catalogue = await loadCatalogue(store, () => readCatalogueFile(settings.catalogue));
    const clients = await ClientRegistry.open(store, Date.now());
    return { store, catalogue, clients, close: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What is recorded, to be read only, as of this moment. */
export async function openRecords(settings: Settings) {
  return openSqliteRecords(settings.database);
}

/** An address that listens everywhere is reached from this machine through its loopback. */
function urlOf({ address, family, port }: AddressInfo): string {
  const reachable = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
  return `http://${family === "IPv6" ? `[${reachable}]` : reachable}:${port}`;
}
