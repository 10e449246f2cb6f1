import type { EmailPreferences, NodeChoice } from "../../src/domain/email-preferences.ts";
import type { ModuleQuestion } from "../../src/domain/question.ts";
import { documentOf, labelNumber } from "./match-model.ts";

/** What a document asks for under a frequency, and for which modules that counts. */
export interface Wish {
  readonly frequency: string;
  readonly nodes: readonly NodeChoice[];
  readonly modules: readonly string[];
}

/** Every wish of so many subjects' documents, one after the other: that for the whole, then those of `Custom` modules. */
export function* wishesOf(subjects: number): Generator<Wish> {
  for (let number = 0; number < subjects; number += 1) yield* wishesIn(documentOf(number));
}

function wishesIn({ frequency, modules, nodes }: EmailPreferences): Wish[] {
  const included = modules.filter(({ preference }) => preference === "Include");
  const custom = modules.filter(({ preference }) => preference === "Custom");
  return [
    { frequency, nodes, modules: included.map(({ name }) => name) },
    ...custom.map((own) => ({ frequency: own.frequency ?? "", nodes: own.nodes ?? [], modules: [own.name] })),
  ];
}

/** The numbers of an item's labels. */
export function labelsOf({ labels }: ModuleQuestion): number[] {
  return [...labels].flatMap(([node, names]) => [...names].map((name) => labelNumber(node, name)));
}
