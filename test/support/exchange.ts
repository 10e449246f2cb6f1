import { Agent, request as httpRequest } from "node:http";
import type { FastifyInstance } from "fastify";

/** One request as a test writes it. A header may stand there more than once. */
export interface SentRequest {
  readonly method: string;
  /** Path and query, undecoded. */
  readonly target: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
}

export interface ReceivedAnswer {
  readonly status: number;
  /** By lower-case name; values of repeated headers are joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A way for a request to reach the service. */
export type Transport = (request: SentRequest) => Promise<ReceivedAnswer>;

/** Requests go to the framework directly: no socket, no HTTP parser. */
export function inProcess(server: FastifyInstance): Transport {
  return async ({ method, target, headers = [], body }) => {
    const answer = await server.inject({
      method: method as "GET",
      url: target,
      headers: Object.fromEntries(headers),
      ...(body === undefined ? {} : { payload: Buffer.from(body) }),
    });
    return { status: answer.statusCode, headers: joined(answer.headers), body: answer.body };
  };
}

/** Requests go over one connection, one after the other, for as long as the server keeps it. */
export function overOneConnection(url: string): Transport & AsyncDisposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return Object.assign(overSocket(url, agent), { [Symbol.asyncDispose]: async () => agent.destroy() });
}

/**
 * Requests go over a socket of their own.
 *
 * @param agent what opens, and keeps, the sockets instead
 */
export function overSocket(url: string, agent?: Agent): Transport {
  const { hostname, port, host } = new URL(url);
  return ({ method, target, headers = [], body }) => {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const length = bytes === undefined ? [] : ["Content-Length", String(bytes.length)];
    const connection = agent === undefined ? ["Connection", "close"] : [];
    const flat = ["Host", host, ...connection, ...length, ...headers.flat()];
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { hostname, port, method, path: target, headers: flat, agent: agent ?? false },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            resolve({ status: response.statusCode ?? 0, headers: joined(response.headers), body: text });
          });
        },
      );
      request.on("error", reject);
      request.end(bytes);
    });
  };
}

function joined(
  headers: Readonly<Record<string, string | number | readonly string[] | undefined>>,
): Record<string, string> {
  const entries = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)]),
  );
}
