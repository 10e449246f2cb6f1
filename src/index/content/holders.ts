import type { EmailPreferences } from "../../domain/email-preferences.ts";
import { Bits } from "../arrays/bits.ts";
import type { Choices } from "./choices.ts";
import { Employers } from "./employers.ts";
import { Numbers } from "../arrays/numbers.ts";

/**
 * Whose documents they are. What a place is led to is the subject's own document, or the organisation whose document
 * counts for a user that has none, so that nothing is copied and the organisation's changes count from then on.
 */
export class Holders {
  readonly employers = new Employers();
  /** By place: the first row of the own document, or the number of the employer that the user is an heir of, negative. */
  readonly links = new Numbers();
  /** The places of users whose address is stopped. */
  readonly stopped = new Bits();
  /** The rows of users. */
  readonly rowsOfUsers = new Bits();
  /** The rows of users whose address is stopped. */
  readonly rowsOfStopped = new Bits();
  /** The rows of organisations that have heirs whose address is not stopped. */
  readonly rowsWithHeirs = new Bits();
  /** By row: the number of the organisation that the document is of. */
  readonly employerOfRow = new Numbers();
  readonly #choices: Choices;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  /** The first row of the document that counts for the subject at a place; 0 where there is none. */
  documentAt(place: number): number {
    return this.documentOf(this.links.get(place));
  }

  /** The first row of the document that a link leads to; 0 where there is none. */
  documentOf(link: number): number {
    return link < 0 ? this.employers.firstRow(-link) : link;
  }

  /** Whether the subject at a place has a document of its own. */
  hasOwn(place: number): boolean {
    return this.links.get(place) > 0;
  }

  /** Gives a document to the user at a place that is led nowhere. */
  giveUser(place: number, document: EmailPreferences): void {
    const first = this.#choices.add(document);
    this.links.set(place, first);
    const isStopped = this.stopped.has(place);
    for (let row = first; row !== 0; row = this.#choices.next(row)) {
      this.rowsOfUsers.set(row);
      if (isStopped) this.rowsOfStopped.set(row);
    }
  }

  /** Gives a document to the organisation at a place that is led nowhere, and so to its heirs. */
  giveOrganisation(place: number, id: number, document: EmailPreferences): void {
    const first = this.#choices.add(document);
    this.links.set(place, first);
    const employer = this.employers.numberOf(id);
    this.employers.setFirstRow(employer, first);
    for (let row = first; row !== 0; row = this.#choices.next(row)) this.employerOfRow.set(row, employer);
    this.#markHeirs(employer);
  }

  /** Makes the user at a place that is led nowhere an heir of an organisation, whether that has a document or not. */
  inherit(place: number, organisation: number): void {
    const employer = this.employers.numberOf(organisation);
    this.links.set(place, -employer);
    this.#countHeirs(employer, 1, this.stopped.has(place) ? 0 : 1);
  }

  /** Leads a place nowhere. An organisation's heirs stay its heirs: it may choose anew. */
  release(place: number): void {
    const link = this.links.get(place);
    this.links.set(place, 0);
    if (link < 0) this.#countHeirs(-link, -1, this.stopped.has(place) ? 0 : -1);
    if (link > 0) this.#takeAway(link);
  }

  /** Says whether the address of the user at a place is stopped. */
  setStopped(place: number, isStopped: boolean): void {
    if (this.stopped.has(place) === isStopped) return;
    this.stopped.put(place, isStopped);
    const link = this.links.get(place);
    if (link < 0) this.#countHeirs(-link, 0, isStopped ? -1 : 1);
    for (let row = Math.max(0, link); row !== 0; row = this.#choices.next(row)) this.rowsOfStopped.put(row, isStopped);
  }

  get bytes(): number {
    const bits = [this.stopped, this.rowsOfUsers, this.rowsOfStopped, this.rowsWithHeirs];
    return [this.employers, this.links, this.employerOfRow, ...bits].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #takeAway(first: number): void {
    const employer = this.employerOfRow.get(first);
    for (let row = first; row !== 0; row = this.#choices.next(row)) {
      this.rowsOfUsers.clear(row);
      this.rowsOfStopped.clear(row);
      this.rowsWithHeirs.clear(row);
      this.employerOfRow.set(row, 0);
    }
    this.#choices.remove(first);
    if (employer !== 0) this.employers.setFirstRow(employer, 0);
  }

  #countHeirs(employer: number, heirs: number, awake: number): void {
    const before = this.employers.awake(employer);
    this.employers.count(employer, heirs, awake);
    if (before === 0 || before + awake === 0) this.#markHeirs(employer);
  }

  #markHeirs(employer: number): void {
    const hasHeirs = this.employers.awake(employer) > 0;
    for (let row = this.employers.firstRow(employer); row !== 0; row = this.#choices.next(row)) {
      this.rowsWithHeirs.put(row, hasHeirs);
    }
  }
}
