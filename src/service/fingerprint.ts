import { createHash } from "node:crypto";

/** By what a text that stands beside the log's key is known again, whatever it says: SHA-256 in base64. */
export function fingerprintOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
