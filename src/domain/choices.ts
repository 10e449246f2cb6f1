import type { Catalogue, SelectionType, Word } from "./catalogue.ts";
import type { CustomerPreferences, Selection } from "./customer-preferences.ts";
import { type SlotState, slotState } from "./differences.ts";

/** A customer's slot with what was chosen for it. */
export type SlotChoice = SlotNames & SlotState;

/** What names a customer's slot. */
export type SlotNames = Pick<Selection, "category" | "channel" | "type">;

/**
 * Every slot of the catalogue with a customer's choice, in the order of the catalogue: each category with each channel
 * and each type that goes with it. What the catalogue does not offer, or not any more, is there where it was chosen.
 *
 * @param catalogue undefined before there was one
 */
export function everyChoice(
  catalogue: Catalogue | undefined,
  document: CustomerPreferences | undefined,
): readonly SlotChoice[] {
  const chosen = new Map((document?.selections ?? []).map((selection) => [slotKey(selection), selection]));
  const choices: SlotChoice[] = [];
  const take = (names: SlotNames, isOffered: boolean): void => {
    const selection = chosen.get(slotKey(names));
    if (selection === undefined && !isOffered) return;
    choices.push({ ...names, ...slotState(selection) });
    chosen.delete(slotKey(names));
  };
  const pairs = catalogue === undefined ? [] : pairsOf(catalogue, document?.selections ?? []);
  for (const category of catalogue?.categories ?? []) {
    for (const { channel, type, isOffered } of pairs) {
      take({ category: category.name, channel, type }, isOffered && !category.retired);
    }
  }
  for (const { category, channel, type } of chosen.values()) take({ category, channel, type }, false);
  return choices;
}

/** What is equal for the names of one slot, and for no others. */
export function slotKey({ category, channel, type }: SlotNames): string {
  return JSON.stringify([category, channel, type]);
}

interface Pair {
  readonly channel: string;
  readonly type: string;
  readonly isOffered: boolean;
}

/** Each channel with each type that goes with it or was chosen on it, so that the rest is passed over but once. */
function pairsOf({ channels, types }: Catalogue, selections: readonly Selection[]): Pair[] {
  const chosen = new Set(selections.map(({ channel, type }) => JSON.stringify([channel, type])));
  return channels.flatMap((channel) =>
    types
      .map((type) => ({ channel: channel.name, type: type.name, isOffered: isOffered(channel, type) }))
      .filter((pair) => pair.isOffered || chosen.has(JSON.stringify([pair.channel, pair.type]))),
  );
}

function isOffered(channel: Word, type: SelectionType): boolean {
  return !channel.retired && !type.retired && type.channels.includes(channel.name);
}
