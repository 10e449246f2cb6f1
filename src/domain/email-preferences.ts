import type { CatalogueWords, NodeWords, Word } from "./catalogue.ts";
import type { Fault, Path } from "./fault.ts";
import type { ProblemName } from "./problem.ts";
import { isRetired, listed, notOneOf, quoted } from "./sentence.ts";

/** A taxonomy and the labels of it that were chosen, in the order sent. */
export interface NodeChoice {
  readonly labels: readonly string[];
  readonly node: string;
}

const modulePreferences = ["Include", "Off", "Custom"] as const;
const alertPreferences = ["On", "Off"] as const;

/** A kind of content. Only `Custom` has a frequency and nodes of its own. */
export interface ModuleChoice {
  readonly frequency?: string;
  readonly name: string;
  readonly nodes?: readonly NodeChoice[];
  readonly preference: (typeof modulePreferences)[number];
}

export interface AlertServiceChoice {
  readonly name: string;
  readonly preference: (typeof alertPreferences)[number];
}

/** All that one organisation or user has chosen: replaced as a whole, words in the catalogue's spelling. */
export interface EmailPreferences {
  readonly alertServices: readonly AlertServiceChoice[];
  readonly frequency: string;
  readonly modules: readonly ModuleChoice[];
  readonly nodes: readonly NodeChoice[];
}

/** What counts for one that has chosen nothing. */
export const nothingChosen: EmailPreferences = { alertServices: [], frequency: "Never", modules: [], nodes: [] };

export interface WishedModule {
  readonly name: string;
  readonly preference: string;
  readonly frequency?: string;
  readonly nodes?: readonly NodeChoice[];
}

export interface WishedAlertService {
  readonly name: string;
  readonly preference: string;
}

/** What a PUT asks for: words as they were sent, in any letter case, not yet looked up. */
export interface EmailWish {
  readonly frequency: string;
  readonly nodes: readonly NodeChoice[];
  readonly modules: readonly WishedModule[];
  readonly alertServices: readonly WishedAlertService[];
}

/**
 * What a wish comes to: every word in the catalogue's spelling, in the order sent, equal labels once. Retired words are
 * taken only where the current document has them; a retired module or alert service only unchanged, or turned off.
 * What a module says about frequency and nodes counts for `Custom` alone, and is not even looked at otherwise.
 *
 * @returns the document, or every fault of the wish
 */
export function settleEmailWish(
  current: EmailPreferences | undefined,
  wish: EmailWish,
  words: CatalogueWords,
): { readonly document: EmailPreferences } | { readonly faults: readonly Fault[] } {
  const settling: Settling = { words, faults: [] };
  // In the order of the contract, in which faults are told; the document has its keys in sorted order.
  const frequency = settleFrequency(settling, wish.frequency, current?.frequency, ["frequency"]);
  const nodes = settleNodes(settling, wish.nodes, current?.nodes ?? [], ["nodes"]);
  const modules = settleModules(settling, wish.modules, current?.modules ?? []);
  const alertServices = settleAlertServices(settling, wish.alertServices, current?.alertServices ?? []);
  return settling.faults.length > 0
    ? { faults: settling.faults }
    : { document: { alertServices, frequency, modules, nodes } };
}

interface Settling {
  readonly words: CatalogueWords;
  readonly faults: Fault[];
}

function settleFrequency(settling: Settling, sent: string, before: string | undefined, path: Path): string {
  const { frequencies } = settling.words;
  const frequency = frequencies.find(sent);
  if (frequency === undefined) {
    report(settling, "frequency-unknown", path, notOneOf(sent, "frequency", frequencies.entries));
  } else if (frequency.retired && frequency.name !== before) {
    report(settling, "name-retired", path, isRetired("frequency", frequency.name));
  }
  return frequency?.name ?? sent;
}

function settleNodes(
  settling: Settling,
  wished: readonly NodeChoice[],
  before: readonly NodeChoice[],
  path: Path,
): NodeChoice[] {
  const names = new Set<string>();
  const nodes: NodeChoice[] = [];
  wished.forEach((choice, index) => {
    const at = [...path, index];
    const node = settling.words.nodes.find(choice.node);
    if (node === undefined) {
      const message = notOneOf(choice.node, "metadata node", settling.words.nodes.entries);
      return report(settling, "metadata-unknown", [...at, "node"], message);
    }
    const same = before.find((former) => former.node === node.name);
    if (node.retired && same === undefined) {
      report(settling, "name-retired", [...at, "node"], isRetired("metadata node", node.name));
    }
    refuseRepeated(settling, names, node.name, [...at, "node"]);
    const labels = settleLabels(settling, node, choice.labels, same?.labels ?? [], [...at, "labels"]);
    nodes.push({ labels, node: node.name });
  });
  return nodes;
}

function settleLabels(
  settling: Settling,
  node: NodeWords,
  wished: readonly string[],
  before: readonly string[],
  path: Path,
): string[] {
  const labels = new Set<string>();
  wished.forEach((sent, index) => {
    const label = node.labels.find(sent);
    if (label === undefined) {
      const message = `${quoted(sent)}is no label of the metadata node ${listed([node.name])}`;
      return report(settling, "metadata-unknown", [...path, index], message);
    }
    if (label.retired && !before.includes(label.name)) {
      report(settling, "name-retired", [...path, index], isRetired("label", label.name));
    }
    labels.add(label.name);
  });
  return [...labels];
}

function settleModules(
  settling: Settling,
  wished: readonly WishedModule[],
  before: readonly ModuleChoice[],
): ModuleChoice[] {
  const names = new Set<string>();
  return wished.map((sent, index) => {
    const path = ["modules", index];
    const preference = settlePreference(settling, sent.preference, modulePreferences, path);
    const module = settling.words.modules.find(sent.name);
    if (module === undefined) {
      const message = notOneOf(sent.name, "module", settling.words.modules.entries);
      report(settling, "module-unknown", [...path, "name"], message);
    }
    const same = module && before.find((former) => former.name === module.name);
    if (module !== undefined) {
      refuseRepeated(settling, names, module.name, [...path, "name"]);
      refuseRetired(settling, "module", module, preference, same, path);
    }
    const name = module?.name ?? sent.name;
    return preference === "Custom" ? settleCustom(settling, sent, name, same, path) : { name, preference };
  });
}

function settleCustom(
  settling: Settling,
  sent: WishedModule,
  name: string,
  before: ModuleChoice | undefined,
  path: Path,
): ModuleChoice {
  const at = [...path, "frequency"];
  if (sent.frequency === undefined) {
    const known = listed(settling.words.frequencies.entries.filter((word) => !word.retired).map((word) => word.name));
    report(
      settling,
      "member-missing",
      at,
      `is missing; a module that is "Custom" has a frequency of its own: ${known}`,
    );
  }
  return {
    frequency: sent.frequency === undefined ? "" : settleFrequency(settling, sent.frequency, before?.frequency, at),
    name,
    nodes: settleNodes(settling, sent.nodes ?? [], before?.nodes ?? [], [...path, "nodes"]),
    preference: "Custom",
  };
}

function settleAlertServices(
  settling: Settling,
  wished: readonly WishedAlertService[],
  before: readonly AlertServiceChoice[],
): AlertServiceChoice[] {
  const names = new Set<string>();
  return wished.map((sent, index) => {
    const path = ["alertServices", index];
    const preference = settlePreference(settling, sent.preference, alertPreferences, path);
    const service = settling.words.alertServices.find(sent.name);
    if (service === undefined) {
      const message = notOneOf(sent.name, "alert service", settling.words.alertServices.entries);
      report(settling, "alert-service-unknown", [...path, "name"], message);
      return { name: sent.name, preference };
    }
    const same = before.find((former) => former.name === service.name);
    refuseRepeated(settling, names, service.name, [...path, "name"]);
    refuseRetired(settling, "alert service", service, preference, same, path);
    return { name: service.name, preference };
  });
}

/** The preference's own spelling; "Off" stands in for one that is at fault. */
function settlePreference<Preference extends string>(
  settling: Settling,
  sent: string,
  known: readonly (Preference | "Off")[],
  path: Path,
): Preference | "Off" {
  const preference = known.find((word) => word === sent) ?? known.find((word) => sameWord(word, sent));
  if (preference === undefined) {
    report(settling, "value-invalid", [...path, "preference"], `must be one of ${listed(known)}`);
  }
  return preference ?? "Off";
}

function sameWord(word: string, sent: string): boolean {
  return sent.length === word.length && sent.toLowerCase() === word.toLowerCase();
}

function refuseRepeated(settling: Settling, names: Set<string>, name: string, path: Path): void {
  if (names.has(name)) {
    report(settling, "name-repeated", path, `${listed([name])} stands there twice; send it once`);
  }
  names.add(name);
}

/** A retired name is taken back unchanged, and turned off; it is not chosen anew. */
function refuseRetired(
  settling: Settling,
  what: string,
  word: Word,
  preference: string,
  before: { readonly preference: string } | undefined,
  path: Path,
): void {
  const isTakenBack = before !== undefined && (preference === before.preference || preference === "Off");
  if (word.retired && !isTakenBack) report(settling, "name-retired", [...path, "name"], isRetired(what, word.name));
}

function report(settling: Settling, problem: ProblemName, path: Path, message: string): void {
  settling.faults.push({ problem, path, message });
}
