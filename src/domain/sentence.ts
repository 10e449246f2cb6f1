import type { Word } from "./catalogue.ts";
import { limits } from "./limits.ts";

const listedMax = 20;

/** An `@`, or six digits without a letter between them. */
const addressLike = /@|\d(?:[^\p{L}\d]*\d){5}/u;

/** Control and format characters, surrogates and separators: nothing of the kind is repeated to anybody. */
const unshowable = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * A text that was sent, as a message or a place may repeat it: at most `limits.echoedCharacters` long and of visible
 * characters only. What might be an address, sent in the wrong place, is left out: it becomes `…`.
 */
export function echoed(text: string): string {
  if (addressLike.test(text)) return "…";
  const { echoedCharacters } = limits;
  const characters = Array.from(text.slice(0, 2 * echoedCharacters + 1));
  const beginning = visible(characters.slice(0, echoedCharacters).join(""));
  return characters.length > echoedCharacters ? `${beginning}…` : beginning;
}

/** A text with nothing in it that a terminal would obey, or that would hide how the rest reads. */
export function visible(text: string): string {
  return text.replace(unshowable, "\ufffd");
}

/** A text that was sent, as a message may begin with it: in quotes. */
export function quoted(text: string): string {
  return `${JSON.stringify(echoed(text))} `;
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
