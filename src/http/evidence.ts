import type { IncomingHttpHeaders } from "node:http";
import { limits } from "../domain/limits.ts";
import { FaultList } from "../wire/fault-list.ts";
import { parseJson } from "../wire/json-in.ts";
import { Refusal } from "./route.ts";

const name = "Saywhen-Evidence";

/**
 * What was shown and said when the choice was made: the optional header `Saywhen-Evidence`, a flat JSON object of
 * texts such as `{"source":"web form","wording":"2026-11","language":"en","onBehalfOf":"parent"}`.
 *
 * @returns the members as they were sent (the store sorts them for the canonical text), or undefined without one
 * @throws Refusal `header-invalid` with every fault
 */
export function evidenceOf(headers: IncomingHttpHeaders): Readonly<Record<string, string>> | undefined {
  const text = headers["saywhen-evidence"];
  if (text === undefined) return undefined;
  if (typeof text !== "string" || text.length > limits.evidenceBytes) {
    throw invalid([`may be at most ${limits.evidenceBytes} bytes`]);
  }
  if (/[^\t\x20-\x7e]/.test(text)) throw invalid([notAnObject]);
  const members = Object.entries(objectOf(text));
  const wrong = members.flatMap(([key, value]) => {
    if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(key) || key.length > limits.evidenceNameCharacters)
      return [`names begin with a letter and hold at most ${limits.evidenceNameCharacters} of A-Z a-z 0-9 _ -`];
    return typeof value === "string" && value.isWellFormed() ? [] : [`${key} must be a text`];
  });
  if (wrong.length > 0) throw invalid([...new Set(wrong)]);
  return Object.fromEntries(members) as Record<string, string>;
}

const notAnObject = "must be a JSON object in ASCII (write other characters as \\u escapes)";

function objectOf(text: string): object {
  const faults = new FaultList(new Map());
  const value = parseJson(text, faults)?.value;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  const repeated = faults.list().filter(({ path }) => path.length > 0);
  throw invalid(
    repeated.length > 0 ? repeated.map(({ path }) => `${path.join("/")} stands there twice`) : [notAnObject],
  );
}

function invalid(messages: readonly string[]): Refusal {
  return new Refusal(
    "header-invalid",
    messages.map((message) => ({ problem: "header-invalid", place: name, message })),
  );
}
