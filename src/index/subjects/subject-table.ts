import type { Subject } from "../../domain/subject.ts";
import { KeyTable } from "../arrays/key-table.ts";
import { Numbers } from "../arrays/numbers.ts";
import {
  kindOfKey,
  type SubjectKey,
  type SubjectKind,
  subjectOfKey,
  takeKey,
  writeName,
} from "../../domain/subject-key.ts";

/** Where each subject stands, and who stands there. */
export class SubjectTable {
  /** By place, where the name stands in the table; 0 where nobody has the place. */
  readonly #whereabouts = new Numbers();
  /** The places of names, counted from 1. */
  readonly #table = new KeyTable((value, whereabouts) => this.#whereabouts.set(value - 1, whereabouts));
  readonly #key = new Int32Array(3);
  #many = new Int32Array(0);

  get size(): number {
    return this.#table.size;
  }

  get bytes(): number {
    return this.#table.bytes + this.#whereabouts.bytes;
  }

  /** The number of pages that the places fill. */
  get pages(): number {
    return this.#whereabouts.pages;
  }

  placeOf(subject: Subject): number | undefined {
    takeKey(this.#key, subject);
    const key = this.#key;
    const value = this.#table.get(key[0] ?? 0, key[1] ?? 0, key[2] ?? 0);
    return value === 0 ? undefined : value - 1;
  }

  /**
   * The places of many, counted from 1, and 0 for whoever has none.
   *
   * @param keys three words each
   */
  placesOf(keys: Int32Array, count: number, places: Int32Array): void {
    this.#table.getMany(keys, count, places);
  }

  /** The place of a subject: the one given if it has none yet. */
  add(subject: Subject, place: number): number {
    takeKey(this.#key, subject);
    return this.addKey(this.#key[0] ?? 0, this.#key[1] ?? 0, this.#key[2] ?? 0, place);
  }

  /** As `add`, of the subject that has this key. */
  addKey(a: number, b: number, c: number, place: number): number {
    return this.#table.getOrSet(a, b, c, place + 1) - 1;
  }

  /** Forgets who stands at a place; false if nobody did. */
  remove(place: number): boolean {
    const whereabouts = this.#whereabouts.get(place);
    if (whereabouts === 0) return false;
    const table = this.#table;
    table.delete(table.wordAt(whereabouts, 0), table.wordAt(whereabouts, 1), table.wordAt(whereabouts, 2));
    this.#whereabouts.set(place, 0);
    return true;
  }

  /** Makes ready to find many quickly, in pieces; nothing may be put between two. */
  finish(): Generator<undefined, void> {
    return this.#table.settle();
  }

  kindAt(place: number): SubjectKind | undefined {
    const whereabouts = this.#whereabouts.get(place);
    return whereabouts === 0 ? undefined : kindOfKey(this.#table.wordAt(whereabouts, 2));
  }

  /** Who stands at a place. */
  subjectAt(place: number): Subject | undefined {
    const key = this.#keyAt(place);
    return subjectOfKey(key[0] ?? 0, key[1] ?? 0, key[2] ?? 0);
  }

  /**
   * Writes the name of who stands at a place.
   *
   * @param to with room for `nameBytes` from `at` on
   * @returns where the name ends; `at` when nobody stands there
   */
  writeName(place: number, to: Uint8Array, at: number): number {
    const key = this.#keyAt(place);
    return writeName(key[0] ?? 0, key[1] ?? 0, key[2] ?? 0, to, at);
  }

  /**
   * The keys of who stands at some places. The places are looked up before the first key is read, and the keys before any is
   * needed: no read waits for another.
   *
   * @param places counted from 1; where nobody stands the key is 0, 0, 0
   * @param keys three words each
   */
  keysOf(places: Int32Array, count: number, keys: Int32Array): void {
    if (this.#many.length < count) this.#many = new Int32Array(count);
    const many = this.#many;
    for (let index = 0; index < count; index += 1) many[index] = this.#whereabouts.get((places[index] ?? 0) - 1);
    this.#table.readKeys(many, count, keys);
  }

  /** Overwritten by the next call. */
  #keyAt(place: number): SubjectKey {
    this.#table.readKey(this.#whereabouts.get(place), this.#key, 0);
    return this.#key;
  }
}
