import { pino } from "pino";
import { parseCatalogueFile } from "../../src/config/catalogue-file.ts";
import type { Catalogue } from "../../src/domain/catalogue.ts";
import { catalogueRoutes } from "../../src/http/catalogue-routes.ts";
import { clientRoutes } from "../../src/http/client-routes.ts";
import { makeLinks } from "../../src/http/links.ts";
import { makeMetrics } from "../../src/http/metrics.ts";
import { tokenRoute } from "../../src/http/oauth-route.ts";
import { rateLimit } from "../../src/http/rate-limit.ts";
import { makeServer } from "../../src/http/server.ts";
import { loadCatalogue } from "../../src/service/catalogue.ts";
import { ClientRegistry } from "../../src/service/clients.ts";
import { ensureAdmin } from "../../src/service/ensure-admin.ts";
import { openSqliteStore } from "../../src/storage/sqlite/sqlite-store.ts";

export const adminToken = "the-token-of-the-operator-of-this-test";

export const smallCatalogue = `
version: 1
channels: [Text, Email]
types: [{ name: BPHONE, channels: [Text], kind: phone }]
categories: [Service Notification]
frequencies: [Daily, Never]
nodes: [{ name: Countries, labels: [Algeria, Belgium] }]
modules: [News]
`;

export function catalogueOf(yaml: string): Catalogue {
  const reading = parseCatalogueFile(yaml, "catalogue.yaml");
  if ("errors" in reading) throw new Error(reading.errors.join("\n"));
  return reading.catalogue;
}

/** The part of the service that manages clients, tokens and the catalogue, on a store in memory or in a file. */
export async function openOwnApi(file = ":memory:", perSecond = 0) {
  const store = await openSqliteStore({ file });
  const catalogue = await loadCatalogue(store, () => catalogueOf(smallCatalogue));
  const clients = await ClientRegistry.open(store);
  await ensureAdmin(clients, { adminToken }, Date.now());
  const links = makeLinks("http://saywhen.test", "");
  const server = makeServer({
    routes: [...clientRoutes(clients), ...catalogueRoutes(store, catalogue), tokenRoute(clients)],
    gate: { clients, rateLimit: rateLimit(perSecond), now: Date.now },
    links,
    context: "",
    logger: pino({ level: "silent" }),
    metrics: makeMetrics(),
  });
  const close = async (): Promise<void> => {
    await server.close();
    clients.close();
    await store.close();
  };
  return {
    store,
    clients,
    catalogue,
    server,
    close,
    [Symbol.asyncDispose]: close,
  };
}
