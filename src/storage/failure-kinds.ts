/**
 * Every word for a failure of a storage, of whichever: what a metric counts by. All are there from the start, as an
 * alarm on a figure's increase does not see one that begins with its first failure.
 */
export const failureKinds = [
  "busy",
  "cannot-open",
  "checkpoint-worker",
  "connection",
  "connections",
  "corrupt",
  "full",
  "interrupted",
  "io",
  "login",
  "memory",
  "missing",
  "moved",
  "permission",
  "readonly",
  "replica",
  "resources",
  "standby",
  "stopped",
  "unavailable",
  "unknown",
  "unknown-outcome",
] as const;

/** A failure of a storage, in a word. */
export type FailureKind = (typeof failureKinds)[number];
