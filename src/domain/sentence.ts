import type { Word } from "./catalogue.ts";
import { limits } from "./limits.ts";

const listedMax = 20;

/**
 * A text that was sent, as a message may begin with it: in quotes and cut short. What might be an address, sent in the
 * wrong place, is left out: the place says enough.
 */
export function quoted(text: string): string {
  if (/@|\d(?:[\s().-]*\d){5}/.test(text)) return "";
  const { echoedCharacters } = limits;
  return `${JSON.stringify(text.length > echoedCharacters ? `${text.slice(0, echoedCharacters)}…` : text)} `;
}

/** Names of ours, as a message lists them; of a long list, its beginning. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const shown = names.slice(0, listedMax).map((name) => JSON.stringify(name));
  return names.length > listedMax ? `${shown.join(", ")} and ${names.length - listedMax} more` : shown.join(", ");
}

/** Says that a text that was sent is none of the catalogue's names, and which may be chosen. */
export function notOneOf(text: string, what: string, words: Iterable<Word>): string {
  const usable = [...words].filter((word) => !word.retired).map((word) => word.name);
  return `${quoted(text)}is no ${what} of the catalogue, which has ${listed(usable)}`;
}

/** Says that a name of the catalogue is retired. */
export function isRetired(what: string, name: string): string {
  return `the ${what} ${listed([name])} is retired: what was chosen under it stays, but nothing new is taken`;
}
