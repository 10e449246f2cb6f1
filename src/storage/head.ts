import type { Change } from "../domain/change.ts";

/** A change as it stands in its row. */
export interface ChangeRow {
  readonly position: number;
  readonly previous: number | null;
  readonly body: string;
}

/** The change that a row holds. */
export function changeOf(row: ChangeRow): Change {
  const change = JSON.parse(row.body) as { -readonly [Name in keyof Change]: Change[Name] };
  change.position = row.position;
  if (row.previous !== null) change.previous = row.previous;
  return change;
}

/**
 * A stream's newest change. It is made from the stored text, also when the change has just been appended, so that
 * nobody sees anything else than what a restart would show; and only once somebody asks.
 */
export class Head {
  /** The stream's row. */
  readonly row: number;
  readonly position: number;
  /** Of the text, in characters: the measure of what it takes in memory. */
  readonly size: number;
  #stored: ChangeRow | Change;

  constructor(row: number, stored: ChangeRow) {
    this.row = row;
    this.position = stored.position;
    this.size = stored.body.length;
    this.#stored = stored;
  }

  get change(): Change {
    if ("body" in this.#stored) this.#stored = changeOf(this.#stored);
    return this.#stored;
  }
}
