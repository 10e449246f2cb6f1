import { isDeepStrictEqual } from "node:util";
import { type Catalogue, type CatalogueWords, openCatalogue } from "../domain/catalogue.ts";
import { checkCatalogue } from "../domain/catalogue-check.ts";
import {
  type CatalogueName,
  keyOf,
  namesUsedIn,
  type Replacement,
  removalFault,
  replaceCatalogue,
} from "../domain/catalogue-names.ts";
import { type Act, type Change, draft } from "../domain/change.ts";
import type { CustomerPreferences } from "../domain/customer-preferences.ts";
import type { EmailPreferences } from "../domain/email-preferences.ts";
import { catalogueStream } from "../domain/stream.ts";
import { type Outcome, type Rejection, rejected } from "./outcome.ts";
import type { Newest, Records, Step, Store } from "./store.ts";

/** Who records the catalogue at the first start: nobody asked for it, so the service itself did. */
const ownAct: Act = { actor: "saywhen", client: "saywhen" };

/** How many of those that are counted are named. */
export const samplesMax = 3;

/**
 * The catalogue, opened for look-ups once a version. Which one counts is what the log has at that moment, as another node
 * may have recorded a newer one: whoever asks for words hands in the change that was read with all else.
 */
export class CatalogueInForce {
  #change: Change<Catalogue>;
  #words: CatalogueWords;
  /** The last one that was opened without being in force here. */
  #beside: { readonly change: Change<Catalogue>; readonly words: CatalogueWords } | undefined;

  constructor(change: Change<Catalogue>) {
    this.#change = change;
    this.#words = openCatalogue(change.document);
  }

  /**
   * The words of the catalogue that was read, with whatever they are needed for; a newer one is in force from then on.
   *
   * @param change undefined where none was found: then those in force
   */
  at(change: Change<Catalogue> | undefined): CatalogueWords {
    if (change !== undefined) this.adopt(change);
    return this.#wordsOf(change);
  }

  /**
   * The words of the catalogue that the log has at the moment of a write: one that was recorded just before it counts,
   * although it is not in force yet, because it is not committed yet either.
   */
  wordsAt(newest: Newest): CatalogueWords {
    return this.#wordsOf(newest.change(catalogueStream));
  }

  /** The change that recorded the one in force here. */
  get change(): Change<Catalogue> {
    return this.#change;
  }

  /**
   * Puts a newer catalogue in force; an older one changes nothing, so the order in which calls arrive does not matter.
   * Another one in its very place is newer, too: the database was set back, and went on.
   */
  adopt(change: Change<Catalogue>): void {
    if (change.position < this.#change.position) return;
    this.#words = this.#wordsOf(change);
    this.#change = change;
  }

  /** Told by the change itself: what was not committed, or was lost with a database, leaves its position to another. */
  #wordsOf(change: Change<Catalogue> | undefined): CatalogueWords {
    if (change === undefined || isSame(change, this.#change)) return this.#words;
    if (this.#beside?.change !== change) this.#beside = { change, words: openCatalogue(change.document) };
    return this.#beside.words;
  }
}

/** What is read again is mostly the same object: then nothing is compared. */
function isSame(one: Change<Catalogue>, other: Change<Catalogue>): boolean {
  return one === other || (one.position === other.position && isDeepStrictEqual(one, other));
}

/** The catalogue that counts now, whichever node recorded it, with the change that did. */
export async function readCatalogue(
  store: Pick<Records, "newest">,
  inForce: CatalogueInForce,
): Promise<Change<Catalogue>> {
  const [newest] = await store.newest([catalogueStream]);
  return newest ?? inForce.change;
}

/**
 * The recorded catalogue. Where there is none, as at the first start, that of the file is recorded; later the file is
 * not even read.
 */
export async function loadCatalogue(store: Store, fromFile: () => Catalogue): Promise<CatalogueInForce> {
  const [recorded] = await store.newest([catalogueStream]);
  if (recorded !== undefined) return new CatalogueInForce(recorded);
  const document = fromFile();
  const step = (newest: Newest): Step<Change<Catalogue>> => {
    const earlier = newest.change(catalogueStream);
    if (earlier !== undefined) return { refuse: earlier };
    return { append: [draft(ownAct, "catalogue", catalogueStream, document)] };
  };
  const result = await store.append({ reads: [catalogueStream], step });
  return new CatalogueInForce("refused" in result ? result.refused : (result.changes[0] as Change<Catalogue>));
}

/** Puts another catalogue in force, or says why not; the one in force again is taken and changes nothing. */
export async function applyCatalogue(
  store: Store,
  inForce: CatalogueInForce,
  value: unknown,
  act: Act,
): Promise<Outcome<Change<Catalogue>>> {
  const checked = checkCatalogue(value);
  if ("faults" in checked) return rejected("catalogue-invalid", checked.faults);
  const next = checked.catalogue;
  const result = await store.append({ reads: [catalogueStream], step: replacingStep(next, act) });
  const outcome = "changes" in result ? { recorded: result.changes[0] as Change<Catalogue> } : result.refused;
  if ("conflict" in outcome) return rejectConflict(store, next, outcome.conflict);
  inForce.adopt(outcome.recorded);
  return { value: outcome.recorded };
}

type Stay = { readonly recorded: Change<Catalogue> } | { readonly conflict: Replacement };

/** The conditions are asked for inside the step: of two administrators who start from one version, one wins. */
function replacingStep(next: Catalogue, act: Act): (newest: Newest) => Step<Stay> {
  return (newest) => {
    const current = newest.change(catalogueStream);
    if (current !== undefined) {
      if (isSameCatalogue(current.document, next)) return { refuse: { recorded: current } };
      const conflict = conflictBetween(current.document, next);
      if (conflict !== undefined) return { refuse: { conflict } };
    }
    return { append: [draft(act, "catalogue", catalogueStream, next)] };
  };
}

/** The keys of both are in sorted order, so equal catalogues are equal texts. */
export function isSameCatalogue(one: Catalogue, other: Catalogue): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What speaks against putting another catalogue in the place of one; undefined where nothing does. */
export function conflictBetween(current: Catalogue, next: Catalogue): Replacement | undefined {
  const replacement = replaceCatalogue(current, next);
  return replacement.faults.length > 0 || replacement.removed.length > 0 ? replacement : undefined;
}

/** The same in words, with who uses the names that are gone. */
export async function rejectConflict(
  records: Pick<Records, "everyPreferences">,
  next: Catalogue,
  { faults, removed }: Replacement,
): Promise<{ readonly rejected: Rejection }> {
  const users = await usersOf(records, removed);
  const removals = removed.map((name) => removalFault(next, name, saysWho(users.get(keyOf(name)))));
  return rejected("catalogue-conflict", [...faults, ...removals]);
}

interface Users {
  count: number;
  readonly first: string[];
}

/** Who uses each of these names, by the name's key, as their newest preferences have it. */
async function usersOf(
  records: Pick<Records, "everyPreferences">,
  names: readonly CatalogueName[],
): Promise<Map<string, Users>> {
  const users = new Map(names.map((name): [string, Users] => [keyOf(name), { count: 0, first: [] }]));
  if (names.length === 0) return users;
  for await (const { stream, document } of records.everyPreferences()) {
    const used = new Set(namesUsedIn(document as CustomerPreferences | EmailPreferences).map(keyOf));
    for (const [key, found] of users) {
      if (!used.has(key)) continue;
      found.count += 1;
      if (found.first.length < samplesMax) found.first.push(stream);
    }
  }
  return users;
}

function saysWho(users: Users | undefined): string {
  if (users === undefined || users.count === 0) return "nobody uses it now";
  const more = users.count > users.first.length ? ", …" : "";
  return `${users.count} ${users.count === 1 ? "subject uses" : "subjects use"} it: ${users.first.join(", ")}${more}`;
}
