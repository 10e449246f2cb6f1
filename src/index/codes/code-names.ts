import type { CatalogueWords } from "../../domain/catalogue.ts";
import type { SlotNames } from "../../domain/choices.ts";
import { nameCode } from "../../service/change-code.ts";

/** A metadata node and one of its labels. */
export interface LabelNames {
  readonly node: string;
  readonly label: string;
}

/**
 * More slots, or labels, than these are not numbered: of so many, two have the same number in one catalogue of twenty, and
 * to number them would hold up everybody else.
 */
const namesMost = 20_000;

/** What the numbers in codes stand for: names of a catalogue, which has every name that was ever chosen. */
export class CodeNames {
  readonly slots: ReadonlyMap<number, SlotNames>;
  readonly labels: ReadonlyMap<number, LabelNames>;
  /** Frequencies, modules and alert services. */
  readonly words: ReadonlyMap<number, string>;

  private constructor(
    slots: ReadonlyMap<number, SlotNames>,
    labels: ReadonlyMap<number, LabelNames>,
    words: ReadonlyMap<number, string>,
  ) {
    this.slots = slots;
    this.labels = labels;
    this.words = words;
  }

  /** @returns undefined when codes cannot be read by this catalogue: it has too many names, or two with the same number */
  static of({ catalogue }: CatalogueWords): CodeNames | undefined {
    const { alertServices, categories, channels, frequencies, modules, nodes, types } = catalogue;
    if (categories.length * channels.length * types.length > namesMost) return undefined;
    const slots = categories.flatMap(({ name: category }) =>
      channels.flatMap(({ name: channel }) => types.map(({ name: type }) => ({ category, channel, type }))),
    );
    const labels = nodes.flatMap(({ name: node, labels: all }) => all.map(({ name: label }) => ({ node, label })));
    if (labels.length > namesMost) return undefined;
    const words = new Set([...frequencies, ...modules, ...alertServices].map(({ name }) => name));
    const slotsByCode = numbered(slots, ({ category, channel, type }) => nameCode(category, channel, type));
    const labelsByCode = numbered(labels, ({ node, label }) => nameCode(node, label));
    const wordsByCode = numbered([...words], (word) => nameCode(word));
    return slotsByCode && labelsByCode && wordsByCode && new CodeNames(slotsByCode, labelsByCode, wordsByCode);
  }
}

function numbered<Named>(named: readonly Named[], code: (one: Named) => number): Map<number, Named> | undefined {
  const numbers = new Map(named.map((one) => [code(one), one]));
  return numbers.size === named.length ? numbers : undefined;
}
