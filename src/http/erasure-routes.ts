import { Readable } from "node:stream";
import type { Subject } from "../domain/subject.ts";
import { eraseSubject } from "../service/erase-subject.ts";
import { exportSubject } from "../service/export-subject.ts";
import type { PastRecords, Store } from "../service/store.ts";
import { erasedSubject, printExport, subjectExport } from "../wire/opened-changes.ts";
import { refuseRejected } from "./body.ts";
import { subjectIn, subjectKinds } from "./path-ids.ts";
import { Query } from "./query.ts";
import { recorded } from "./recorded.ts";
import type { Answer, Call, Route } from "./route.ts";

/**
 * All that is held about one subject: handed out, and taken out.
 *
 * @param past where what is handed out is read
 */
export function erasureRoutes(store: Store, past: PastRecords): Route[] {
  const shared = { family: "own", formats: ["json"] } as const;
  return subjectKinds.flatMap(({ kind, one, scope }): Route[] => [
    {
      ...shared,
      method: "DELETE",
      path: `/v1/subjects/${kind}/{id}`,
      scope: "admin",
      summary: `Erase ${one}: everything that is held, its history included; it cannot be undone`,
      shapes: { answer: erasedSubject.name },
      handle: (call) => erase(store, subjectIn(kind, call), call),
    },
    {
      ...shared,
      method: "GET",
      path: `/v1/subjects/${kind}/{id}/export`,
      scope,
      summary: `Everything that is held about ${one}`,
      shapes: { answer: subjectExport.name },
      handle: (call) => exported(past, subjectIn(kind, call), call),
    },
  ]);
}

/** Nothing of the request but who sent it is recorded: a subject is not to be named by its own erasure. */
async function erase(store: Store, subject: Subject, call: Call): Promise<Answer> {
  new Query(call).takeOnly().refuseFaults();
  const { id } = call.client;
  const outcome = await eraseSubject(store, subject, { actor: id, client: id });
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected);
  return recorded(call, outcome.value.change, erasedSubject.print(outcome.value, "json"));
}

async function exported(past: PastRecords, subject: Subject, call: Call): Promise<Answer> {
  // An export of the past there is not: whoever asks for one is not to take this for it.
  new Query(call).takeOnly().refuseFaults();
  const outcome = await exportSubject(past, subject, Date.now());
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected);
  const headers = {
    "cache-control": "no-store",
    "content-disposition": `attachment; filename="${subject.replace(":", "-")}.json"`,
  };
  return { status: 200, body: Readable.from(inPieces(printExport(outcome.value))), type: call.type, headers };
}

/** Characters of a text that are sent at once: not a packet for each change. */
const pieceCharacters = 16 * 1024;

async function* inPieces(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let piece = "";
  for await (const line of lines) {
    piece += line;
    if (piece.length < pieceCharacters) continue;
    yield Buffer.from(piece);
    piece = "";
  }
  yield Buffer.from(piece);
}
