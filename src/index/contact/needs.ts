import type { CatalogueWords } from "../../domain/catalogue.ts";
import type { ContactQuestion } from "../../domain/question.ts";
import { countriesCount } from "../../domain/quiet-hours.ts";

/** What a catalogue needs to be known of each customer besides what was chosen. */
export class ContactNeeds {
  /** When each choice was made, by category. */
  readonly #dates: ReadonlySet<string>;
  /** The countries of each number, by category and channel. */
  readonly #countries: ReadonlySet<string>;
  /** What can be reached on each channel, whatever was chosen. */
  readonly reach: boolean;

  constructor({ catalogue }: CatalogueWords) {
    const { categories, timeZones } = catalogue;
    const asked = categories.filter(({ essential }) => !essential);
    this.#dates = new Set(asked.flatMap(({ name, expiresAfter }) => (expiresAfter === undefined ? [] : [name])));
    this.#countries = new Set(
      countriesCount({ timeZones })
        ? asked.flatMap(({ name, quietHours = {} }) =>
            Object.keys(quietHours).map((channel) => cellName(name, channel)),
          )
        : [],
    );
    this.reach = asked.length < categories.length;
  }

  dates(category: string): boolean {
    return this.#dates.has(category);
  }

  countries(category: string, channel: string): boolean {
    return this.#countries.has(cellName(category, channel));
  }

  /** Whether the countries of any numbers are. */
  get anyCountries(): boolean {
    return this.#countries.size > 0;
  }

  /** Whether all that another catalogue needs is among it. */
  cover(other: ContactNeeds): boolean {
    const [dates, countries] = [[...other.#dates], [...other.#countries]];
    const hasReach = this.reach || !other.reach;
    return hasReach && dates.every((one) => this.#dates.has(one)) && countries.every((one) => this.#countries.has(one));
  }

  /** Whether what a question rests on is among it, under the catalogue that the question was held against. */
  coverQuestion({ category, channel, timeZone }: ContactQuestion, words: CatalogueWords): boolean {
    if (category.essential) return this.reach;
    const { timeZones } = words.catalogue;
    const hasQuietHours = Object.hasOwn(category.quietHours ?? {}, channel.name);
    const rest = { timeZones, ...(timeZone !== undefined && { timeZone }) };
    const needsCountries = hasQuietHours && countriesCount(rest);
    return (
      (category.expiresAfter === undefined || this.dates(category.name)) &&
      (!needsCountries || this.countries(category.name, channel.name))
    );
  }
}

function cellName(category: string, channel: string): string {
  return JSON.stringify([category, channel]);
}
