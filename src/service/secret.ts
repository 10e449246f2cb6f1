import { hash, randomBytes } from "node:crypto";

/**
 * A new secret: 256 random bits in base64url, behind a prefix by which scanners find one that leaked into a
 * repository or a log.
 */
export function newSecret(): string {
  return `saywhen_${randomBytes(32).toString("base64url")}`;
}

/**
 * The digest under which a secret or token is kept, in lower-case hex: 256 random bits need neither salt nor
 * stretching.
 */
export function sha256(secret: string): string {
  return hash("sha256", secret);
}
