import type { FastifyReply, FastifyRequest } from "fastify";
import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { limits } from "../domain/limits.ts";
import { type Client, nobody } from "../domain/client.ts";
import type { ClientRegistry } from "../service/clients.ts";
import { sha256 } from "../service/secret.ts";
import { bodyFormatOf, formatsFor, json, mediaTypes, type Negotiated, negotiate } from "./negotiate.ts";
import type { RateLimit } from "./rate-limit.ts";
import { type AnswerFormat, type BodyFormat, type PlacedFault, Refusal, type Route, scopesOf } from "./route.ts";

/** What is known of a request before its body is read. */
export interface Admission extends Negotiated {
  readonly client: Client;
  readonly trackingId: string;
  readonly bodyFormat: BodyFormat;
}

export interface Gate {
  readonly clients: Pick<ClientRegistry, "authenticate" | "look">;
  /** Undefined: clients may ask as often as they like. */
  readonly rateLimit: RateLimit | undefined;
  readonly now: () => number;
}

/**
 * Lets a request in, or refuses it, before a byte of its body is read: who is it (401), within its rate (429), the
 * contract's own headers (400), may it (403), in which formats (406, 415).
 *
 * @returns a promise only where its token is not known here, and another node may have given it out
 * @throws Refusal
 */
export function admit(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  gate: Gate,
): Admission | Promise<Admission> {
  if (route.scope === undefined) return admitCaller(route, request, reply, gate, undefined);
  const digest = digestOf(request);
  const caller = gate.clients.authenticate(digest, gate.now());
  return caller === undefined
    ? admitAfterLook(route, request, reply, gate, digest)
    : admitCaller(route, request, reply, gate, caller);
}

/** One who is still unknown after a look at what other nodes have changed is nobody. */
async function admitAfterLook(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  gate: Gate,
  digest: string,
): Promise<Admission> {
  await gate.clients.look();
  const caller = gate.clients.authenticate(digest, gate.now());
  if (caller === undefined) throw new Refusal("token-invalid", [], invalidToken);
  return admitCaller(route, request, reply, gate, caller);
}

function admitCaller(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  gate: Gate,
  caller: Client | undefined,
): Admission {
  const { headers } = request;
  if (caller !== undefined && gate.rateLimit !== undefined) spend(caller, reply, gate.rateLimit, gate.now());
  const trackingId = route.family === "customers" ? checkContractHeaders(request, caller) : "";
  if (caller !== undefined && route.scope !== undefined) checkScope(caller, route.scope);
  const bodyFormat = route.bodies === undefined ? "json" : bodyFormatOf(headers, route.family, route.bodies);
  const formats = formatsFor(route, bodyFormat);
  const negotiated = route.formats === undefined ? json : negotiate(headers, formats);
  if (negotiated === undefined) throw notAcceptable(formats);
  if (negotiated.inLines && request.raw.httpVersion !== "1.1") throw new Refusal("http-too-old", [], upgrade);
  if (route.isConditional === undefined) refuseCondition(headers);
  return { client: caller ?? nobody, trackingId, bodyFormat, ...negotiated };
}

/**
 * Looks whether a client that was let in may go on: it may be revoked, or its token expire, while an answer of any length
 * is made. From memory, in less than a microsecond.
 *
 * @throws Refusal
 */
export function admitAgain({ scope }: Route, request: Bearing, { clients, now }: Gate): void {
  if (scope === undefined) return;
  const caller = clients.authenticate(digestOf(request), now());
  if (caller === undefined) throw new Refusal("token-invalid", [], invalidToken);
  checkScope(caller, scope);
}

/** An older answer ends with its connection (RFC 9112 §6.3), so one that is cut off would look whole. RFC 9110 §15.5.22. */
const upgrade = { upgrade: "HTTP/1.1", connection: "Upgrade, close" };

const invalidToken = { "www-authenticate": 'Bearer realm="saywhen", error="invalid_token"' };

/** What shows who asks. */
interface Bearing {
  readonly headers: IncomingHttpHeaders;
  readonly raw: { readonly socket: Socket };
}

/** What came last on a connection. */
interface Presented {
  readonly authorization: string | undefined;
  readonly digest: string;
}

/** A connection mostly brings the same token again, and to hash it takes longer than all else here. */
const presented = new WeakMap<Socket, Presented>();

/** The digest of a request's token. */
function digestOf({ headers, raw: { socket } }: Bearing): string {
  const { authorization } = headers;
  const last = presented.get(socket);
  if (last !== undefined && last.authorization === authorization) return last.digest;
  const digest = sha256(tokenOf(headers));
  presented.set(socket, { authorization, digest });
  return digest;
}

/** RFC 6750 §3: a request without credentials is told no error code, one with wrong credentials is. */
function tokenOf({ authorization }: IncomingHttpHeaders): string {
  if (authorization === undefined) {
    throw new Refusal("token-missing", [], { "www-authenticate": 'Bearer realm="saywhen"' });
  }
  const token = /^Bearer +([!-~]+) *$/i.exec(authorization)?.[1];
  if (token === undefined) throw new Refusal("token-invalid", [], invalidToken);
  return token;
}

/** Whatever becomes of the request, it counts, and its answer says what is left. */
function spend(caller: Client, reply: FastifyReply, rateLimit: RateLimit, now: number): void {
  const taken = rateLimit.take(caller.id, now);
  reply.headers(taken.headers);
  if (!taken.allowed) throw new Refusal("rate-exceeded");
}

/** The customers' contract wants `Request-Tracking-Id` and `ClientId` on every request, once each. */
function checkContractHeaders(request: FastifyRequest, caller: Client | undefined): string {
  const faults: PlacedFault[] = [];
  const trackingId = onlyHeader(request, "Request-Tracking-Id", faults);
  const clientId = onlyHeader(request, "ClientId", faults);
  if (trackingId.length > limits.trackingIdCharacters) {
    const message = `may be at most ${limits.trackingIdCharacters} characters`;
    faults.push({ problem: "header-invalid", place: "Request-Tracking-Id", message });
  }
  if (/[^\t\x20-\x7e]/.test(trackingId)) {
    faults.push({ problem: "header-invalid", place: "Request-Tracking-Id", message: "must be ASCII" });
  }
  if (faults.length > 0) throw new Refusal(faults[0]?.problem ?? "header-missing", faults);
  if (caller !== undefined && clientId !== caller.id) {
    throw new Refusal("client-mismatch", [], invalidToken);
  }
  return trackingId;
}

/** Node joins a repeated header's values with a comma, so only then the raw headers have to be counted. */
function onlyHeader(request: FastifyRequest, name: string, faults: PlacedFault[]): string {
  const value = request.headers[name.toLowerCase()];
  if (typeof value !== "string" || value === "") {
    faults.push({ problem: "header-missing", place: name, message: "is missing" });
    return "";
  }
  if (value.includes(",") && count(request.raw.rawHeaders, name) > 1) {
    faults.push({ problem: "header-invalid", place: name, message: "stands there more than once" });
  }
  return value;
}

function count(rawHeaders: readonly string[], name: string): number {
  const wanted = name.toLowerCase();
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === wanted).length;
}

/** Refuses a caller who has none of these scopes. */
export function checkScope(caller: Client, scope: NonNullable<Route["scope"]>): void {
  const wanted = scopesOf(scope);
  if (wanted.some((each) => caller.scopes.includes(each))) return;
  const challenge = `Bearer realm="saywhen", error="insufficient_scope", scope="${wanted.join(" ")}"`;
  const message = `needs the scope ${wanted.join(" or ")}`;
  const fault: PlacedFault = { problem: "scope-missing", place: "Authorization", message };
  throw new Refusal("scope-missing", [fault], { "www-authenticate": challenge });
}

/** Where no ETag is ever given, none can be the current one (RFC 9110 §13.1.1). */
function refuseCondition(headers: IncomingHttpHeaders): void {
  const match = headers["if-match"];
  if (match !== undefined && match.trim() !== "*") throw new Refusal("precondition-failed");
}

function notAcceptable(formats: readonly AnswerFormat[]): Refusal {
  const types = formats.map((format) => mediaTypes[format]).join(" or ");
  return new Refusal("not-acceptable", [{ problem: "not-acceptable", place: "Accept", message: `accept ${types}` }]);
}
