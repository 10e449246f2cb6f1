/** The database was moved to another one, or is still being filled from one. The message says which, and what to do. */
export class DatabaseMoved extends Error {
  override readonly name = "DatabaseMoved";
}

/** What a database says of a move that it takes part in; names are without passwords. */
export interface MoveMarks {
  /** Where its log goes on: from the moment on at which it takes no more changes. */
  readonly movedTo: string | null;
  /** Where its log comes from, for as long as not all of it is there. */
  readonly movedFrom: string | null;
  /** The run of the command that said so, by a name of its own: another run of the same command has another. */
  readonly moveId: string | null;
}

/** What a database says that takes part in no move. */
export const noMarks: MoveMarks = { movedTo: null, movedFrom: null, moveId: null };

/**
 * Refuses to serve what is not the log's one place.
 *
 * @param evenMoved whether one that was moved away may be opened all the same: to go on with it under another name
 * @throws DatabaseMoved
 */
export function refuseMoved({ movedTo, movedFrom }: MoveMarks, evenMoved = false): void {
  if (movedFrom !== null)
    throw new DatabaseMoved(
      `The database is being filled from ${movedFrom} and is not whole yet: finish it by the same \`saywhen move\` again.`,
    );
  if (movedTo !== null && !evenMoved)
    throw new DatabaseMoved(
      `The database was moved to ${movedTo}, or is being moved there: set SAYWHEN_DATABASE to that one. Where the move ` +
        "broke off, the same `saywhen move` again finishes it; `saywhen log continue` goes on here, under a new name.",
    );
}

/** The name by which a database is told from others, and may be shown: without user, password and what tunes it. */
export function nameOfDatabase(url: URL): string {
  return `postgres://${url.hostname}:${url.port === "" ? "5432" : url.port}${url.pathname}`;
}
