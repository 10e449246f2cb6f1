import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What a decision comes to, as data: a state, a question, the answer, and a title that says all three in plain words.
 * The rules, the service, its storages and its commands all have to answer so. The files are test/cases/*.json.
 */
export interface Case {
  readonly title: string;
  /** When it is asked; `askedAt` where it does not matter. */
  readonly now?: string;
  /** The directory, by subject. Whoever is not in it is unknown, which is no obstacle. */
  readonly users?: Readonly<Record<string, { readonly email: string; readonly organisation?: number }>>;
  /** What was chosen, by subject: a customer's selections, or an organisation's or a user's e-mail preferences. */
  readonly preferences?: Readonly<Record<string, readonly CaseSelection[] | CaseEmailPreferences>>;
  readonly suppressions?: readonly CaseSuppression[];
  /** What took the place of entries of the same name in the file's catalogue, once everything had been chosen. */
  readonly catalogueNow?: Readonly<Record<string, readonly CaseWord[]>>;
  /** The body of a question to the service, and of the answer. */
  readonly question: CaseQuestion;
  readonly answer: CaseAnswer;
}

/** An entry of a catalogue: its name, or its name and more. */
export type CaseWord = string | { readonly name: string };

export interface CaseSelection {
  readonly category: string;
  readonly channel: string;
  readonly type: string;
  readonly value: string;
  readonly choice: "opted-in" | "opted-out";
  /** When it was chosen; `chosenAt` where it does not matter. */
  readonly at?: string;
  /** Nothing in the service makes a selection so yet: only the rules can be asked this case. */
  readonly unconfirmed?: true;
}

export interface CaseEmailPreferences {
  readonly frequency: string;
  /** Labels by node. */
  readonly nodes?: CaseNodes;
  /** By name, `Include`, `Off`, or what makes it `Custom`. */
  readonly modules?: Readonly<Record<string, string | { readonly frequency: string; readonly nodes?: CaseNodes }>>;
  /** By name, `On` or `Off`. */
  readonly alertServices?: Readonly<Record<string, string>>;
}

export type CaseNodes = Readonly<Record<string, readonly string[]>>;

export interface CaseSuppression {
  readonly address: string;
  readonly channel?: string;
  readonly reason: string;
}

export interface CaseQuestion {
  readonly subject: string;
  readonly at?: string;
  readonly explain?: true;
  readonly category?: string;
  readonly channel?: string;
  readonly timeZone?: string;
  readonly module?: string;
  readonly metadata?: CaseNodes;
  readonly alertService?: string;
}

/** The answer but for `subject` and `change`; without `addresses` there are none. */
export interface CaseAnswer {
  readonly verdict: string;
  readonly reason: string;
  readonly addresses?: readonly { readonly value: string; readonly type: string }[];
  readonly notBefore?: string;
  readonly frequency?: string;
  readonly from?: string;
  /** With `explain`. */
  readonly selections?: readonly object[];
}

/** A file of cases, and the catalogue under which everything in them was chosen. */
export interface CaseFile {
  readonly name: string;
  readonly catalogue: Readonly<Record<string, unknown>> & { readonly version: number };
  readonly cases: readonly Case[];
}

/** When it is asked where a case does not say: by day all over the United States, and in Ireland. */
export const askedAt = "2026-11-02T18:00:00Z";
/** When it was chosen where a case does not say. */
export const chosenAt = "2026-10-01T12:00:00Z";

const folder = join(import.meta.dirname, "../cases");

/** Every file of cases there is. */
export const caseFiles: readonly CaseFile[] = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => {
    const read = JSON.parse(readFileSync(join(folder, file), "utf8")) as Omit<CaseFile, "name">;
    return { ...read, name: file.replace(".json", "") };
  });

/** The catalogue in force when a case is asked, to be checked: of the next version where the case changes it. */
export function catalogueNow({ catalogue }: CaseFile, { catalogueNow: changed }: Case): object {
  if (changed === undefined) return catalogue;
  const sections = Object.entries(changed).map(([section, words]) => {
    const before = (catalogue[section] ?? []) as readonly CaseWord[];
    return [section, before.map((word) => words.find((other) => nameOf(other) === nameOf(word)) ?? word)];
  });
  return { ...catalogue, ...Object.fromEntries(sections), version: catalogue.version + 1 };
}

function nameOf(word: CaseWord): string {
  return typeof word === "string" ? word : word.name;
}
