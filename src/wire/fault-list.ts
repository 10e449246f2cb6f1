import type { Fault, Path } from "../domain/fault.ts";
import { limits } from "../domain/limits.ts";
import type { ProblemName } from "../domain/problem.ts";
import { echoed } from "../domain/sentence.ts";

/** Gathers what is wrong with one body: a place is named once, and the list does not grow without end. */
export class FaultList {
  readonly #words: ReadonlyMap<string, string>;
  readonly #faults: Fault[] = [];
  readonly #places = new Set<string>();
  #unlisted = 0;

  /** @param words the domain's words that have another name on the wire */
  constructor(words: ReadonlyMap<string, string>) {
    this.#words = words;
  }

  get isEmpty(): boolean {
    return this.#faults.length === 0;
  }

  add(problem: ProblemName, path: Path, message: string): void {
    const place = path.join("\n");
    if (path.length > 0 && this.#places.has(place)) return;
    if (this.#faults.length === limits.listedFaults) {
      this.#unlisted++;
      return;
    }
    this.#places.add(place);
    this.#faults.push({ problem, path, message: path.length === 0 ? `the body ${message}` : message });
  }

  /**
   * A member or element that the place around it does not have. When its name is a word of the domain, whose places
   * are printed by the wire's names, the place is the one around it.
   */
  addUnknown(around: Path, name: string, known: string): void {
    const echo = echoed(name);
    if (!this.#words.has(echo)) this.add("member-unknown", [...around, echo], `is not a member here; known: ${known}`);
    else this.add("member-unknown", around, `holds "${echo}", which is not a member here; known: ${known}`);
  }

  /** A member of JSON's outermost object other than the root member; places begin within that. */
  addBeside(root: string, name: string): void {
    this.add("member-unknown", [], `holds "${echoed(name)}", which is not a member here; known: ${root}`);
  }

  /** All faults; where there are more than are listed, a last one says how many. */
  list(): Fault[] {
    const last = this.#faults.at(-1);
    if (last === undefined || this.#unlisted === 0) return this.#faults;
    const message = `the body has ${this.#unlisted} more fault${this.#unlisted === 1 ? "" : "s"}`;
    return [...this.#faults, { problem: last.problem, path: [], message }];
  }
}
