import { canonicalJson } from "../audit/verify-receipt.ts";
import type { Draft } from "../domain/change.ts";

/**
 * The canonical JSON (RFC 8785) of a change: what is stored, and what is hashed. Neither the position nor the previous
 * one is part of it, so that it is ready before the change has a place in the log.
 *
 * Names stand in sorted order here and, by the contract of Draft, in the document. That makes it ten times cheaper
 * than a canonicaliser that sorts; only evidence, which stands as the client gave it, goes through one.
 *
 * @param at the change's time, RFC 3339
 * @throws TypeError when the document is not JSON
 */
export function changeText(draft: Draft, at: string): string {
  const document: unknown = JSON.stringify(draft.document);
  if (typeof document !== "string") throw new TypeError("a change's document must be JSON");
  let text = `{"actor":${JSON.stringify(draft.actor)},"at":"${at}","client":${JSON.stringify(draft.client)}`;
  text += `,"document":${document}`;
  if (draft.evidence !== undefined) text += `,"evidence":${canonicalJson(draft.evidence)}`;
  text += `,"kind":"${draft.kind}","stream":${JSON.stringify(draft.stream)}`;
  if (draft.trackingId !== undefined) text += `,"trackingId":${JSON.stringify(draft.trackingId)}`;
  return `${text}}`;
}
