import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Client, Scope } from "../domain/client.ts";
import type { Fault } from "../domain/fault.ts";
import type { ProblemName } from "../domain/problem.ts";
import type { WireFormat } from "../wire/shape.ts";

/** Who is spoken to: decides the shape of errors, the mandatory headers, and what a missing Content-Type means. */
export type Family = "customers" | "organisations" | "own";

/** NDJSON is JSON, one text a line: as much of it as there is, read and answered while it comes. */
export type BodyFormat = WireFormat | "form" | "ndjson";
export type AnswerFormat = WireFormat | "ndjson";

/** What both contracts speak, the default first. */
export const bothFormats = ["json", "xml"] as const;

/** Every parameter that a query may have, as JSON Schema has it. */
export const queryParameters = {
  limit: { type: "integer", minimum: 1 },
  offset: { type: "integer", minimum: 0 },
  cursor: { type: "string" },
  at: { type: "string", format: "date-time" },
  dryRun: { type: "boolean" },
} as const;

/** One operation: what server.ts serves, /openapi.json describes and docs/api.md lists. */
export interface Route {
  readonly method: "DELETE" | "GET" | "POST" | "PUT";
  /** With `{name}` for parameters, as OpenAPI writes it; `{+name}`, at the end, may hold slashes (RFC 6570). */
  readonly path: string;
  /** Other paths that answer the same. */
  readonly aliases?: readonly string[];
  readonly family: Family;
  /** Of several, one has to be there; which one, `handle` may know better. Absent: no credentials are asked for. */
  readonly scope?: Scope | readonly [Scope, Scope, ...Scope[]];
  readonly summary: string;
  /** Names of the shapes (wire) of body and answer (status 200 or 201; one of several), for OpenAPI; in NDJSON, of a line. */
  readonly shapes: {
    readonly body?: string;
    readonly answer?: string | readonly string[];
    readonly bodyLine?: string | readonly string[];
    readonly answerLine?: string | readonly string[];
  };
  /**
   * Response formats to choose from, the default first. Absent: there is one, whatever the request accepts. Where a body
   * may be NDJSON, its answer is NDJSON as well, and that of any other body is not.
   */
  readonly formats?: readonly AnswerFormat[];
  /** Body formats taken. Absent: the operation takes no body. */
  readonly bodies?: readonly BodyFormat[];
  /** The parameters that the query may have. */
  readonly query?: readonly (keyof typeof queryParameters)[];
  /** Whether it carries an ETag, or honours If-Match and If-None-Match. A condition anywhere else is never met. */
  readonly isConditional?: true;
  /** Whether the header Saywhen-Evidence is kept with the change. */
  readonly takesEvidence?: true;
  /** The status of an answer that grants what was asked. Absent: 200. */
  readonly success?: 200 | 201 | 204;
  readonly handle: (call: Call) => Answer | StreamedAnswer | Promise<Answer | StreamedAnswer>;
}

/** The scopes of which a route wants one; none where it asks for no credentials. */
export function scopesOf(scope: Route["scope"]): readonly Scope[] {
  return scope === undefined ? [] : typeof scope === "string" ? [scope] : scope;
}

/** A request that has passed authentication, negotiation and its contract's own header rules. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  /** A parameter that stands there more than once is a list. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: IncomingHttpHeaders;
  /** `nobody` where the route asks for no credentials. */
  readonly client: Client;
  /** The customers' contract's `Request-Tracking-Id`; empty elsewhere. */
  readonly trackingId: string;
  /** The format to answer in, and its media type. */
  readonly format: WireFormat;
  readonly type: string;
  /** Whether that is NDJSON; each of its lines is in the format. */
  readonly inLines: boolean;
  readonly bodyFormat: BodyFormat;
  /** Empty where the body is NDJSON. */
  readonly body: Buffer;
  /** A body in NDJSON, while it comes: for a `LineReader`. */
  readonly incoming: IncomingMessage;
  /** Throws a Refusal where the client may not go on any more: whatever takes long asks before each part of its work. */
  readonly admitAgain: () => void;
}

export interface Answer {
  readonly status: number;
  /** Absent: no body. */
  readonly body?: Buffer | Readable | string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * An answer of any length, in NDJSON. What fails before its first part is refused as ever; what fails later ends it with a
 * last line, and the connection with it.
 */
export interface StreamedAnswer extends Pick<Answer, "headers" | "status"> {
  readonly type: string;
  /**
   * Makes the next part, whole lines, when the one before is on its way; that may be overwritten by then. It takes a turn of
   * the event loop (`nextTurn`) for each slice of its work. Should the client go away, it is not asked again.
   */
  readonly lines: AsyncGenerator<Buffer, void>;
  /** @returns the last line of an answer that cannot go on: a JSON text around the problem, itself a JSON text */
  readonly lastLine: (problem: string) => string;
}

/** An answer whose body is a text, all of it there. */
export type PrintedAnswer = Answer & { readonly body: string };

/** Thrown anywhere below a route's handler: the one way in which a request is refused. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly problem: ProblemName;
  /** Everything that is wrong, each with its place already printed (JSON Pointer, XPath or header name). */
  readonly faults: readonly PlacedFault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    problem: ProblemName,
    faults: readonly PlacedFault[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(problem);
    this.problem = problem;
    this.faults = faults;
    this.headers = headers;
  }
}

/** A fault whose place is a JSON Pointer, an XPath counted from 1, or the name of a header or parameter. */
export interface PlacedFault extends Pick<Fault, "message" | "problem"> {
  readonly place: string;
}
