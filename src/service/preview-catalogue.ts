import { openCatalogue } from "../domain/catalogue.ts";
import { checkCatalogue } from "../domain/catalogue-check.ts";
import {
  type CatalogueChanges,
  type ChangedCell,
  changesBetween,
  type Shift,
  shiftOf,
  shifts,
} from "../domain/catalogue-effect.ts";
import type { Retirement } from "../domain/catalogue-names.ts";
import type { Recorded } from "../domain/change.ts";
import type { CustomerPreferences } from "../domain/customer-preferences.ts";
import type { ContactFacts } from "../domain/decide-contact.ts";
import type { EmailPreferences } from "../domain/email-preferences.ts";
import { limits } from "../domain/limits.ts";
import { markIn, markingStream } from "../domain/stream.ts";
import type { AddressSuppressions } from "../domain/suppression.ts";
import {
  type CatalogueInForce,
  conflictBetween,
  isSameCatalogue,
  readCatalogue,
  rejectConflict,
  samplesMax,
} from "./catalogue.ts";
import { markOf } from "./mark.ts";
import { type Outcome, rejected } from "./outcome.ts";
import type { Records } from "./store.ts";
import { nextTurn } from "./turns.ts";

/** What a preview of a catalogue rests on. Nothing in it can be written. */
export interface Previewing {
  readonly records: Pick<Records, "everyPreferences" | "everySuppressed" | "newest">;
  readonly catalogue: CatalogueInForce;
  /** The instant at which the catalogues are compared, in milliseconds since 1970. */
  readonly at: number;
  /** Called again and again while it counts; it throws where nobody waits for the answer any more. */
  readonly goOn?: () => void;
}

/** How many there are, and the first of them in the order in which they first came. */
export interface Counted {
  readonly count: number;
  readonly samples: readonly string[];
}

/** What becomes of the customers in a cell. */
export type CellEffect = Pick<ChangedCell, "category" | "channel"> & Readonly<Record<Shift, Counted>>;

/** Whom the retirement of a name concerns, or the end of it: those whose own preferences mention it. */
export type NameEffect = Retirement & { readonly documents: Counted };

/** What another catalogue would do. */
export interface CatalogueEffect {
  /** The version in force. */
  readonly inForce: number;
  /** The version that would be; the one in force itself, where it is the same catalogue. */
  readonly version: number;
  /** RFC 3339: the instant at which the two were compared. */
  readonly at: string;
  /** Those in which anybody is concerned, in the order of the catalogue. */
  readonly cells: readonly CellEffect[];
  /** Every name of content that is retired or offered again, also where nobody mentions it. */
  readonly names: readonly NameEffect[];
}

/**
 * Tells what putting a catalogue in force would do, and records nothing. What is recorded while it counts may be counted,
 * or not.
 *
 * @returns the effect, or what `applyCatalogue` would reject it with
 */
export async function previewCatalogue(previewing: Previewing, value: unknown): Promise<Outcome<CatalogueEffect>> {
  const { records, catalogue, at } = previewing;
  const checked = checkCatalogue(value);
  if ("faults" in checked) return rejected("catalogue-invalid", checked.faults);
  const next = checked.catalogue;
  const change = await readCatalogue(records, catalogue);
  const conflict = isSameCatalogue(change.document, next) ? undefined : conflictBetween(change.document, next);
  if (conflict !== undefined) return rejectConflict(records, next, conflict);
  const changes = changesBetween(catalogue.at(change), openCatalogue(next));
  const effect = await countEffect(previewing, changes);
  const versions = { inForce: change.document.version, version: next.version };
  return { value: { ...versions, at: new Date(at).toISOString(), ...effect } };
}

/** Goes through what every subject has chosen, unless nothing that anybody may have chosen has changed. */
async function countEffect(
  { records, at, goOn }: Previewing,
  changes: CatalogueChanges,
): Promise<Pick<CatalogueEffect, "cells" | "names">> {
  const effect = new Effect(changes);
  if (changes.cells.length === 0 && changes.names.length === 0) return effect.told();
  const suppressionsOf = changes.cells.length === 0 ? nothingStopped : await readStops(records);
  let sliceEnd = performance.now() + limits.sliceMs;
  for await (const change of records.everyPreferences()) {
    const recorded = change as Recorded<CustomerPreferences | EmailPreferences>;
    if ("selections" in recorded.document) {
      const preferences = { document: recorded.document, position: recorded.position };
      effect.addCustomer(change.stream, { preferences, suppressionsOf, at });
    } else {
      effect.addDocument(change.stream, recorded.document);
    }
    if (performance.now() < sliceEnd) continue;
    goOn?.();
    await nextTurn();
    sliceEnd = performance.now() + limits.sliceMs;
  }
  return effect.told();
}

type Stops = ContactFacts["suppressionsOf"];

const nothingStopped: Stops = () => undefined;

/** All that is stopped now, so that it is not looked up for each customer. Most are alike, and are kept once. */
async function readStops(records: Previewing["records"]): Promise<Stops> {
  const [marking] = await records.newest([markingStream]);
  if (marking === undefined) return nothingStopped;
  const byMark = new Map<string, AddressSuppressions>();
  const alike = new Map<string, AddressSuppressions>();
  for await (const { stream, document } of records.everySuppressed()) {
    if (document.suppressions.length === 0) continue;
    const key = JSON.stringify(document.suppressions.map(({ channel }) => channel ?? null));
    if (!alike.has(key)) alike.set(key, document);
    byMark.set(markIn(stream), alike.get(key) ?? document);
  }
  return byMark.size === 0 ? nothingStopped : (normal) => byMark.get(markOf(marking.document, normal));
}

interface Tally {
  count: number;
  readonly samples: string[];
}

/** What was counted so far. */
class Effect {
  readonly #changes: CatalogueChanges;
  readonly #cells: ReadonlyMap<ChangedCell, Readonly<Record<Shift, Tally>>>;
  readonly #names: ReadonlyMap<Retirement, Tally>;

  constructor(changes: CatalogueChanges) {
    this.#changes = changes;
    this.#cells = new Map(changes.cells.map((cell) => [cell, noShifts()]));
    this.#names = new Map(changes.names.map((name) => [name, nobody()]));
  }

  addCustomer(subject: string, facts: Omit<ContactFacts, "words">): void {
    for (const cell of this.#changes.cellsFor(facts.preferences?.document.selections ?? [])) {
      const shift = shiftOf(cell, facts);
      if (shift !== undefined) add(this.#cells.get(cell)?.[shift], subject);
    }
  }

  addDocument(subject: string, document: EmailPreferences): void {
    for (const name of this.#changes.namesIn(document)) add(this.#names.get(name), subject);
  }

  told(): Pick<CatalogueEffect, "cells" | "names"> {
    const cells = [...this.#cells].map(([{ category, channel }, tallies]) => ({ category, channel, ...tallies }));
    return {
      cells: cells.filter((cell) => shifts.some((shift) => cell[shift].count > 0)),
      names: [...this.#names].map(([name, documents]) => ({ ...name, documents })),
    };
  }
}

function nobody(): Tally {
  return { count: 0, samples: [] };
}

function noShifts(): Readonly<Record<Shift, Tally>> {
  return { begin: nobody(), cease: nobody(), later: nobody(), sooner: nobody() };
}

function add(tally: Tally | undefined, subject: string): void {
  if (tally === undefined) return;
  tally.count += 1;
  if (tally.samples.length < samplesMax) tally.samples.push(subject);
}
