import { OutcomeUnknown, StoreUnavailable } from "../../service/store.ts";
import type { FailureKind } from "../failure-kinds.ts";

/** SQLSTATEs (postgresql.org/docs/current/errcodes-appendix.html) that tell of the storage, not of what was asked of it. */
const kinds: readonly (readonly [RegExp, kind: FailureKind, what: string])[] = [
  [/^08/, "connection", "the connection to the database broke"],
  [/^28/, "login", "the database refuses the user or the password"],
  [/^3D/, "missing", "there is no such database"],
  [/^25P0[234]/, "busy", "the database called it off"],
  [/^25006/, "readonly", "the database takes no writes, as a standby does"],
  [/^40/, "busy", "others are writing the same rows"],
  [/^42501/, "permission", "the database does not let this user do that"],
  [/^53100/, "full", "the database's disk is full"],
  [/^53200/, "memory", "the database has no memory left"],
  [/^53300/, "connections", "the database takes no more connections"],
  [/^53/, "resources", "the database lacks something that it needs"],
  [/^55P03/, "busy", "somebody holds a lock for too long"],
  [/^57014/, "busy", "the database called it off"],
  [/^57P/, "stopped", "the database is stopping or starting"],
  [/^58/, "io", "the database cannot read or write its files"],
  [/^XX00[12]/, "corrupt", "the database finds its files damaged"],
];

/** What the functions of our own schema raise where a log was moved: the message is ours. */
const movedState = "SW001";

/** What the system and the driver say of connections: of the socket, of a pool that has none, of an answer that is late. */
const connectionCodes = /^E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH|NOENT|ACCES)$/;
const connectionMessages = [
  /connection terminated/i,
  /connection error and is not queryable/,
  /query read timeout/i,
  /timeout exceeded when trying to connect/,
  /server conn crashed/,
  /client was closed/i,
];

/** No connection could be had: whatever was to be sent, was not. */
export class NotConnected extends Error {
  override readonly name = "NotConnected";

  constructor(cause: unknown) {
    super("the database cannot be reached", { cause });
  }
}

/** The server is a standby, where the primary is needed: nothing was sent. */
export class IsStandby extends Error {
  override readonly name = "IsStandby";

  constructor() {
    super("the address of the database leads to a standby");
  }
}

/** Committed, and not known to have reached the standby: somebody called the wait for it off. */
export class NotReplicated extends Error {
  override readonly name = "NotReplicated";

  constructor() {
    super("the wait for the standby was called off");
  }
}

/** A failure of the storage: its kind, a word for the metrics, and the error that callers get. */
export interface Failure {
  readonly kind: FailureKind;
  readonly error: StoreUnavailable;
  /** Whether nobody can tell what became of the statement: its connection broke before the answer was whole. */
  readonly isUnknown: boolean;
}

/** Tells a failure of the storage, which may pass, from a mistake in our own code, for which it answers undefined. */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof OutcomeUnknown) return { kind: "unknown-outcome", error, isUnknown: false };
  if (error instanceof StoreUnavailable) return { kind: "unavailable", error, isUnknown: false };
  if (error instanceof NotConnected) return notConnected(error);
  if (error instanceof IsStandby) return failure(error, "readonly", error.message, false);
  if (error instanceof NotReplicated) return failure(error, "standby", error.message, true);
  if (isOfConnection(error)) return failure(error, "connection", "the database cannot be reached", true);
  const code = sqlStateOf(error) ?? "";
  if (code === movedState) return { kind: "moved", error: new StoreUnavailable(error.message), isUnknown: false };
  const [state, kind, what] = kinds.find(([pattern]) => pattern.test(code)) ?? [];
  if (state === undefined || kind === undefined || what === undefined) return undefined;
  // A connection that the server ended may have been ended after the commit.
  return failure(error, kind, what, /^(08|57P)/.test(code));
}

/** The server's word for what went wrong; undefined when the error is not the server's. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** What the driver says when the server asks for a password and there is none. */
const noPassword = /client password must be a (non-empty )?string/;

/** Whatever keeps a connection from coming about is foreseen: certificates and ways of authentication, too. */
function notConnected({ cause, message }: NotConnected): Failure {
  if (cause instanceof Error && noPassword.test(cause.message)) {
    const what = "no password was given: in the address, by PGPASSWORD, or in a password file (PGPASSFILE)";
    return { kind: "login", error: new StoreUnavailable(what), isUnknown: false };
  }
  const known =
    failureOf(cause) ?? failure(cause instanceof Error ? cause : new Error(message), "connection", message, false);
  return { ...known, isUnknown: false };
}

function isOfConnection(error: Error): boolean {
  if (error instanceof AggregateError)
    return error.errors.some((each) => each instanceof Error && isOfConnection(each));
  const code = "code" in error ? String(error.code) : "";
  return (
    connectionCodes.test(code) ||
    (sqlStateOf(error) === undefined && connectionMessages.some((words) => words.test(error.message)))
  );
}

/** The server's own words may hold what was sent: they go to the cause, which is not printed to senders. */
function failure(cause: Error, kind: FailureKind, what: string, isUnknown: boolean): Failure {
  return { kind, error: new StoreUnavailable(what, { cause }), isUnknown };
}
