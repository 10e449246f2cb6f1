import type { CatalogueWords, Category, Channel, Placed } from "./catalogue.ts";
import { keyOf, namesUsedIn, type Retirement, retirementsBetween } from "./catalogue-names.ts";
import type { CustomerPreferences, Selection } from "./customer-preferences.ts";
import { type ContactFacts, decideContact } from "./decide-contact.ts";
import type { EmailPreferences } from "./email-preferences.ts";
import type { ContactQuestion } from "./question.ts";
import type { Verdict } from "./rule.ts";

/**
 * What another catalogue makes of a category on a channel for one customer, at one instant. To receive is `send` or
 * `defer`: what waits for the end of quiet hours goes out after all.
 *
 * `begin`: did not receive, and would. `cease`: received, and would not. `later`: receives at once, and would have to
 * wait. `sooner`: has to wait, and would receive at once.
 */
export const shifts = ["begin", "cease", "later", "sooner"] as const;

export type Shift = (typeof shifts)[number];

/** A category on a channel, with what was asked about it until now and what would be. */
export interface ChangedCell {
  readonly category: string;
  readonly channel: string;
  /** Undefined where the catalogue in force has no such cell: nobody receives anything of it. */
  readonly before: Asked | undefined;
  readonly after: Asked;
}

/** A contact question, held against a catalogue. */
interface Asked {
  readonly question: ContactQuestion;
  readonly words: CatalogueWords;
}

/** Where two catalogues differ in what is sent, and to whom. */
export interface CatalogueChanges {
  /** The cells whose rules differ, in the order of the next catalogue: only there may anybody's verdict be another. */
  readonly cells: readonly ChangedCell[];
  /** Names of content that are retired, or offered again, in the order of the next catalogue. */
  readonly names: readonly Retirement[];
  /** The cells of `cells` in which a customer with these selections may have another verdict; each once. */
  cellsFor(selections: readonly Selection[]): Iterable<ChangedCell>;
  /** The names of `names` that a document mentions. */
  namesIn(document: CustomerPreferences | EmailPreferences): readonly Retirement[];
}

/**
 * Finds where two catalogues differ in what is sent.
 *
 * @param next one that may take the place of `current`: it has all of its names
 */
export function changesBetween(current: CatalogueWords, next: CatalogueWords): CatalogueChanges {
  const cells = [...changedCells(current, next)];
  const names = retirementsBetween(current.catalogue, next.catalogue);
  const byKey = Map.groupBy(cells, ({ category, channel, before, after }) =>
    // What is essential goes to every address on the channel, whatever it was chosen for.
    isEssential(before) || isEssential(after) ? cellKey("", channel) : cellKey(category, channel),
  );
  return {
    cells,
    names,
    cellsFor: (selections) =>
      new Set(
        selections.flatMap(({ category, channel }) => [
          ...(byKey.get(cellKey(category, channel)) ?? []),
          ...(byKey.get(cellKey("", channel)) ?? []),
        ]),
      ),
    namesIn(document) {
      if (names.length === 0) return [];
      const used = new Set(namesUsedIn(document).map(keyOf));
      return names.filter((name) => used.has(keyOf(name)));
    },
  };
}

/** What becomes of a customer in a cell; undefined where the verdict stays. */
export function shiftOf(cell: ChangedCell, facts: Omit<ContactFacts, "words">): Shift | undefined {
  const before = verdictOn(cell.before, facts);
  const after = verdictOn(cell.after, facts);
  if (before === after) return undefined;
  if (before === "withhold") return "begin";
  if (after === "withhold") return "cease";
  return after === "defer" ? "later" : "sooner";
}

function verdictOn(asked: Asked | undefined, facts: Omit<ContactFacts, "words">): Verdict {
  return asked === undefined ? "withhold" : decideContact(asked.question, { ...facts, words: asked.words }).verdict;
}

function isEssential(asked: Asked | undefined): boolean {
  return asked?.question.category.essential ?? false;
}

/** Names have no line feeds in them, and none is empty. */
function cellKey(category: string, channel: string): string {
  return `${category}\n${channel}`;
}

function* changedCells(current: CatalogueWords, next: CatalogueWords): Generator<ChangedCell> {
  const rulesBefore = rulesReader(current, current);
  const rulesAfter = rulesReader(next, current);
  for (const category of next.categories.values()) {
    for (const channel of next.channels.values()) {
      const [known, over] = [current.categories.get(category.name), current.channels.get(channel.name)];
      // Nobody has an address on a channel that is new, and only what is essential reaches who did not choose it.
      if (over === undefined || (known === undefined && !category.essential)) continue;
      const before = known && rulesBefore(known, over);
      if (isSame(before, rulesAfter(category, channel))) continue;
      yield {
        category: category.name,
        channel: channel.name,
        before: known && { question: { about: "contact", category: known, channel: over }, words: current },
        after: { question: { about: "contact", category, channel }, words: next },
      };
    }
  }
}

/** All that the catalogue says about who receives in a cell; undefined where nothing is sent at all. */
type Rules = readonly unknown[] | undefined;

/** @param known the catalogue under which everything was chosen: nobody has an address of a type that it lacks */
function rulesReader(words: CatalogueWords, known: CatalogueWords) {
  const { types, timeZones } = words.catalogue;
  const live = types.filter(({ name, retired }) => !retired && known.types.has(name));
  const zones = JSON.stringify(timeZones);
  const typesOn = new Map(
    words.catalogue.channels.map(({ name }) => {
      const usable = live.filter(({ channels }) => channels.includes(name)).map((type) => type.name);
      return [name, usable.toSorted().join("\n")];
    }),
  );
  return (category: Placed<Category>, channel: Placed<Channel>): Rules => {
    if (!category.enabled || category.retired || channel.retired) return undefined;
    const { essential, expiresAfter, quietHours = {} } = category;
    const usable = typesOn.get(channel.name);
    if (essential) return [usable];
    const hours = Object.hasOwn(quietHours, channel.name) ? quietHours[channel.name] : undefined;
    return [usable, expiresAfter, hours, ...(hours === undefined ? [] : [channel.timeZone ?? "UTC", zones])];
  };
}

function isSame(one: Rules, other: Rules): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((part, index) => part === other[index]);
}
