import { Numbers } from "../arrays/numbers.ts";

/**
 * Organisations that have a document, or heirs: users that have none of their own and so have the organisation's. Each
 * has a number, counted from 1, for as long as it has one or the other.
 */
export class Employers {
  readonly #numbers = new Map<number, number>();
  readonly #ids: number[] = [0];
  readonly #firstRows = new Numbers();
  readonly #heirs = new Numbers();
  readonly #awake = new Numbers();
  readonly #free: number[] = [];

  /**
   * The number of an organisation, which gets one if it has none.
   *
   * @param id of the organisation
   */
  numberOf(id: number): number {
    const there = this.#numbers.get(id);
    if (there !== undefined) return there;
    const number = this.#free.pop() ?? this.#ids.length;
    this.#ids[number] = id;
    this.#numbers.set(id, number);
    return number;
  }

  /** The first row of an organisation's document; 0 if it has none. */
  firstRow(employer: number): number {
    return this.#firstRows.get(employer);
  }

  /** How many heirs there are whose address is not stopped. */
  awake(employer: number): number {
    return this.#awake.get(employer);
  }

  /** Says where an organisation's document is; with 0, that there is none any more. */
  setFirstRow(employer: number, row: number): void {
    this.#firstRows.set(employer, row);
    this.#keepOrForget(employer);
  }

  /**
   * Counts heirs that come or go.
   *
   * @param heirs how many more there are
   * @param awake how many more there are whose address is not stopped
   */
  count(employer: number, heirs: number, awake: number): void {
    this.#heirs.set(employer, this.#heirs.get(employer) + heirs);
    this.#awake.set(employer, this.#awake.get(employer) + awake);
    this.#keepOrForget(employer);
  }

  /** The numbers of its arrays, and about what the map takes for an entry. */
  get bytes(): number {
    return this.#firstRows.bytes + this.#heirs.bytes + this.#awake.bytes + 64 * this.#numbers.size;
  }

  #keepOrForget(employer: number): void {
    if (this.firstRow(employer) !== 0 || this.#heirs.get(employer) !== 0) return;
    this.#numbers.delete(this.#ids[employer] ?? 0);
    this.#free.push(employer);
  }
}
