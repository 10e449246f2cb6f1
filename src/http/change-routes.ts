import type { Scope } from "../domain/client.ts";
import { type Stream, subjectOf } from "../domain/stream.ts";
import type { Records } from "../service/store.ts";
import { changeOpening, printOpening } from "../wire/opened-changes.ts";
import { checkScope } from "./admission.ts";
import { positionIn } from "./path-ids.ts";
import { Query } from "./query.ts";
import { type Answer, type Call, Refusal, type Route } from "./route.ts";

/** The changes of the log, one by one. */
export function changeRoutes(records: Records): Route[] {
  return [
    {
      method: "GET",
      path: "/v1/changes/{position}",
      family: "own",
      scope: ["customers:read", "emailpreferences:read", "admin"],
      summary: "A change with the salt that opens its commitment, for whoever may read what it is about",
      shapes: { answer: changeOpening.name },
      formats: ["json"],
      handle: (call) => openChange(records, call),
    },
  ];
}

async function openChange(records: Records, call: Call): Promise<Answer> {
  new Query(call).takeOnly().refuseFaults();
  const opening = await records.opening(positionIn(call));
  if (opening === undefined) throw new Refusal("change-unknown");
  if (opening === "erased") throw new Refusal("change-erased");
  checkScope(call.client, scopeToRead(opening.change.stream));
  return { status: 200, body: printOpening(opening), type: call.type, headers: { "cache-control": "no-store" } };
}

/** What is about no subject is the operator's. */
function scopeToRead(stream: Stream): Scope {
  const subject = subjectOf(stream);
  if (subject === undefined) return "admin";
  return subject.startsWith("customer:") ? "customers:read" : "emailpreferences:read";
}
