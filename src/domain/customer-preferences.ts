import { addressForms, normalForm } from "./address.ts";
import {
  type CatalogueWords,
  type Category,
  type Placed,
  type SelectionType,
  slotNumber,
  type Word,
} from "./catalogue.ts";
import type { Fault, Path } from "./fault.ts";
import type { ProblemName } from "./problem.ts";
import { isRetired, listed, notOneOf } from "./sentence.ts";

/** Yes or no. The third state, never asked, is the absence of a choice. */
export type Choice = "opted-in" | "opted-out";

/** One address a customer chose for a category on a channel. Its slot is (category, channel, type). */
export interface Selection {
  readonly category: string;
  readonly channel: string;
  readonly choice: Choice;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly modifiedAt: string;
  readonly modifiedBy: string;
  /** The address in its comparable form: E.164, or lower-case e-mail. */
  readonly normal: string;
  readonly type: string;
  /** There while an opted-in choice still waits to be confirmed at its address; nothing asks for that yet. */
  readonly unconfirmed?: true;
  /** The address as it was given. */
  readonly value: string;
}

/** All that one customer has chosen, in the order in which the slots first came. */
export interface CustomerPreferences {
  readonly selections: readonly Selection[];
}

export interface WishedSelection {
  readonly type: string;
  readonly value: string;
  readonly choice: Choice;
}

/** What a PUT asks for, in the nesting in which it was sent. */
export interface CustomerWish {
  readonly preferences: readonly {
    readonly category: string;
    readonly channels: readonly {
      readonly name: string;
      readonly selections: readonly WishedSelection[];
    }[];
  }[];
}

export interface SettlingContext {
  readonly words: CatalogueWords;
  /** Who is recorded as having created or modified what is new. */
  readonly actor: string;
  /** When, in RFC 3339. */
  readonly at: string;
  /** Whether slots that the wish does not mention are dropped. */
  readonly replace: boolean;
}

/**
 * What a customer's preferences become by a wish.
 *
 * A slot that is sent back as it is keeps everything, also where the catalogue has retired or changed its names since;
 * so does one whose address is only spelt differently, but for the spelling. What exists may always be turned to
 * opted-out. Anything else has to be valid under the catalogue of today. Slots keep their place; new ones follow.
 *
 * @returns the current document itself when nothing differs, or every fault of the wish
 */
export function settleCustomerWish(
  current: CustomerPreferences | undefined,
  wish: CustomerWish,
  context: SettlingContext,
): { readonly document: CustomerPreferences } | { readonly faults: readonly Fault[] } {
  const before = current?.selections ?? [];
  const settling: Settling = {
    context,
    before,
    slots: before.map((selection) => context.words.slot(selection) ?? -1),
    next: before.map(() => undefined),
    faults: [],
  };
  settleWish(settling, wish);
  if (settling.faults.length > 0) return { faults: settling.faults };
  const selections = putTogether(settling);
  const isSame = current !== undefined && isSameList(before, selections);
  return { document: isSame ? current : { selections } };
}

/** Selections in the order in which they are printed: that of the catalogue, whatever the order they came in. */
export function inPrintOrder(selections: readonly Selection[], words: CatalogueWords): readonly Selection[] {
  const numbered = selections.map((selection) => ({
    selection,
    slot: words.slot(selection) ?? Number.MAX_SAFE_INTEGER,
  }));
  return numbered.sort((a, b) => a.slot - b.slot).map(({ selection }) => selection);
}

/** A wish that is being settled. Slots stand by their numbers in lists side by side: a few numbers are found faster than by a Map. */
interface Settling {
  readonly context: SettlingContext;
  readonly before: readonly Selection[];
  /** The slots of `before`, -1 for one that this catalogue does not know, and of what the wish adds after them. */
  readonly slots: number[];
  /** What the wish makes of each of `slots`; undefined where it does not mention it. */
  readonly next: (Selection | undefined)[];
  readonly faults: Fault[];
}

/** The names around a selection, as far as the catalogue knows them. */
interface Names {
  readonly category: Placed<Category> | undefined;
  readonly channel: Placed<Word> | undefined;
  readonly type: Placed<SelectionType>;
}

/** The names around a selection, all of them in the catalogue. */
interface Slot extends Names {
  readonly category: Placed<Category>;
  readonly channel: Placed<Word>;
}

/** Paths are made where there is a fault only: making them cost as much as all the rest. */
function settleWish(settling: Settling, wish: CustomerWish): void {
  const { categories, channels, types } = settling.context.words;
  wish.preferences.forEach((preference, p) => {
    const category = categories.get(preference.category);
    if (category === undefined) {
      const message = notOneOf(preference.category, "category", categories.values());
      report(settling, "category-unknown", ["preferences", p, "category"], message);
    }
    preference.channels.forEach(({ name, selections }, c) => {
      const channel = channels.get(name);
      if (channel === undefined) {
        const message = notOneOf(name, "channel", channels.values());
        report(settling, "channel-unknown", ["preferences", p, "channels", c, "name"], message);
      }
      selections.forEach((wished, s) => {
        const type = types.get(wished.type);
        const path = (...member: Path): Path => ["preferences", p, "channels", c, "selections", s, ...member];
        if (type !== undefined) return settleSlot(settling, { category, channel, type }, wished, path);
        report(settling, "type-unknown", path("type"), notOneOf(wished.type, "selection type", types.values()));
      });
    });
  });
}

type PathOf = (...member: Path) => Path;

function settleSlot(settling: Settling, names: Names, wished: WishedSelection, path: PathOf): void {
  const { category, channel, type } = names;
  if (category === undefined || channel === undefined) {
    reportInvalid(settling, names, normalForm(type.kind, wished.value), path);
    return;
  }
  const slot: Slot = { category, channel, type };
  const number = slotNumber(settling.context.words.catalogue, category, channel, type);
  const place = settling.slots.indexOf(number);
  if (place === -1) {
    settling.slots.push(number);
    settling.next.push(settleSelection(settling, slot, wished, undefined, path));
  } else if (settling.next[place] === undefined && place < settling.before.length) {
    settling.next[place] = settleSelection(settling, slot, wished, settling.before[place], path);
  } else {
    report(
      settling,
      "slot-repeated",
      path(),
      "stands there twice; send one selection for a category, channel and type",
    );
  }
}

function settleSelection(
  settling: Settling,
  slot: Slot,
  wished: WishedSelection,
  before: Selection | undefined,
  path: PathOf,
): Selection | undefined {
  const { value, choice } = wished;
  if (before?.value === value && before.choice === choice) return before;
  const normal = before?.value === value ? before.normal : normalForm(slot.type.kind, value);
  if (before !== undefined && before.normal === normal) {
    if (before.choice === choice) return { ...before, value };
    if (choice === "opted-out") return changed(before, wished, normal, settling.context);
  }
  if (reportInvalid(settling, slot, normal, path) || normal === undefined) return undefined;
  return before ? changed(before, wished, normal, settling.context) : created(slot, wished, normal, settling.context);
}

/** Reports what speaks against something new in a slot; whether there was anything. */
function reportInvalid(
  settling: Settling,
  { category, channel, type }: Names,
  normal: string | undefined,
  path: PathOf,
): boolean {
  const { length } = settling.faults;
  if (category?.retired) report(settling, "name-retired", path(), isRetired("category", category.name));
  if (channel?.retired) report(settling, "name-retired", path(), isRetired("channel", channel.name));
  if (type.retired) report(settling, "name-retired", path("type"), isRetired("selection type", type.name));
  if (channel !== undefined && !type.channels.includes(channel.name)) {
    const message = `${listed([type.name])} does not go with ${listed([channel.name])}, but with ${listed(type.channels)}`;
    report(settling, "type-misplaced", path("type"), message);
  }
  if (normal === undefined) {
    const message = `must be ${addressForms[type.kind]}`;
    report(settling, "address-invalid", path("value"), message);
  }
  return settling.faults.length > length;
}

function created(
  { category, channel, type }: Slot,
  wished: WishedSelection,
  normal: string,
  { actor, at }: SettlingContext,
): Selection {
  return {
    category: category.name,
    channel: channel.name,
    choice: wished.choice,
    createdAt: at,
    createdBy: actor,
    modifiedAt: at,
    modifiedBy: actor,
    normal,
    type: type.name,
    value: wished.value,
  };
}

function changed(
  before: Selection,
  wished: WishedSelection,
  normal: string,
  { actor, at }: SettlingContext,
): Selection {
  const { value, choice } = wished;
  return { ...before, choice, modifiedAt: at, modifiedBy: actor, normal, value };
}

/** What was there keeps its place, unless it is dropped; what is new follows in the order of the wish. */
function putTogether({ context, before, next }: Settling): Selection[] {
  const selections: Selection[] = [];
  next.forEach((settled, place) => {
    const selection = settled ?? (context.replace ? undefined : before[place]);
    if (selection !== undefined) selections.push(selection);
  });
  return selections;
}

function isSameList(before: readonly Selection[], after: readonly Selection[]): boolean {
  return before.length === after.length && before.every((selection, index) => selection === after[index]);
}

function report(settling: Settling, problem: ProblemName, path: Path, message: string): void {
  settling.faults.push({ problem, path, message });
}
