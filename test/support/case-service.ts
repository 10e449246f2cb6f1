import assert from "node:assert/strict";
import { pino } from "pino";
import { checkCatalogue } from "../../src/domain/catalogue-check.ts";
import { catalogueRoutes } from "../../src/http/catalogue-routes.ts";
import { customerRoutes } from "../../src/http/customer-routes.ts";
import { decisionRoutes } from "../../src/http/decision-routes.ts";
import { directoryRoutes } from "../../src/http/directory-routes.ts";
import { makeLinks } from "../../src/http/links.ts";
import { makeMetrics } from "../../src/http/metrics.ts";
import { organisationRoutes } from "../../src/http/organisation-routes.ts";
import { rateLimit } from "../../src/http/rate-limit.ts";
import { makeServer } from "../../src/http/server.ts";
import { suppressionRoutes } from "../../src/http/suppression-routes.ts";
import { loadCatalogue } from "../../src/service/catalogue.ts";
import type { ClientStore } from "../../src/service/client-store.ts";
import { ClientRegistry } from "../../src/service/clients.ts";
import { ensureAdmin } from "../../src/service/ensure-admin.ts";
import type { Store } from "../../src/service/store.ts";
import {
  askedAt,
  type Case,
  type CaseEmailPreferences,
  type CaseFile,
  type CaseNodes,
  type CaseSelection,
  catalogueNow,
  chosenAt,
} from "./cases.ts";
import { inProcess } from "./exchange.ts";
import { adminToken } from "./service.ts";
import { credentials } from "./target.ts";

/** Opens an empty storage that goes by this clock. */
export type OpenStorage = (clock: () => number) => Promise<Store & ClientStore>;

/** The answer of the service to a case, once everything in it was recorded over HTTP at its time; without `change`. */
export async function answerOverHttp(open: OpenStorage, file: CaseFile, asked: Case): Promise<unknown> {
  const clock = { now: 0 };
  const store = await open(() => clock.now);
  const send = await senderOn(store, file, () => clock.now);
  try {
    for (const { at, method, target, body } of requestsOf(file, asked)) {
      clock.now = Date.parse(at);
      await send(method, target, body);
    }
    clock.now = Date.parse(asked.now ?? askedAt);
    const { change: _change, subject, ...answer } = await send("POST", "/v1/decisions", asked.question);
    assert.equal(subject, asked.question.subject);
    return answer;
  } finally {
    await store.close();
  }
}

type Send = (method: string, target: string, body: object) => Promise<Readonly<Record<string, unknown>>>;

async function senderOn(
  store: Store & ClientStore,
  { catalogue: document }: CaseFile,
  now: () => number,
): Promise<Send> {
  const catalogue = await loadCatalogue(store, () => {
    const checked = checkCatalogue(document);
    assert("catalogue" in checked, JSON.stringify(checked));
    return checked.catalogue;
  });
  const clients = await ClientRegistry.open(store);
  await ensureAdmin(clients, { adminToken }, Date.now());
  clients.close();
  const links = makeLinks("http://saywhen.test", "");
  const shared = { store, catalogue, continuation: undefined };
  const organisations = { ...shared, subjects: "open" } as const;
  const server = makeServer({
    routes: [
      ...customerRoutes({ ...shared, put: "merge" }),
      ...organisationRoutes(organisations, links),
      ...directoryRoutes(organisations, links),
      ...suppressionRoutes(shared),
      ...catalogueRoutes(store, catalogue),
      ...decisionRoutes({ records: store, past: store, catalogue, now }),
    ],
    gate: { clients, rateLimit: rateLimit(0), now: Date.now },
    links,
    context: "",
    logger: pino({ level: "silent" }),
    metrics: makeMetrics(),
  });
  const transport = inProcess(server);
  return async (method, target, body) => {
    const headers = credentials({ "Content-Type": "application/json" });
    const answer = await transport({ method, target, headers, body: JSON.stringify(body) });
    assert(answer.status < 300, `${method} ${target}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body) as Record<string, unknown>;
  };
}

interface Request {
  readonly at: string;
  readonly method: string;
  readonly target: string;
  readonly body: object;
}

/** What has to be sent before the question is asked, in the order of time. */
function requestsOf(file: CaseFile, asked: Case): readonly Request[] {
  const { users = {}, preferences = {}, suppressions = [] } = asked;
  const entries = Object.entries(users).map(([subject, { email, organisation }]): Request => {
    const belongs = organisation === undefined ? {} : { organisation: { orgid: organisation } };
    const body = { user: { id: idOf(subject), email, ...belongs } };
    return { at: chosenAt, method: "POST", target: "/api/2/users", body };
  });
  const choices = Object.entries(preferences).flatMap(([subject, chosen]) => choicesOf(subject, chosen));
  const stops = suppressions.map((body): Request => {
    return { at: chosenAt, method: "POST", target: "/v1/suppressions", body };
  });
  const before = [...entries, ...choices, ...stops].toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  if (asked.catalogueNow === undefined) return before;
  const at = before.at(-1)?.at ?? chosenAt;
  return [...before, { at, method: "PUT", target: "/v1/catalogue", body: catalogueNow(file, asked) }];
}

function choicesOf(subject: string, chosen: readonly CaseSelection[] | CaseEmailPreferences): readonly Request[] {
  const kind = subject.split(":")[0] ?? "";
  if (isSelections(chosen)) {
    const target = `/v1/customers/${subject.split(":")[1] ?? ""}/communication-preferences`;
    return chosen.map((selection) => ({
      at: selection.at ?? chosenAt,
      method: "PUT",
      target,
      body: customerBody(selection),
    }));
  }
  const target = `/api/2/${kind}s/${idOf(subject)}/emailpreferences`;
  return [{ at: chosenAt, method: "PUT", target, body: emailBody(chosen) }];
}

function isSelections(chosen: readonly CaseSelection[] | CaseEmailPreferences): chosen is readonly CaseSelection[] {
  return Array.isArray(chosen);
}

function idOf(subject: string): number {
  return Number(subject.split(":")[1]);
}

function customerBody({ category, channel, type, value, choice }: CaseSelection): object {
  const selections = [{ type, value, is_opt_in: choice === "opted-in" ? "Y" : "N" }];
  return { preferences: [{ category, channels: [{ name: channel, selections }] }] };
}

function emailBody({ frequency, nodes, modules = {}, alertServices = {} }: CaseEmailPreferences): object {
  return {
    emailpreferences: {
      frequency,
      metadatanodes: nodesOf(nodes),
      modules: Object.entries(modules).map(([name, said]) =>
        typeof said === "string"
          ? { name, preference: said }
          : { name, preference: "Custom", frequency: said.frequency, metadatanodes: nodesOf(said.nodes) },
      ),
      alertservices: Object.entries(alertServices).map(([name, preference]) => ({ name, preference })),
    },
  };
}

function nodesOf(nodes: CaseNodes = {}): object[] {
  return Object.entries(nodes).map(([node, metadata]) => ({ node, metadata }));
}
