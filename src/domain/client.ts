/** What a client may do. `emailpreferences:*` includes the directory of organisations and users. */
export const scopes = [
  "customers:read",
  "customers:write",
  "emailpreferences:read",
  "emailpreferences:write",
  "decide",
  "audience",
  "changes",
  "suppressions",
  "admin",
] as const;

export type Scope = (typeof scopes)[number];

export function isScope(text: string): text is Scope {
  return (scopes as readonly string[]).includes(text);
}

/** A ClientId stands in headers, paths and logs: nothing in it ever needs quoting. */
export const clientIdPattern = "^[A-Za-z0-9._-]{1,64}$";

/** One of a client's secrets: only its SHA-256 (lower-case hex) is ever kept. */
export interface Secret {
  readonly createdAt: string;
  readonly sha256: string;
}

/** A program with credentials and scopes. A revoked one keeps its id, which stays in the log, and nothing else. */
export interface Client {
  readonly createdAt: string;
  /** The ClientId: 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  readonly id: string;
  readonly revokedAt?: string;
  readonly scopes: readonly Scope[];
  /** At most two, the newest first, so that a secret can be rotated without a gap. */
  readonly secrets: readonly Secret[];
}

/** A bearer token of an hour, given out for a client's secret. */
export interface IssuedToken {
  readonly client: string;
  readonly expiresAt: string;
  readonly scopes: readonly Scope[];
  readonly sha256: string;
}

/** Who calls where no credentials are asked for. */
export const nobody: Client = { createdAt: "", id: "", scopes: [], secrets: [] };
