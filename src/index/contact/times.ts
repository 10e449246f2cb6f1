import { expiryOf } from "../../domain/expiry.ts";
import type { ContactQuestion } from "../../domain/question.ts";
import type { CatalogueWords } from "../../domain/catalogue.ts";
import { allowedFrom, countriesCount, zonesOfCountries } from "../../domain/quiet-hours.ts";
import type { ContactCell } from "./cell.ts";
import { clockNumber } from "./judge.ts";
import type { CountryLists } from "./country-lists.ts";
import type { MovingEntry } from "./judged-patterns.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** The first day, counted from 1970, that a Date can show. */
const firstDay = -100_000_000;

/** What the clock says about a question at one instant. */
export class ContactTimes {
  readonly at: number;
  readonly timeZone: string | undefined;
  /** Whether it is quiet hours for everybody, or for nobody; undefined where that depends on the number. */
  readonly quiet: boolean | undefined;
  readonly #cell: ContactCell;
  readonly #countries: CountryLists;
  readonly #expiry: Expiry | undefined;
  readonly #quiet: (countries: readonly string[]) => boolean;
  /** By the number of a list of countries, whether it is quiet there; undefined where nobody looked yet. */
  readonly #quietByList: boolean[] = [];

  constructor(
    question: ContactQuestion,
    words: CatalogueWords,
    at: number,
    cell: ContactCell,
    countries: CountryLists,
  ) {
    const { category, channel, timeZone } = question;
    const { expiresAfter, quietHours = {} } = category;
    const hours = Object.hasOwn(quietHours, channel.name) ? quietHours[channel.name] : undefined;
    const asked = { ...question, timeZones: words.catalogue.timeZones };
    this.at = at;
    this.timeZone = timeZone;
    this.#cell = cell;
    this.#countries = countries;
    this.#expiry = expiresAfter === undefined ? undefined : new Expiry(expiresAfter, at);
    this.#quiet = (list) => hours !== undefined && allowedFrom(hours, zonesOfCountries(list, asked), at) !== at;
    this.quiet = hours !== undefined && countriesCount(asked) ? undefined : this.#quiet([]);
  }

  /** What the clock makes of one selection of the customer at a place. */
  answerTo({ type, answers }: MovingEntry, place: number): number {
    const isExpired = this.#expiry?.isOver(this.#cell.datesOf(type)?.get(place) ?? Number.NaN) ?? false;
    return answers[clockNumber(isExpired, this.#isQuiet(this.#cell.countriesOf(type)?.get(place) ?? 0))] ?? 0;
  }

  #isQuiet(list: number): boolean {
    return (this.#quietByList[list] ??= this.#quiet(this.#countries.at(list)));
  }
}

/** Which consents are over at one instant, as `expiryOf` has it. */
export class Expiry {
  readonly #duration: string;
  readonly #at: number;
  /** Consents before this instant are over. */
  readonly #over: number;
  /** Consents from this instant on are not. */
  readonly #open: number;

  /**
   * A consent is kept by whole days and its time of day: so of all consents of earlier days none is over later, and the
   * days on which it depends on the time of day lie together.
   */
  constructor(duration: string, at: number) {
    this.#duration = duration;
    this.#at = at;
    const ends = (day: number) => expiryOf(day * dayMs, duration);
    this.#over = firstDayWhere((day) => !(ends(day) + dayMs - 1 <= at), at) * dayMs;
    this.#open = firstDayWhere((day) => ends(day) > at, at) * dayMs;
  }

  /** @param consent in milliseconds since 1970; NaN for one without a date */
  isOver(consent: number): boolean {
    if (consent < this.#over) return true;
    if (consent >= this.#open) return false;
    return !(this.#at < expiryOf(consent, this.#duration));
  }
}

/** The first day for which something holds that holds from some day up to `at` on. */
function firstDayWhere(holds: (day: number) => boolean, at: number): number {
  let [before, day] = [firstDay - 1, Math.floor(at / dayMs) + 1];
  while (day - before > 1) {
    const middle = Math.floor((before + day) / 2);
    if (holds(middle)) day = middle;
    else before = middle;
  }
  return day;
}
