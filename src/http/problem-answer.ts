import { STATUS_CODES } from "node:http";
import { problems } from "../domain/problem.ts";
import { customerError, organisationError, ownProblem } from "../wire/problems.ts";
import { errorLink, type Links, problemLink } from "./links.ts";
import type { Negotiated } from "./negotiate.ts";
import { standings, statusOf } from "./problem-status.ts";
import type { Family, PlacedFault, PrintedAnswer, Refusal } from "./route.ts";

/** The customers' contract's own descriptions (contracts A.0.4) where they are not the usual reason phrases. */
const customerMessages: Readonly<Record<number, string>> = { 404: "Invalid Resource", 422: "Validation Error" };

/** Prints a refusal in the shape of the contract that was called. */
export function problemAnswer(refusal: Refusal, family: Family, accepted: Negotiated, links: Links): PrintedAnswer {
  const status = statusOf(refusal.problem, family);
  const { headers } = refusal;
  if (family === "own") {
    return { status, body: ownBody(refusal, status, links), type: "application/problem+json; charset=utf-8", headers };
  }
  const body =
    family === "customers"
      ? customerError.print(customerBody(refusal, status), accepted.format)
      : organisationError.print(organisationBody(refusal, links), accepted.format);
  return { status, body, type: accepted.type, headers };
}

/** The line that answers a line of a body in NDJSON which cannot be done; the rest of them go on. */
export function refusedLine(line: number, refusal: Refusal, links: Links): string {
  return lineAround(line, ownBody(refusal, statusOf(refusal.problem, "own"), links));
}

/** @param problem a problem as JSON text */
export function lineAround(line: number, problem: string): string {
  return `{"line":${line},"error":${problem}}\n`;
}

function customerBody(refusal: Refusal, status: number) {
  const message = customerMessages[status] ?? STATUS_CODES[status] ?? String(status);
  return { error: { code: String(status), message, errors: sentences(refusal).map((text) => ({ message: text })) } };
}

function organisationBody(refusal: Refusal, links: Links) {
  const { ref } = standings[refusal.faults[0]?.problem ?? refusal.problem];
  return { error: { summary: summaryOf(refusal), ref: String(ref), link: errorLink(links, ref) } };
}

/** The contract's own two sentences stand as they are printed there (contracts B.0.4). */
function summaryOf(refusal: Refusal): string {
  if (refusal.faults.length > 0) return sentences(refusal).join("; ");
  return problems[refusal.problem].title;
}

function ownBody(refusal: Refusal, status: number, links: Links): string {
  const { title, help } = problems[refusal.problem];
  const errors = refusal.faults.map(({ problem, place, message }) =>
    place.startsWith("/") || place === ""
      ? { detail: message, pointer: `#${place}`, problem }
      : { detail: message, parameter: place, problem },
  );
  const type = problemLink(links, refusal.problem);
  return ownProblem.print({ type, title, status, detail: help, ...(errors.length > 0 ? { errors } : {}) }, "json");
}

function sentences(refusal: Refusal): string[] {
  const { title, help } = problems[refusal.problem];
  return refusal.faults.length > 0 ? refusal.faults.map(sentence) : [`${title}. ${help}`];
}

function sentence({ place, message }: PlacedFault): string {
  return place === "" ? message : `${place}: ${message}`;
}
