import type { Version } from "../service/condition.ts";
import { isMet } from "../service/condition.ts";
import { conditionOf, entityTag, isUnchanged } from "./entity-tag.ts";
import { type Answer, type Call, Refusal } from "./route.ts";

/**
 * Answers a GET of preferences: the document with its ETag, 304 when the reader has it already, 412 when it asked for
 * another (RFC 9110 §13.2.2 in that order: If-Match comes first).
 *
 * @param isRecorded whether the subject has a document of its own
 */
export function document(call: Call, version: Version, isRecorded: boolean, print: () => string): Answer {
  const { headers, format, type } = call;
  const etag = entityTag(version, format);
  if (headers["if-match"] !== undefined) {
    const { match } = conditionOf(headers);
    if (match !== undefined && !isMet({ match }, () => version, isRecorded)) throw new Refusal("precondition-failed");
  }
  // What a person has chosen may be kept by the client, but is asked for again before each use.
  const common = { etag, vary: "Accept", "cache-control": "private, no-cache" };
  if (isUnchanged(headers, etag, isRecorded)) return { status: 304, headers: common };
  return { status: 200, body: print(), type, headers: common };
}
