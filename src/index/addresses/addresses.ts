import type { AddressSuppressions, MarkKey } from "../../domain/suppression.ts";
import { type Marker, markerOf } from "../../service/mark.ts";
import { AddressBook } from "./address-book.ts";
import { KeyTable } from "../arrays/key-table.ts";

/** The first three words of a mark, each as its bytes stand there (big-endian). */
export type MarkWords = readonly [number, number, number];

/** Which addresses are stopped, and who has which; all of it by marks, none of which tells the address. */
export class Addresses {
  readonly #marker: Marker;
  /** By the first three words of a mark, the number of what stops it, counted from 1. */
  readonly #stopped = new KeyTable();
  readonly #stops = new KnownStops();
  readonly #book = new AddressBook();

  constructor(key: MarkKey) {
    this.#marker = markerOf(key);
  }

  get bytes(): number {
    return this.#stopped.bytes + this.#book.bytes;
  }

  /**
   * Says which addresses a place has, instead of those that it had.
   *
   * @param normals the addresses in their normal form, each once
   * @returns what stops each of them
   */
  put(place: number, normals: readonly string[]): readonly (AddressSuppressions | undefined)[] {
    return this.putMarked(
      place,
      normals.map((normal) => keyIn(this.#marker(normal))),
    );
  }

  /** As `put`, of addresses whose marks are known. */
  putMarked(place: number, marks: readonly MarkWords[]): readonly (AddressSuppressions | undefined)[] {
    const stops: (AddressSuppressions | undefined)[] = [];
    const signs: number[] = [];
    for (const [a, b, c] of marks) {
      stops.push(this.#stops.at(this.#stopped.get(a, b, c)));
      if (!signs.includes(signOf(a))) signs.push(signOf(a));
    }
    this.#book.set(place, signs);
    return stops;
  }

  /** Makes ready to find whose a stopped address is, in pieces; nothing may be put between two. */
  finish(): Generator<undefined, void> {
    return this.#book.fill();
  }

  /**
   * Takes in what stops the address of a mark.
   *
   * @returns the places of whoever may have the address, when that has changed
   */
  putStops(mark: string, document: AddressSuppressions): readonly number[] {
    const [a, b, c] = keyIn(Buffer.from(mark, "base64url"));
    const number = this.#stops.numberOf(document);
    if (this.#stopped.get(a, b, c) === number) return [];
    if (number === 0) this.#stopped.delete(a, b, c);
    else this.#stopped.set(a, b, c, number);
    return this.#book.placesWith(signOf(a));
  }
}

function keyIn(mark: Buffer): MarkWords {
  return [mark.readInt32BE(0), mark.readInt32BE(4), mark.readInt32BE(8)];
}

function signOf(word: number): number {
  return word === 0 ? 1 : word;
}

/** Everything that stops an address anywhere, apart from when and why: there is little that differs. */
class KnownStops {
  readonly #numbers = new Map<string, number>();
  readonly #documents: AddressSuppressions[] = [];

  /** 0 where nothing is stopped. */
  numberOf({ suppressions }: AddressSuppressions): number {
    if (suppressions.length === 0) return 0;
    const channels = [...new Set(suppressions.map(({ channel }) => channel))];
    const names = channels.map((channel) => (channel === undefined ? "" : JSON.stringify(channel)));
    const key = names.toSorted((one, other) => (one < other ? -1 : 1)).join();
    const there = this.#numbers.get(key);
    if (there !== undefined) return there;
    const number = this.#documents.push({ ever: channels.length, suppressions: channels.map(stopOf) });
    this.#numbers.set(key, number);
    return number;
  }

  at(number: number): AddressSuppressions | undefined {
    return number === 0 ? undefined : this.#documents[number - 1];
  }
}

function stopOf(channel: string | undefined, index: number): AddressSuppressions["suppressions"][number] {
  return { at: "", ...(channel !== undefined && { channel }), number: index + 1, reason: "manual" };
}
