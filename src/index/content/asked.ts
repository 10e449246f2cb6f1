import type { CatalogueWords } from "../../domain/catalogue.ts";
import type { ContentReason } from "../../domain/decide-content.ts";
import type { AlertQuestion, ModuleQuestion } from "../../domain/question.ts";
import type { BriefDecision } from "../../service/decision-index.ts";
import { Bits } from "../arrays/bits.ts";
import type { Choices } from "./choices.ts";
import { LabelMatch } from "./wishes.ts";

/** The numbers of the answers that every content question has. */
export const neverAsked = 0;
export const suppressed = 1;

/** A frequency at which something is sent, and the rows that have it. Alerts have none: all rows are one share. */
export interface Share {
  readonly frequency?: string;
  readonly rows: Bits;
}

/** A content question asked of documents. Whose they are, and which addresses are stopped, does not come into it. */
export interface Asked {
  readonly about: "module" | "alert";
  /** Everything that may be answered, `never-asked` and `suppressed` first. */
  readonly answers: readonly BriefDecision[];
  /** Which of the answers the document gives whose first row this is; 0 stands for no document. */
  answerOf(first: number): number;
  /** The rows that match, at most one a document, whatever their frequency. Written anew by the next call. */
  matching(): Bits;
  /** Something is sent because of each row that matches and is in one of these; it is in one at most. */
  readonly shares: readonly Share[];
}

/** The number of the share that a row is in. */
export function shareOf(shares: readonly Share[], row: number): number | undefined {
  for (let share = 0; share < shares.length; share += 1) if (shares[share]?.rows.has(row)) return share;
  return undefined;
}

/** An item of a module. The order of its reasons is that of domain/decide-content.ts. */
export class AskedOfModule implements Asked {
  readonly about = "module";
  readonly answers: readonly BriefDecision[];
  readonly shares: readonly Share[];
  readonly #choices: Choices;
  readonly #governing: Bits;
  readonly #off: Bits;
  readonly #isRetired: boolean;
  readonly #match: LabelMatch;
  readonly #matching = new Bits();
  #asOf = -1;

  /** @param words the catalogue that the question was held against */
  constructor(choices: Choices, { module, labels }: ModuleQuestion, { frequencies }: CatalogueWords) {
    const live = frequencies.entries.filter(({ name, retired }) => !retired && name !== "Never");
    this.shares = live.map(({ name }) => ({ frequency: name, rows: choices.wishes.frequencies.of(name) }));
    this.answers = [
      ...withheld.map((reason): BriefDecision => ({ verdict: "withhold", reason })),
      ...live.map(({ name }): BriefDecision => ({ verdict: "send", reason: "matched", frequency: name })),
    ];
    this.#choices = choices;
    this.#governing = choices.governing.of(module.name);
    this.#off = choices.off.of(module.name);
    this.#isRetired = module.retired;
    this.#match = new LabelMatch(choices.wishes, labels);
  }

  answerOf(first: number): number {
    for (let row = first; row !== 0; row = this.#choices.next(row)) {
      if (this.#governing.has(row)) return this.#answerOfWish(row);
    }
    return first !== 0 && this.#off.has(first) ? moduleOff : neverAsked;
  }

  matching(): Bits {
    if (this.#isRetired || this.#asOf === this.#choices.changes) return this.#matching;
    for (let page = 0; page < this.#governing.pages; page += 1) {
      this.#match.find(this.#matching.open(page), this.#governing, page);
    }
    this.#asOf = this.#choices.changes;
    return this.#matching;
  }

  #answerOfWish(row: number): number {
    if (this.#isRetired) return moduleOff;
    const share = shareOf(this.shares, row);
    if (share === undefined) return never;
    if (!this.#choices.wishes.choosing.has(row)) return noMetadataChosen;
    return this.#match.matches(row) ? withheld.length + share : metadataMismatch;
  }
}

/** By their number: why an item of a module is withheld. */
const withheld = [
  "never-asked",
  "suppressed",
  "module-off",
  "never",
  "no-metadata-chosen",
  "metadata-mismatch",
] as const satisfies readonly ContentReason[];
const moduleOff = 2;
const never = 3;
const noMetadataChosen = 4;
const metadataMismatch = 5;

/** An alert. */
export class AskedOfAlert implements Asked {
  readonly about = "alert";
  readonly answers: readonly BriefDecision[] = [
    { verdict: "withhold", reason: "never-asked" },
    { verdict: "withhold", reason: "suppressed" },
    { verdict: "withhold", reason: "alert-off" },
    { verdict: "send", reason: "alert-on" },
  ];
  readonly #on: Bits;
  readonly #off: Bits;
  readonly shares: readonly Share[];
  readonly #isRetired: boolean;

  constructor(choices: Choices, { alertService }: AlertQuestion) {
    this.#on = choices.alertOn.of(alertService.name);
    this.#off = choices.alertOff.of(alertService.name);
    this.#isRetired = alertService.retired;
    this.shares = [{ rows: this.#on }];
  }

  answerOf(first: number): number {
    if (first === 0) return neverAsked;
    if (this.#on.has(first)) return this.#isRetired ? alertOff : alertOn;
    return this.#off.has(first) ? alertOff : neverAsked;
  }

  matching(): Bits {
    return this.#isRetired ? nobody : this.#on;
  }
}

const alertOff = 2;
const alertOn = 3;
const nobody = new Bits();
