import { receiptLink } from "./links.ts";
import type { Answer, Call } from "./route.ts";

/**
 * Answers an accepted write: the contract's own body, with the change and its receipt in headers. No ETag: what was
 * sent is not stored as it came (RFC 9110 §9.3.4).
 */
export function recorded(call: Call, change: number, body: string): Answer {
  const headers = { "saywhen-change": String(change), link: receiptLink(change), "cache-control": "no-store" };
  return { status: 200, body, type: call.type, headers };
}
