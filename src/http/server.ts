import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { limits } from "../domain/limits.ts";
import { IndexUnavailable } from "../service/decision-index.ts";
import { LogStopped } from "../service/log.ts";
import { OutcomeUnknown, RecordDamaged, StoreUnavailable } from "../service/store.ts";
import { endOfTurn } from "../service/turns.ts";
import { type Admission, admit, admitAgain, type Gate } from "./admission.ts";
import type { Links } from "./links.ts";
import type { Metrics } from "./metrics.ts";
import { refuseConnection } from "./connection-error.ts";
import { json, mediaTypes, negotiate, type Negotiated } from "./negotiate.ts";
import { type PathTable, pathTable } from "./path-pattern.ts";
import { problemAnswer } from "./problem-answer.ts";
import { type Answer, type Call, type Family, Refusal, type Route, type StreamedAnswer } from "./route.ts";
import { discardRest, streamAnswer } from "./stream-answer.ts";
import { wholeBody } from "./whole-body.ts";

export interface ServerParts {
  readonly routes: readonly Route[];
  readonly gate: Gate;
  readonly links: Links;
  /** The path, from its slash on, under which every route answers as well; empty for none. */
  readonly context: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Undefined where there is nothing at the path. */
    served: Route | undefined;
    /** Undefined until the request was let in. */
    admission: Admission | undefined;
  }
}

const lastReply = Symbol("the answer to the last request on this connection");

interface TalkingSocket extends Socket {
  [lastReply]?: FastifyReply;
}

/**
 * Serves the table of routes. A request passes: admission (headers alone) → body (by size) → the route's handler →
 * its answer. Whatever is thrown on the way becomes a refusal, printed in the shape of the contract that was called.
 */
export function makeServer(parts: ServerParts): FastifyInstance {
  // A body that stops coming is noticed on its connection, so what the last request on it spoke is kept with it.
  const refuseOn = (error: Error, socket: TalkingSocket) => {
    const last = socket[lastReply]?.request;
    const family = last === undefined ? "own" : familyOf(last);
    const print = (refusal: Refusal) => problemAnswer(refusal, family, acceptedBy(last), parts.links);
    refuseConnection(error, socket, socket[lastReply], print);
  };
  const server = Fastify({
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleConnectionMs,
    forceCloseConnections: "idle",
    // What comes on an open connection during a stop is answered as ever, and the connection ends with it.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: limits.pathParameterCharacters },
    rewriteUrl: ({ url = "/" }) => withoutContext(url, parts.context),
    frameworkErrors: (error, request, reply) => refuse(error, request, reply, parts),
    clientErrorHandler: refuseOn,
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: limits.connectionCheckMs },
  });
  server.removeAllContentTypeParsers();
  // Bodies are read by `answer`. The usual types by name: only for those does Fastify not parse the header each time.
  const types = [mediaTypes.json, mediaTypes.xml, mediaTypes.ndjson, "*"];
  server.addContentTypeParser(types, (_request, _incoming, done) => done(null, undefined));
  server.decorateRequest("served", undefined);
  server.decorateRequest("admission", undefined);
  const paths = pathTable(parts.routes);
  server.addHook("onRequest", (request, reply, done) => {
    (request.raw.socket as TalkingSocket)[lastReply] = reply;
    if (request.is404) refuseUnrouted(request, reply, paths);
    else done();
  });
  server.setErrorHandler((error, request, reply) => refuse(error, request, reply, parts));
  serveRoutes(server, parts);
  server.addHook("onResponse", (request, reply, done) => {
    observe(request, reply, parts);
    done();
  });
  return server;
}

function serveRoutes(server: FastifyInstance, parts: ServerParts): void {
  const { routes, gate } = parts;
  for (const route of routes) {
    for (const path of [route.path, ...(route.aliases ?? [])]) {
      server.route({
        method: route.method,
        url: path.replace(/\{\+[^}]+\}$/, "*").replaceAll(/\{([^}]+)\}/g, ":$1"),
        onRequest: (request, reply, done) => {
          request.served = route;
          const letIn = (admission: Admission) => {
            request.admission = admission;
            done();
          };
          const admission = admit(route, request, reply, gate);
          if (!(admission instanceof Promise)) letIn(admission);
          // Whatever is thrown below `done` has nobody else who catches it, and would end the process.
          else admission.then(letIn, done).catch((error: unknown) => reply.send(error));
        },
        // Nothing is returned, so that Fastify need not watch a promise of ours.
        handler: (request, reply) => void answer(request, reply, route, parts),
      });
    }
  }
}

/** Before a byte of the body is read: what no route takes is 404, 405, or the answer to OPTIONS. */
function refuseUnrouted(request: FastifyRequest, reply: FastifyReply, paths: PathTable): void {
  const allow = paths.allow(pathOf(request));
  if (allow === undefined) throw new Refusal("not-found");
  if (request.method !== "OPTIONS") throw new Refusal("method-not-allowed", [], { allow });
  void reply.code(204).header("allow", allow).send();
}

const noBody = Buffer.alloc(0);

/** Whatever goes wrong is sent as an error. */
async function answer(request: FastifyRequest, reply: FastifyReply, route: Route, parts: ServerParts): Promise<void> {
  try {
    const body = isWhole(request, route) ? await wholeBody(request.raw) : noBody;
    await endOfTurn();
    const called = callOf(request, route, parts.gate, body);
    const answered = await route.handle(called);
    if ("lines" in answered) await sendLines(request, reply, { ...answered, admitAgain: called.admitAgain }, parts);
    else send(reply, answered);
  } catch (error) {
    reply.send(error);
  }
}

/** Whether the body is read before the route's handler is called: a GET has none that counts, NDJSON is read while it comes. */
function isWhole({ admission }: FastifyRequest, { method }: Route): boolean {
  return method !== "GET" && admission?.bodyFormat !== "ndjson";
}

function callOf(request: FastifyRequest, route: Route, gate: Gate, body: Buffer): Call {
  return {
    ...(request.admission as Admission),
    params: request.params as Record<string, string>,
    query: request.query as Record<string, string | string[]>,
    headers: request.headers,
    body,
    incoming: request.raw,
    admitAgain: () => admitAgain(route, request, gate),
  };
}

/** Fastify knows nothing of an answer that was cut off: what is told of every request is told here. */
async function sendLines(
  request: FastifyRequest,
  reply: FastifyReply,
  answered: StreamedAnswer & Pick<Call, "admitAgain">,
  parts: ServerParts,
): Promise<void> {
  const lastWords = (error: unknown) => {
    const refusal = refusalOf(error);
    report(error, refusal, request, parts);
    return answered.lastLine(problemAnswer(refusal, familyOf(request), acceptedBy(request), parts.links).body);
  };
  if (!(await streamAnswer(reply, answered, lastWords))) observe(request, reply, parts, { cutOff: true });
}

function send(reply: FastifyReply, { status, body, type, headers }: Answer): void {
  if (headers !== undefined) reply.headers(headers);
  if (type !== undefined) reply.header("content-type", type);
  void reply.code(status).send(body);
}

function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply, parts: ServerParts): void {
  const refusal = refusalOf(error);
  report(error, refusal, request, parts);
  if (request.admission?.bodyFormat === "ndjson") discardRest(request.raw);
  send(reply, problemAnswer(refusal, familyOf(request), acceptedBy(request), parts.links));
}

/** What the operator should know of. */
function report(error: unknown, refusal: Refusal, request: FastifyRequest, { logger }: ServerParts): void {
  if (refusal.problem === "internal") logger.error({ err: error, route: routeOf(request) }, "unexpected error");
  if (error instanceof RecordDamaged) logger.error({ position: error.position }, error.message);
}

/** The format of a refusal: what the request accepts, and JSON when it accepts nothing that there is. */
function acceptedBy(request: FastifyRequest | undefined): Negotiated {
  return (request && negotiate(request.headers, ["json", "xml"])) ?? json;
}

/** The framework's own refusals, by their codes (https://fastify.dev/docs/latest/Reference/Errors). */
const frameworkProblems: Readonly<Record<string, "not-found" | "request-malformed">> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "request-malformed",
  FST_ERR_BAD_URL: "not-found",
  FST_ERR_MAX_PARAM_LENGTH: "not-found",
};

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof RecordDamaged) return new Refusal("record-damaged");
  if (error instanceof LogStopped) return new Refusal("log-stopped");
  if (error instanceof OutcomeUnknown) return new Refusal("outcome-unknown", [], { "retry-after": "1" });
  if (error instanceof StoreUnavailable) return new Refusal("unavailable", [], { "retry-after": "1" });
  if (error instanceof IndexUnavailable) return indexRefusal(error);
  const code = (error as { code?: string } | undefined)?.code ?? "";
  return new Refusal(frameworkProblems[code] ?? "internal");
}

function indexRefusal({ because }: IndexUnavailable): Refusal {
  return because === "off" ? new Refusal("index-off") : new Refusal("index-building", [], { "retry-after": "10" });
}

/** Which contract a path belongs to decides the shape of its errors, also where there is no route. */
function familyOf(request: FastifyRequest): Family {
  if (request.served !== undefined) return request.served.family;
  const path = pathOf(request);
  if (path.startsWith("/api/2/")) return "organisations";
  return /^\/(?:api\/v1\/|v1\/customers\/|v1\/preferences\/)/.test(path) ? "customers" : "own";
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?")[0] as string;
}

function withoutContext(url: string, context: string): string {
  return context !== "" && url.startsWith(`${context}/`) ? url.slice(context.length) : url;
}

/** One line and one measurement a request: never an address, a token, or a path with an e-mail address in it. */
function observe(
  request: FastifyRequest,
  reply: FastifyReply,
  { logger, metrics }: ServerParts,
  ending: { readonly cutOff?: true } = {},
): void {
  const route = routeOf(request);
  const ms = reply.elapsedTime;
  const { method, admission } = request;
  metrics.request(method, route, reply.statusCode, ms / 1000);
  const client = admission?.client.id || undefined;
  const trackingId = admission?.trackingId || undefined;
  logger.info(
    { method, route, status: reply.statusCode, ms: Math.round(ms * 1000) / 1000, client, trackingId, ...ending },
    "request",
  );
}

function routeOf(request: FastifyRequest): string {
  return request.served?.path ?? "none";
}
