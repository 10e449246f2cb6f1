import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { pino } from "pino";
import type { OpenRecords } from "../../src/cli/command.ts";
import { decideCommand } from "../../src/cli/decide.ts";
import { run } from "../../src/cli/run.ts";
import { checkCatalogue } from "../../src/domain/catalogue-check.ts";
import { audienceRoutes } from "../../src/http/audience-routes.ts";
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
import { KeptIndex } from "../../src/index/kept-index.ts";
import { loadCatalogue } from "../../src/service/catalogue.ts";
import type { ClientStore } from "../../src/service/client-store.ts";
import { ClientRegistry } from "../../src/service/clients.ts";
import { ensureAdmin } from "../../src/service/ensure-admin.ts";
import type { LogRecords } from "../../src/service/log-store.ts";
import { ensureMarkKey } from "../../src/service/mark.ts";
import type { Store } from "../../src/service/store.ts";
import {
  askedAt,
  type Case,
  type CaseEmailPreferences,
  type CaseFile,
  type CaseNodes,
  type CaseQuestion,
  type CaseSelection,
  catalogueNow,
  chosenAt,
} from "./cases.ts";
import { inProcess } from "./exchange.ts";
import { adminToken } from "./service.ts";
import { credentials, type Headers } from "./target.ts";

/** Opens an empty storage that goes by this clock. */
export type OpenStorage = (clock: () => number) => Promise<Store & ClientStore & LogRecords>;

/** What the service answers to a case in each of the ways to ask it, without subject and `change`. */
export interface CaseAnswers {
  /** POST /v1/decisions. */
  readonly single: unknown;
  /** A line of a batch: in short, from the index unless the question is about the past or wants an explanation. */
  readonly batch: unknown;
  /** Whether the audience of the question has the subject; undefined where audiences cannot be asked so. */
  readonly isInAudience: boolean | undefined;
  /** `saywhen decide --json`. */
  readonly command: unknown;
}

/** The answers of the service to a case, once everything in it was recorded over HTTP at its time. */
export async function answersOf(open: OpenStorage, file: CaseFile, asked: Case): Promise<CaseAnswers> {
  const clock = { now: 0 };
  const store = await open(() => clock.now);
  await using service = await serviceOn(store, file, () => clock.now);
  for (const { at, method, target, body } of requestsOf(file, asked)) {
    clock.now = Date.parse(at);
    await service.send({ method, target, body: JSON.stringify(body) });
  }
  clock.now = Date.parse(asked.now ?? askedAt);
  const { subject, explain: _explain, ...question } = asked.question;
  const inLines = { "Content-Type": "application/x-ndjson", Accept: "application/x-ndjson" };
  const decisions = { method: "POST", target: "/v1/decisions" };
  const audiences = { method: "POST", target: "/v1/audiences", headers: { Accept: "application/x-ndjson" } };
  const isPast = question.at !== undefined && Date.parse(question.at) < clock.now;
  const single = await service.send({ ...decisions, body: JSON.stringify(asked.question) });
  const batch = await service.send({
    ...decisions,
    headers: inLines,
    body: `${JSON.stringify({ subject, ...question })}\n`,
  });
  const audience = isPast ? undefined : await service.send({ ...audiences, body: JSON.stringify(question) });
  return {
    single: withoutSubject(single, subject),
    batch: withoutSubject(batch, subject),
    isInAudience: audience?.split("\n").some((line) => line.includes(`"${subject}"`)),
    command: withoutSubject(await commanded(store, asked.question, clock.now), subject),
  };
}

function withoutSubject(text: string, subject: string): unknown {
  const { subject: answered, change: _change, ...answer } = JSON.parse(text) as Record<string, unknown>;
  assert.equal(answered, subject);
  return answer;
}

/** The same asked by the command, which lets go of the storage. It goes by the machine's clock, so the instant is told. */
async function commanded(store: Store & LogRecords, asked: CaseQuestion, now: number): Promise<string> {
  const { subject, category, channel, timeZone, module, metadata = {}, alertService, at } = asked;
  const options = { category, channel, "time-zone": timeZone, module, alert: alertService };
  const words = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  const labels = Object.entries(metadata).flatMap(([node, chosen]) => chosen.map((label) => `${node}=${label}`));
  const printed: string[] = [];
  const records: OpenRecords = Object.assign(store, { inspection: () => assert.fail("nothing is inspected") });
  const exitCode = await run(
    ["decide", subject, ...words, ...labels.flatMap((label) => ["--metadata", label])].concat([
      "--at",
      at ?? new Date(now).toISOString(),
      "--json",
    ]),
    [decideCommand],
    {
      env: {},
      print: (line) => printed.push(line),
      tell: (line) => assert.fail(line),
      openRecords: async () => records,
      openDatabase: () => assert.fail("nothing is opened for writing"),
    },
  );
  assert.equal(exitCode, 0);
  return printed.join("\n");
}

interface CaseService extends AsyncDisposable {
  /** Sends a request that has to be granted, and answers with the body. */
  readonly send: (request: CaseRequest) => Promise<string>;
}

interface CaseRequest {
  readonly method: string;
  readonly target: string;
  readonly headers?: Headers;
  readonly body: string;
}

async function serviceOn(
  store: Awaited<ReturnType<OpenStorage>>,
  { catalogue: document }: CaseFile,
  now: () => number,
): Promise<CaseService> {
  const catalogue = await loadCatalogue(store, () => {
    const checked = checkCatalogue(document);
    assert("catalogue" in checked, JSON.stringify(checked));
    return checked.catalogue;
  });
  await ensureMarkKey(store);
  const clients = await ClientRegistry.open(store);
  await ensureAdmin(clients, { adminToken }, Date.now());
  clients.close();
  const index = new KeptIndex({ store, catalogue });
  while (!index.isReady) await nextTurn();
  const links = makeLinks("http://saywhen.test", "");
  const shared = { store, catalogue, continuation: undefined };
  const organisations = { ...shared, subjects: "open" } as const;
  const deciding = { records: store, past: store, catalogue, index, now };
  const server = makeServer({
    routes: [
      ...customerRoutes({ ...shared, put: "merge" }),
      ...organisationRoutes(organisations, links),
      ...directoryRoutes(organisations, links),
      ...suppressionRoutes(shared, links),
      ...catalogueRoutes(store, catalogue),
      ...decisionRoutes(deciding, links),
      ...audienceRoutes(deciding),
    ],
    gate: { clients, rateLimit: rateLimit(0), now: Date.now },
    links,
    context: "",
    logger: pino({ level: "silent" }),
    metrics: makeMetrics(),
  });
  const transport = inProcess(server);
  return {
    async send({ headers = {}, ...request }) {
      const sent = { "Content-Type": "application/json", ...headers };
      const answer = await transport({ ...request, headers: credentials(sent) });
      assert(answer.status < 300, `${request.method} ${request.target}: ${answer.status} ${answer.body}`);
      return answer.body;
    },
    async [Symbol.asyncDispose]() {
      await index.close();
      await store.close();
    },
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
