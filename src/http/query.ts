import { limits } from "../domain/limits.ts";
import { echoed } from "../domain/sentence.ts";
import { type Call, type PlacedFault, Refusal } from "./route.ts";

/** Reads the parameters of a query one by one and gathers what is wrong with them. */
export class Query {
  readonly #query: Call["query"];
  readonly #faults: PlacedFault[] = [];

  constructor({ query }: Pick<Call, "query">) {
    this.#query = query;
  }

  /** A whole number from `least` to `most` in decimal digits; `standard` when it is not there. */
  number(name: string, standard: number, least: number, most: number): number {
    const text = this.#query[name];
    if (text === undefined) return standard;
    const value = typeof text === "string" && /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (value >= least && value <= most) return value;
    this.#report(name, `must be a whole number from ${least} to ${most}`);
    return standard;
  }

  /** What a reader makes of a text that stands there once; undefined when it is not there. */
  text<Value>(name: string, read: (text: string) => Value | { readonly fault: string }): Value | undefined {
    const text = this.#query[name];
    if (text === undefined) return undefined;
    const value = typeof text === "string" ? read(text) : { fault: "stands there more than once; send it once" };
    if (typeof value !== "object" || value === null || !("fault" in value)) return value;
    this.#report(name, value.fault);
    return undefined;
  }

  /** Takes no others than these: a misspelt one would be passed over, and another question answered than was asked. */
  takeOnly(...known: readonly string[]): this {
    for (const name of Object.keys(this.#query)) {
      if (known.includes(name)) continue;
      this.#faults.push({
        problem: "member-unknown",
        place: echoed(name),
        message: `is not known here; known: ${known.join(", ") || "none"}`,
      });
    }
    return this;
  }

  /** @throws Refusal with every fault, as far as they are listed, each with its parameter */
  refuseFaults(): void {
    if (this.#faults.length > 0) throw new Refusal("invalid", this.#faults.slice(0, limits.listedFaults));
  }

  #report(name: string, message: string): void {
    this.#faults.push({ problem: "value-invalid", place: name, message });
  }
}
