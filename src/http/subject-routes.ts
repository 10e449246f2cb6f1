import { readInstant } from "../domain/instant.ts";
import { limits } from "../domain/limits.ts";
import { isCustomer, type Subject } from "../domain/subject.ts";
import type { Organisations } from "../service/organisations.ts";
import type { Outcome } from "../service/outcome.ts";
import { cursorOf, readCursor, readHistory } from "../service/read-history.ts";
import { readCustomerChoices, readPreferencesInForce } from "../service/read-past-preferences.ts";
import { searchSubjects } from "../service/search-subjects.ts";
import type { PastRecords, Records } from "../service/store.ts";
import { addressSearch, customerChoices, foundSubjects, preferencesInForce, subjectHistory } from "../wire/subjects.ts";
import { readBody, refuseRejected } from "./body.ts";
import { subjectIn, subjectKinds } from "./path-ids.ts";
import { Query } from "./query.ts";
import { type Answer, type Call, type PlacedFault, Refusal, type Route } from "./route.ts";

/** What these routes read, and whether subjects that are not in the directory are answered. */
export interface Subjects {
  readonly records: Records;
  /** Where what was is read: the history, and what counted at an instant. */
  readonly past: PastRecords;
  readonly subjects: Organisations["subjects"];
}

/** What a GET of each kind's preferences answers. */
const preferences = {
  customer: {
    shape: customerChoices.name,
    summary: "Each choice of a customer, now or at an instant, with the change that made it",
  },
  organisation: {
    shape: preferencesInForce.name,
    summary: "What an organisation has chosen, now or at an instant",
  },
  user: {
    shape: preferencesInForce.name,
    summary: "What counts for a user, now or at an instant, and whose it is",
  },
} as const;

/** What is and was recorded about a subject (design: Saywhen's own API). */
export function subjectRoutes(subjects: Subjects): Route[] {
  const shared = { method: "GET", family: "own", formats: ["json"] } as const;
  const ofKinds = subjectKinds.flatMap(({ kind, one, scope }): Route[] => [
    {
      ...shared,
      path: `/v1/subjects/${kind}/{id}/preferences`,
      scope,
      query: ["at"],
      summary: preferences[kind].summary,
      shapes: { answer: preferences[kind].shape },
      handle: (call) => showPreferences(subjects, subjectIn(kind, call), call),
    },
    {
      ...shared,
      path: `/v1/subjects/${kind}/{id}/changes`,
      scope,
      query: ["cursor", "limit"],
      summary: `The history of ${one}: every change with what it changed, the newest first`,
      shapes: { answer: subjectHistory.name },
      handle: (call) => showHistory(subjects.past, subjectIn(kind, call), call),
    },
  ]);
  return [...ofKinds, searchRoute(subjects.records)];
}

/** The address is in the body, as logs on the way keep what stands in a URL. */
function searchRoute(records: Records): Route {
  return {
    method: "POST",
    path: "/v1/subjects/search",
    family: "own",
    scope: ["customers:read", "emailpreferences:read"],
    query: ["cursor", "limit"],
    summary: "Who has an address now: customers, users, or both, as the client's scopes allow",
    shapes: { body: addressSearch.name, answer: foundSubjects.name },
    formats: ["json"],
    bodies: ["json"],
    handle: (call) => search(records, call),
  };
}

async function showPreferences(
  { past, records: inForce, subjects }: Subjects,
  subject: Subject,
  call: Call,
): Promise<Answer> {
  const query = new Query(call).takeOnly("at");
  // In a query a plus sign stands for a blank, and few who write an offset think of that.
  const at = query.text("at", (text) => readInstant(text.replace(/ (?=\d\d:\d\d$)/, "+")))?.ms;
  query.refuseFaults();
  const records = at === undefined ? inForce : past;
  if (isCustomer(subject))
    return shown(call, customerChoices.print(await readCustomerChoices(records, subject, at), "json"));
  const outcome = await readPreferencesInForce({ records, subjects }, subject, at);
  return shown(call, preferencesInForce.print(valueOf(outcome), "json"));
}

async function showHistory(records: PastRecords, subject: Subject, call: Call): Promise<Answer> {
  const query = new Query(call).takeOnly("cursor", "limit");
  const limit = query.number("limit", limits.historyChanges, 1, limits.largestHistoryChanges);
  const from = query.text("cursor", (text) => readCursor(subject, text))?.place;
  query.refuseFaults();
  const { changes, next } = valueOf(await readHistory(records, subject, limit, from));
  if (next === undefined) return shown(call, subjectHistory.print({ changes }, "json"));
  const cursor = cursorOf(next);
  const link = `</v1/subjects/${subject.replace(":", "/")}/changes?cursor=${cursor}&limit=${limit}>; rel="next"`;
  return shown(call, subjectHistory.print({ changes, next: cursor }, "json"), { link });
}

async function search(records: Records, call: Call): Promise<Answer> {
  const query = new Query(call).takeOnly("cursor", "limit");
  const limit = query.number("limit", limits.foundSubjects, 1, limits.largestFoundSubjects);
  const after = query.number("cursor", 0, 0, Number.MAX_SAFE_INTEGER);
  query.refuseFaults();
  const { address } = await readBody(addressSearch, call);
  const { scopes } = call.client;
  const isMeant = (subject: Subject) => {
    return subjectKinds.some(({ kind, scope }) => subject.startsWith(`${kind}:`) && scopes.includes(scope));
  };
  const outcome = await searchSubjects(records, address, { isMeant, limit, after });
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, addressSearch, call);
  const { subjects, next } = outcome.value;
  return shown(call, foundSubjects.print({ subjects, ...(next !== undefined && { next: String(next) }) }, "json"));
}

function valueOf<Value>(outcome: Outcome<Value>): Value {
  if ("value" in outcome) return outcome.value;
  const { problem, faults } = outcome.rejected;
  throw new Refusal(
    problem,
    faults.map(({ path, ...fault }): PlacedFault => ({ ...fault, place: path.join("/") })),
  );
}

/** What somebody chose, and when, is nothing for a cache. */
function shown({ type }: Call, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, body, type, headers: { ...headers, "cache-control": "no-store" } };
}
