import { type CatalogueWords, openCatalogue } from "../../src/domain/catalogue.ts";
import { checkCatalogue } from "../../src/domain/catalogue-check.ts";
import type { EmailPreferences, ModuleChoice, NodeChoice } from "../../src/domain/email-preferences.ts";
import { checkQuestion, type ModuleQuestion } from "../../src/domain/question.ts";

/** The nodes: how many labels each has, 312 together, and how many of them those choose on average that choose any. */
const nodes = [
  { name: "Countries", labels: 249, chosen: 22 },
  { name: "American States", labels: 50, chosen: 8 },
  { name: "Sectors", labels: 7, chosen: 3 },
  { name: "Languages", labels: 4, chosen: 2 },
  { name: "Formats", labels: 2, chosen: 1.5 },
] as const;

/** How likely it is that something is chosen in a node: the others take whatever an item is labelled with there. */
const chosenShare = 0.8;

export const frequencies: readonly string[] = ["Daily", "Weekly", "Monthly", "Never"];
export const modules: readonly string[] = ["Publications", "Events", "News"];

/** Where each label is counted: the labels of all nodes one after the other. */
const firstLabels: ReadonlyMap<string, number> = new Map(
  nodes.map(({ name }, node) => [name, nodes.slice(0, node).reduce((sum, { labels }) => sum + labels, 0)]),
);

export const nodeNames: readonly string[] = nodes.map(({ name }) => name);
export const labelCount = nodes.reduce((sum, { labels }) => sum + labels, 0);

/** A catalogue of 312 labels in five nodes, with three modules. */
export const words: CatalogueWords = openWords();

/** Numbers from 0 up to 1, the same for the same seed (Marsaglia's xorshift with 32 bits). */
function draws(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The document of the organisation with this number; always the same. */
export function documentOf(number: number): EmailPreferences {
  const draw = draws(number);
  for (let skipped = 0; skipped < 4; skipped += 1) draw();
  return {
    alertServices: [],
    frequency: pick(frequencies, draw),
    modules: modules.map((name): ModuleChoice => {
      const share = draw();
      if (share < 0.6) return { name, preference: "Include" };
      if (share < 0.9) return { name, preference: "Off" };
      return { frequency: pick(frequencies, draw), name, nodes: choicesOf(draw), preference: "Custom" };
    }),
    nodes: choicesOf(draw),
  };
}

/** The item with this number: a module, and one label of each node; always the same. */
export function itemOf(number: number): ModuleQuestion {
  const draw = draws(-2 - number);
  for (let skipped = 0; skipped < 4; skipped += 1) draw();
  const metadata = Object.fromEntries(nodes.map(({ name, labels }) => [name, [labelOf(name, labels, draw)]]));
  const read = checkQuestion({ module: pick(modules, draw), metadata }, words);
  if (!("question" in read) || read.question.about !== "module") throw new Error("the model asks something else");
  return read.question;
}

/** The number of a label among those of all nodes, counted from 0. */
export function labelNumber(node: string, label: string): number {
  return (firstLabels.get(node) ?? 0) + Number(label.slice(node.length));
}

function choicesOf(draw: () => number): NodeChoice[] {
  return nodes
    .filter(() => draw() < chosenShare)
    .map(({ name, labels, chosen }) => {
      const count = Math.min(labels, 1 + Math.floor(draw() * (2 * chosen - 1)));
      const some = new Set(Array.from({ length: count }, () => labelOf(name, labels, draw)));
      return { labels: [...some], node: name };
    });
}

function labelOf(node: string, labels: number, draw: () => number): string {
  return `${node} ${Math.floor(draw() * labels)}`;
}

function pick<Item>(items: readonly Item[], draw: () => number): Item {
  const item = items[Math.floor(draw() * items.length)];
  if (item === undefined) throw new Error("there is nothing to pick from");
  return item;
}

function openWords(): CatalogueWords {
  const checked = checkCatalogue({
    version: 1,
    frequencies,
    nodes: nodes.map(({ name, labels }) => ({
      name,
      labels: Array.from({ length: labels }, (_, number) => `${name} ${number}`),
    })),
    modules,
    alertServices: ["Alert"],
  });
  if ("catalogue" in checked) return openCatalogue(checked.catalogue);
  throw new Error(`the model's catalogue is wrong: ${JSON.stringify(checked.faults)}`);
}
