import { StoreUnavailable } from "../../service/store.ts";
import type { FailureKind } from "../failure-kinds.ts";

/** SQLite's primary result codes (sqlite.org/rescode.html) that tell of the storage, not of what was asked of it. */
const kinds: ReadonlyMap<number, FailureKind> = new Map([
  [3, "permission"],
  [5, "busy"],
  [6, "busy"],
  [7, "memory"],
  [8, "readonly"],
  [9, "interrupted"],
  [10, "io"],
  [11, "corrupt"],
  [13, "full"],
  [14, "cannot-open"],
  [15, "busy"],
  [26, "corrupt"],
]);

/** A failure of the storage: its kind, a word for the metrics, and the error that callers get. */
export interface Failure {
  readonly kind: FailureKind;
  readonly error: StoreUnavailable;
}

/** Tells a failure of the storage, which may pass, from a mistake in our own code, for which it answers undefined. */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof StoreUnavailable) return { kind: "unavailable", error };
  const { code, errcode, errstr } = error as { code?: unknown; errcode?: unknown; errstr?: unknown };
  if (code !== "ERR_SQLITE_ERROR" || typeof errcode !== "number") return undefined;
  const kind = kinds.get(errcode & 0xff);
  if (kind === undefined) return undefined;
  return { kind, error: new StoreUnavailable(`the database cannot be used: ${String(errstr)}`, { cause: error }) };
}
