import type { Catalogue, Word } from "./catalogue.ts";
import type { CustomerPreferences } from "./customer-preferences.ts";
import type { EmailPreferences, NodeChoice } from "./email-preferences.ts";
import type { Fault, Path } from "./fault.ts";
import { listed } from "./sentence.ts";

/** A name of the catalogue, and the list that has it. */
export interface CatalogueName {
  readonly list: keyof Omit<Catalogue, "timeZones" | "version">;
  /** Where it is a label: its node, `list` being `nodes`. */
  readonly node?: string;
  readonly name: string;
}

/** A text that is equal for equal names and for no others: line feeds cannot stand in a name. */
export function keyOf({ list, node, name }: CatalogueName): string {
  return node === undefined ? `${list}\n${name}` : `${list}\n${node}\n${name}`;
}

/** The names of the catalogue that a document uses; some may come more than once. */
export function namesUsedIn(document: CustomerPreferences | EmailPreferences): CatalogueName[] {
  return "selections" in document ? namesOfCustomer(document) : namesOfEmail(document);
}

/** A name of what organisations and users choose that is retired now, or is not any more. */
export interface Retirement extends CatalogueName {
  readonly list: (typeof contentLists)[number];
  /** As it stands in the next catalogue. */
  readonly retired: boolean;
}

/** The lists of which organisations and users choose. */
export const contentLists = ["frequencies", "nodes", "modules", "alertServices"] as const;

/** The names of content that two catalogues both have, of which one alone has them retired; in the next one's order. */
export function retirementsBetween(current: Catalogue, next: Catalogue): Retirement[] {
  const before = new Map(contentNamesOf(current).map((name) => [keyOf(name), name.retired]));
  return contentNamesOf(next).filter((name) => (before.get(keyOf(name)) ?? name.retired) !== name.retired);
}

export interface Replacement {
  /** What speaks against the next catalogue, apart from names that are gone. */
  readonly faults: readonly Fault[];
  /** Names of the current catalogue that the next one no longer has, none of which may go. */
  readonly removed: readonly CatalogueName[];
}

/** Whether one catalogue may take the place of another: when there are neither faults nor removed names. */
export function replaceCatalogue(current: Catalogue, next: Catalogue): Replacement {
  const faults: Fault[] = [];
  const report = (path: Path, message: string) => faults.push({ problem: "catalogue-conflict", path, message });
  if (next.version <= current.version) {
    report(["version"], `must be greater than ${current.version}, which is in force`);
  }
  next.types.forEach((type, index) => {
    const before = current.types.find(({ name }) => name === type.name);
    if (before !== undefined && before.kind !== type.kind) {
      report(["types", index, "kind"], `must stay ${listed([before.kind])}`);
    }
  });
  const kept = new Set(namesOf(next).map(keyOf));
  const gone = namesOf(current).filter((name) => !kept.has(keyOf(name)));
  const goneNodes = new Set(gone.filter((name) => isNode(name)).map(({ name }) => name));
  // A node that is gone is named, and not each of its labels as well.
  return { faults, removed: gone.filter(({ node }) => node === undefined || !goneNodes.has(node)) };
}

/** Says that a name is gone, and who uses it, in the words of `uses` ("1 subject uses it"). */
export function removalFault(next: Catalogue, removed: CatalogueName, uses: string): Fault {
  const { list, node, name } = removed;
  const place = next.nodes.findIndex((other) => other.name === node);
  return {
    problem: "catalogue-conflict",
    path: node === undefined ? [list] : ["nodes", place, "labels"],
    message: `${listed([name])} is gone; names are never removed, so write "retired: true" instead (${uses})`,
  };
}

function isNode({ list, node }: CatalogueName): boolean {
  return list === "nodes" && node === undefined;
}

const wordLists = ["channels", "types", "categories", "frequencies", "nodes", "modules", "alertServices"] as const;

function namesOf(catalogue: Catalogue): CatalogueName[] {
  const words = wordLists.flatMap((list) => catalogue[list].map(({ name }: Word): CatalogueName => ({ list, name })));
  const labels = catalogue.nodes.flatMap((node) =>
    node.labels.map(({ name }): CatalogueName => ({ list: "nodes", node: node.name, name })),
  );
  return [...words, ...labels];
}

/** With the retirement of each; a label's is its own, whatever its node's is. */
function contentNamesOf(catalogue: Catalogue): Retirement[] {
  return contentLists.flatMap((list): Retirement[] => {
    if (list !== "nodes") return catalogue[list].map(({ name, retired }) => ({ list, name, retired }));
    return catalogue.nodes.flatMap((node) => [
      { list, name: node.name, retired: node.retired },
      ...node.labels.map(({ name, retired }) => ({ list, node: node.name, name, retired })),
    ]);
  });
}

function namesOfCustomer({ selections }: CustomerPreferences): CatalogueName[] {
  return selections.flatMap(({ category, channel, type }): CatalogueName[] => [
    { list: "categories", name: category },
    { list: "channels", name: channel },
    { list: "types", name: type },
  ]);
}

function namesOfEmail({ alertServices, frequency, modules, nodes }: EmailPreferences): CatalogueName[] {
  return [
    { list: "frequencies", name: frequency },
    ...namesOfNodes(nodes),
    ...alertServices.map(({ name }): CatalogueName => ({ list: "alertServices", name })),
    ...modules.flatMap((module): CatalogueName[] => [
      { list: "modules", name: module.name },
      ...(module.frequency === undefined ? [] : [{ list: "frequencies", name: module.frequency } as const]),
      ...namesOfNodes(module.nodes ?? []),
    ]),
  ];
}

function namesOfNodes(nodes: readonly NodeChoice[]): CatalogueName[] {
  return nodes.flatMap(({ node, labels }): CatalogueName[] => [
    { list: "nodes", name: node },
    ...labels.map((name): CatalogueName => ({ list: "nodes", node, name })),
  ]);
}
