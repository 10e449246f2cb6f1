import { shownDatabase } from "../config/readers.ts";
import type { Settings } from "../config/settings.ts";
import { StoreUnavailable } from "../service/store.ts";

/**
 * What to tell the operator when the service could not start: a sentence that says what is wrong and what would help.
 *
 * @returns undefined when nobody foresaw the error, so that it is a bug
 */
export function startFailure(error: unknown, { host, port, database }: Settings): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") {
    return `Port ${port} of ${host} is taken. Stop what listens there, or set SAYWHEN_PORT to another port.`;
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `This machine has no address ${host}. Set SAYWHEN_HOST to one that it has.`;
  }
  if (code === "EACCES" && syscall === "listen") {
    return `Port ${port} may not be listened on by this user. Set SAYWHEN_PORT to a port from 1024.`;
  }
  if (syscall !== undefined || code === "ERR_SQLITE_ERROR") {
    return `The database ${shownDatabase(database)} cannot be used: ${error.message}.`;
  }
  // What a storage says of itself there is the end of a sentence.
  if (error instanceof StoreUnavailable && /^[a-z]/.test(error.message)) {
    return `The database ${shownDatabase(database)} cannot be used: ${withCause(error)}.`;
  }
  if (isOurs(error)) return withCause(error);
  return undefined;
}

/** Errors that are foreseen have names of their own; Node's and the language's own tell of mistakes in the code. */
function isOurs({ name }: Error): boolean {
  return !/^(Aggregate|Assertion|Range|Reference|Syntax|Type)?Error$/.test(name);
}

function withCause({ message, cause }: Error): string {
  return cause instanceof Error && !message.includes(cause.message) ? `${message} (${cause.message})` : message;
}
