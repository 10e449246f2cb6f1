import { countriesOfPhone } from "../../domain/address.ts";

/** The countries that phone numbers may belong to: few lists, each with a number. */
export class CountryLists {
  /** The first is that of addresses that belong to no country. */
  readonly #lists: (readonly string[])[] = [[]];
  readonly #numbers = new Map<string, number>([["", 0]]);

  /** @param normal an address in its normal form */
  numberOf(normal: string): number {
    const list = countriesOfPhone(normal);
    const name = list.join();
    const there = this.#numbers.get(name);
    if (there !== undefined) return there;
    this.#numbers.set(name, this.#lists.length);
    return this.#lists.push(list) - 1;
  }

  at(number: number): readonly string[] {
    return this.#lists[number] ?? [];
  }
}
