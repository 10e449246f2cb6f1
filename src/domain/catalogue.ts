import type { AddressKind } from "./address.ts";

/** A name that may be chosen. Names are never removed, only retired: printed, taken back unchanged, refused as new. */
export interface Word {
  readonly name: string;
  readonly retired: boolean;
}

export interface Channel extends Word {
  /** The IANA zone that counts for quiet hours where neither the question nor the address tells one. */
  readonly timeZone?: string;
}

export interface SelectionType extends Word {
  readonly channels: readonly string[];
  readonly kind: AddressKind;
}

export interface Category extends Word {
  readonly enabled: boolean;
  /** Sent whatever was chosen, unless the address is suppressed. */
  readonly essential: boolean;
  /** ISO 8601 duration after which an opted-in choice no longer holds. */
  readonly expiresAfter?: string;
  /** By channel, the local time of day in which nothing is sent: `{"Text": "21:00-08:00"}`. */
  readonly quietHours?: Readonly<Record<string, string>>;
}

export interface MetadataNode extends Word {
  readonly labels: readonly Word[];
}

/** Everything that may be chosen. The keys of its objects are in sorted order, so that JSON.stringify is RFC 8785. */
export interface Catalogue {
  readonly version: number;
  readonly channels: readonly Channel[];
  readonly types: readonly SelectionType[];
  readonly categories: readonly Category[];
  readonly frequencies: readonly Word[];
  readonly nodes: readonly MetadataNode[];
  readonly modules: readonly Word[];
  readonly alertServices: readonly Word[];
  /** IANA zones in which a phone of that country (ISO 3166 alpha-2) may be. */
  readonly timeZones: Readonly<Record<string, readonly string[]>>;
}

/** A list of names that are found in any letter case. */
export interface Vocabulary<Entry extends Word = Word> {
  readonly entries: readonly Entry[];
  /** The entry of this name, whose `name` has the catalogue's spelling. */
  find(text: string): Entry | undefined;
}

export interface NodeWords extends Word {
  readonly labels: Vocabulary;
}

/** An entry that knows its place in its list, counted from 0. */
export type Placed<Entry extends Word = Word> = Entry & { readonly place: number };

/** The catalogue opened for look-ups: made once a version, asked for every name of every request. */
export interface CatalogueWords {
  readonly catalogue: Catalogue;
  readonly version: number;
  /** Customers' names count letter for letter. */
  readonly categories: ReadonlyMap<string, Placed<Category>>;
  readonly channels: ReadonlyMap<string, Placed<Channel>>;
  readonly types: ReadonlyMap<string, Placed<SelectionType>>;
  readonly frequencies: Vocabulary;
  readonly nodes: Vocabulary<NodeWords>;
  readonly modules: Vocabulary;
  readonly alertServices: Vocabulary;
  /** The number of a customer's slot, as slotNumber has it; undefined when a name is not in the catalogue. */
  slot(names: { readonly category: string; readonly channel: string; readonly type: string }): number | undefined;
}

export function openCatalogue(catalogue: Catalogue): CatalogueWords {
  const categories = byPlacedName(catalogue.categories);
  const channels = byPlacedName(catalogue.channels);
  const types = byPlacedName(catalogue.types);
  return {
    catalogue,
    version: catalogue.version,
    categories,
    channels,
    types,
    frequencies: vocabulary(catalogue.frequencies),
    nodes: vocabulary(catalogue.nodes.map((node) => ({ ...node, labels: vocabulary(node.labels) }))),
    modules: vocabulary(catalogue.modules),
    alertServices: vocabulary(catalogue.alertServices),
    slot(names) {
      const category = categories.get(names.category);
      const channel = channels.get(names.channel);
      const type = types.get(names.type);
      return category && channel && type && slotNumber(catalogue, category, channel, type);
    },
  };
}

/** The number of a customer's slot: no other has it, and the numbers are in the order in which slots are printed. */
export function slotNumber({ channels, types }: Catalogue, category: Placed, channel: Placed, type: Placed): number {
  return (category.place * channels.length + channel.place) * types.length + type.place;
}

/** What two names have in common that differ in letter case only, or in how an accented letter is composed. */
export function folded(name: string): string {
  return name.normalize("NFD").toLowerCase().normalize("NFC");
}

function byPlacedName<Entry extends Word>(entries: readonly Entry[]): ReadonlyMap<string, Placed<Entry>> {
  return byName(entries.map((entry, place) => ({ ...entry, place })));
}

function byName<Entry extends Word>(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** Most names come in the catalogue's own spelling, so that is tried before the text is folded. */
function vocabulary<Entry extends Word>(entries: readonly Entry[]): Vocabulary<Entry> {
  const exact = byName(entries);
  const anyCase = new Map(entries.map((entry) => [folded(entry.name), entry]));
  return { entries, find: (text) => exact.get(text) ?? anyCase.get(folded(text)) };
}
