import { setTimeout as delay } from "node:timers/promises";
import type { ReceivedAnswer, SentRequest, Transport } from "./exchange.ts";
import { fillIn, matches, type PatternFormat, type Values } from "./pattern.ts";
import type { Event, Exchange, Transcript } from "./transcript.ts";

/** What a transcript is played to. */
export interface Stage {
  readonly isSocket: boolean;
  readonly send: Transport;
  restart(env: Readonly<Record<string, string>>): Promise<void>;
}

/**
 * Plays a transcript to a service.
 *
 * @param given values that it may use from the start
 * @returns every answer that was not as expected, each with the transcript's file and line
 */
export async function play(
  transcript: Transcript,
  stage: Stage,
  given: Readonly<Record<string, string>>,
): Promise<string[]> {
  const values: Values = new Map(Object.entries(given));
  const failures: string[] = [];
  for (const step of transcript.steps) {
    if (step.kind !== "exchange") await playEvent(step, stage, values);
    else if (stage.isSocket || !step.isForSocketOnly) {
      const failed = await playExchange(step, stage.send, values);
      failures.push(...failed.map(({ line, message }) => `${transcript.name}:${line}: ${message}`));
    }
  }
  return failures;
}

async function playEvent({ kind, env }: Event, stage: Stage, values: Values): Promise<void> {
  if (kind === "restart") await stage.restart(filledIn(env, values));
  else await delay(1001 - (Date.now() % 1000));
}

/** Settings with the values that they mention. */
export function filledIn(env: Readonly<Record<string, string>>, values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fillIn(value, values)]));
}

interface Failure {
  readonly line: number;
  readonly message: string;
}

async function playExchange(exchange: Exchange, send: Transport, values: Values): Promise<Failure[]> {
  const { line, request } = exchange;
  try {
    const answer = await send(requestWith(request, values));
    return differences(exchange, answer, values);
  } catch (error) {
    return [{ line, message: `${request.method} ${request.target}: ${String(error)}` }];
  }
}

function requestWith(request: SentRequest, values: Values): SentRequest {
  const { method, target, headers = [], body } = request;
  return {
    method,
    target: fillIn(target, values),
    headers: headers.map(([name, value]) => [name, fillIn(value, values)] as const),
    ...(typeof body === "string" ? { body: fillIn(body, values) } : {}),
  };
}

function differences(
  { line, request, status, headers, body }: Exchange,
  answer: ReceivedAnswer,
  values: Values,
): Failure[] {
  const said = `${request.method} ${request.target}`;
  if (answer.status !== status) {
    return [{ line, message: `${said}: the status is ${answer.status} and should be ${status}\n  ${answer.body}` }];
  }
  const failures: Failure[] = [];
  for (const { line: at, name, pattern } of headers) {
    const value = answer.headers[name];
    const isRight =
      pattern === "(none)" ? value === undefined : value !== undefined && matches(value, pattern, "text", values);
    if (!isRight)
      failures.push({ line: at, message: `${said}: the header ${name} is\n  ${value}\nand should be\n  ${pattern}` });
  }
  if (body !== undefined && !matches(answer.body, body.pattern, formatOf(answer), values)) {
    failures.push({
      line: body.line,
      message: `${said}: the body is\n  ${answer.body}\nand should be\n  ${body.pattern}`,
    });
  }
  return failures;
}

function formatOf({ headers }: ReceivedAnswer): PatternFormat {
  const type = headers["content-type"] ?? "";
  if (/[/+]json\b/.test(type)) return "json";
  return /[/+]xml\b/.test(type) ? "xml" : "text";
}
