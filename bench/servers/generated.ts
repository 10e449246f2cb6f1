import { parseArgs } from "node:util";
import { openLogLines } from "../../src/config/logger.ts";
import { audienceRoutes } from "../../src/http/audience-routes.ts";
import { decisionRoutes } from "../../src/http/decision-routes.ts";
import { healthRoutes } from "../../src/http/health-routes.ts";
import { makeLinks } from "../../src/http/links.ts";
import { makeMetrics } from "../../src/http/metrics.ts";
import { makeServer } from "../../src/http/server.ts";
import { KeptIndex } from "../../src/index/kept-index.ts";
import { loadCatalogue } from "../../src/service/catalogue.ts";
import { ClientRegistry } from "../../src/service/clients.ts";
import { ensureAdmin } from "../../src/service/ensure-admin.ts";
import { ensureMarkKey } from "../../src/service/mark.ts";
import { failureKinds } from "../../src/storage/failure-kinds.ts";
import { openSqliteStore } from "../../src/storage/sqlite/sqlite-store.ts";
import { catalogue as model } from "../lib/customers.ts";
import { generated } from "../lib/generated.ts";

/**
 * The service with customers that are in its index only: everything but their storage is real. It follows its store, asks
 * it who may come in, and answers batches and audiences as ever.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    file: { type: "string", default: "" },
    token: { type: "string", default: "" },
    customers: { type: "string", default: "0" },
  },
});

const { logger } = openLogLines("info");
const onError = (err: unknown) => logger.error({ err });
const store = await openSqliteStore({ file: values.file });
const catalogue = await loadCatalogue(store, () => model);
await ensureMarkKey(store);
const clients = await ClientRegistry.open(store, { onError });
await ensureAdmin(clients, { adminToken: values.token }, Date.now());

const index = new KeptIndex({
  store: generated(store, Number(values.customers)),
  catalogue,
  onProgress: (progress) => logger.info(progress),
  onError,
});
const metrics = makeMetrics(failureKinds);
metrics.watchIndex(() => index.figures);
const links = makeLinks(`http://127.0.0.1:${values.port}`, "");
const deps = { records: store, past: store, catalogue, index, now: Date.now };
const routes = [
  ...decisionRoutes(deps, links),
  ...audienceRoutes(deps),
  ...healthRoutes(store, { isStopping: () => false, isIndexReady: () => index.isReady }),
];
const gate = { clients, rateLimit: undefined, now: Date.now };
await makeServer({ routes, gate, links, context: "", logger, metrics }).listen({ port: Number(values.port) });
