import type { Settings } from "../config/settings.ts";
import type { Shape } from "../wire/shape.ts";
import { CommandFailure } from "./command.ts";

/** One request to our own API. */
export interface Ask<Value> {
  readonly method: "DELETE" | "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: unknown;
  /** How long its answer is waited for, in milliseconds, where that may take long; 30 s, if left out. */
  readonly waitMs?: number;
  /** What the answer holds; undefined when it is not what this service answers. */
  readonly read: (answer: Buffer) => Value | undefined;
}

/** Reads an answer of this shape; undefined when it is of another one. */
export function inShape<Value>(shape: Shape<Value>): Ask<Value>["read"] {
  return (answer) => {
    const reading = shape.read(answer, "json");
    return "value" in reading ? reading.value : undefined;
  };
}

/** A server that does not answer in this time is as good as none, in milliseconds. */
const answerWaitMs = 30_000;

/**
 * Asks the running service.
 *
 * @returns what it answers; undefined when nothing serves at that address and the address is this machine's own, so
 *   that the database may be opened instead. Of another machine's database that would say nothing.
 * @throws CommandFailure when it refuses or cannot be reached
 */
export async function ask<Value>(
  settings: Settings,
  request: Ask<Value>,
): Promise<{ readonly value: Value } | undefined> {
  const response = await send(settings, request);
  if (response === "ECONNREFUSED" && isOwn(settings.url)) return undefined;
  if (typeof response === "string") throw unreachable(settings.url, response);
  const answer = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw refusedBy(answer, settings);
  const value = request.read(answer);
  if (value === undefined) throw stranger(settings.url);
  return { value };
}

/** The response, or the code of what went wrong on the way. A redirect is refused: the token is meant for this host. */
async function send(
  { url, token }: Settings,
  { method, path, body, waitMs = answerWaitMs }: Ask<unknown>,
): Promise<Response | string> {
  try {
    return await fetch(`${url}${path}`, {
      method,
      redirect: "error",
      signal: AbortSignal.timeout(waitMs),
      headers: {
        accept: "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message: string };
  return cause?.code ?? cause?.message ?? message;
}

function isOwn(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

function unreachable(url: string, code: string): CommandFailure {
  return new CommandFailure(`Nothing answers at ${url} (${code}). Start the service, or set SAYWHEN_URL.`);
}

function stranger(url: string): CommandFailure {
  return new CommandFailure(`What answers at ${url} is not this service. Set SAYWHEN_URL.`);
}

/** Problem details (RFC 9457), as our own API answers them. */
interface Problem {
  readonly title?: unknown;
  readonly detail?: unknown;
  readonly errors?: readonly { readonly detail: string; readonly pointer?: string; readonly parameter?: string }[];
}

function refusedBy(answer: Buffer, { url, token }: Settings): CommandFailure {
  const { title, detail, errors = [] } = problemIn(answer);
  if (typeof title !== "string" || typeof detail !== "string") return stranger(url);
  const help = token === undefined ? "Set SAYWHEN_TOKEN to a token with the scope admin." : detail;
  return refusal(
    title,
    help,
    errors.map((error) => `${error.pointer ?? error.parameter ?? ""}: ${error.detail}`),
  );
}

/** Why something was refused, with everything that is wrong on a line of its own. */
export function refusal(title: string, help: string, faults: readonly string[]): CommandFailure {
  return new CommandFailure([`${title}. ${help}`, ...faults.map((fault) => `  ${fault}`)].join("\n"));
}

function problemIn(answer: Buffer): Problem {
  try {
    return (JSON.parse(answer.toString("utf8")) ?? {}) as Problem;
  } catch {
    return {};
  }
}
