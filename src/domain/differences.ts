import type { CustomerPreferences, Selection } from "./customer-preferences.ts";
import type { OrganisationEntry, UserEntry } from "./directory.ts";
import type { EmailPreferences, ModuleChoice, NodeChoice } from "./email-preferences.ts";
import { sortedByKey } from "./sorted.ts";
import type { Stream } from "./stream.ts";

/** One thing that stands otherwise in a document than in the one before it. */
export interface Difference {
  /** What differs: a JSON Pointer (RFC 6901) in the words of the domain, such as `/Service Exception/Text/BPHONE`. */
  readonly path: string;
  /** What stood there before; of a customer's slot a SlotState, of anything else null when there was nothing. */
  readonly from: unknown;
  /** What stands there now, in the same words. */
  readonly to: unknown;
}

/** One of a customer's slots, in three states. */
export type SlotState =
  | { readonly state: "never-asked" }
  | { readonly state: Selection["choice"]; readonly value: string };

const neverAsked: SlotState = { state: "never-asked" };

/** What a document says, piece by piece. The order of names says nothing; that of a node's labels is printed. */
type Facts = ReadonlyMap<string, unknown>;

/**
 * What distinguishes a document of a subject's stream from the one before it, as people read it: what was there before
 * in its order, then what is new. The dates of a selection and the form in which addresses are compared say nothing new.
 *
 * @param before undefined for the stream's first document
 * @returns nothing when both say the same
 */
export function differencesBetween(stream: Stream, before: unknown, after: unknown): Difference[] {
  const absent = isCustomers(stream) ? neverAsked : null;
  const former: Facts = before === undefined ? new Map() : factsOf(stream, before);
  const now = factsOf(stream, after);
  const paths = [...new Set([...former.keys(), ...now.keys()])];
  return paths
    .map((path) => ({ path, from: former.get(path) ?? absent, to: now.get(path) ?? absent }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}

/** What a customer's selection says, to whoever asks for its slot. */
export function slotState(selection: Selection | undefined): SlotState {
  return selection === undefined ? neverAsked : { state: selection.choice, value: selection.value };
}

function isCustomers(stream: Stream): boolean {
  return stream.startsWith("customer:");
}

function factsOf(stream: Stream, document: unknown): Facts {
  if (isCustomers(stream)) return selectionFacts(document as CustomerPreferences);
  if (stream.startsWith("directory/")) return memberFacts(document as OrganisationEntry | UserEntry);
  return emailFacts(document as EmailPreferences);
}

function selectionFacts({ selections }: CustomerPreferences): Facts {
  return new Map(
    selections.map((selection) => {
      const { category, channel, type } = selection;
      return [pointer(category, channel, type), slotState(selection)];
    }),
  );
}

function emailFacts({ frequency, nodes, modules, alertServices }: EmailPreferences): Facts {
  return new Map<string, unknown>([
    [pointer("frequency"), frequency],
    ...nodes.map(({ node, labels }): [string, unknown] => [pointer("nodes", node), labels]),
    ...modules.map((module): [string, unknown] => [pointer("modules", module.name), moduleFact(module)]),
    ...alertServices.map(({ name, preference }): [string, unknown] => [pointer("alertServices", name), preference]),
  ]);
}

function moduleFact({ preference, frequency, nodes }: ModuleChoice): object {
  return {
    preference,
    ...(frequency === undefined ? {} : { frequency }),
    ...(nodes === undefined ? {} : { nodes: byNode(nodes) }),
  };
}

function byNode(nodes: readonly NodeChoice[]): Readonly<Record<string, readonly string[]>> {
  return sortedByKey(nodes.map(({ node, labels }) => [node, labels]));
}

function memberFacts(entry: OrganisationEntry | UserEntry): Facts {
  return new Map(Object.entries(entry).map(([name, value]) => [pointer(name), value]));
}

function pointer(...names: readonly string[]): string {
  return names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
