import type { NodeChoice } from "../../domain/email-preferences.ts";
import { Bits, NamedBits, nothingSet, pageWords } from "../arrays/bits.ts";

/** A metadata node, and whose wishes ask for what in it. */
interface WishedNode {
  readonly name: string;
  /** The wishes that ask for any of its labels. */
  readonly chosen: Bits;
  /** By label, the wishes that ask for it. */
  readonly labels: NamedBits;
}

/**
 * Wishes: each is a frequency and labels by node, as a document has them for the whole or for one `Custom` module. They
 * are kept turned on their side, for each label the wishes that ask for it, so that an item is matched with 32 wishes at
 * a time. Names are those of documents; no catalogue is needed, as none of them ever goes.
 */
export class Wishes {
  /** By frequency, the wishes that have it. */
  readonly frequencies = new NamedBits();
  /** The wishes that ask for any label at all. */
  readonly choosing = new Bits();
  /** In the order in which they first came; none ever goes. */
  readonly nodes: WishedNode[] = [];
  readonly #byName = new Map<string, WishedNode>();

  /** Writes a wish where none is. A node that was kept without labels asks for nothing. */
  put(wish: number, frequency: string | undefined, nodes: readonly NodeChoice[]): void {
    if (frequency !== undefined) this.frequencies.of(frequency).set(wish);
    for (const { node: name, labels } of nodes) {
      if (labels.length === 0) continue;
      const node = this.#node(name);
      node.chosen.set(wish);
      this.choosing.set(wish);
      for (const label of labels) node.labels.of(label).set(wish);
    }
  }

  /** Takes a wish out, wherever it is. */
  clear(wish: number): void {
    this.frequencies.clear(wish);
    this.choosing.clear(wish);
    for (const { chosen, labels } of this.nodes) {
      if (chosen.has(wish)) labels.clear(wish);
      chosen.clear(wish);
    }
  }

  get bytes(): number {
    const shared = this.frequencies.bytes + this.choosing.bytes;
    return this.nodes.reduce((sum, { chosen, labels }) => sum + chosen.bytes + labels.bytes, shared);
  }

  #node(name: string): WishedNode {
    const there = this.#byName.get(name);
    if (there !== undefined) return there;
    const made: WishedNode = { name, chosen: new Bits(), labels: new NamedBits() };
    this.nodes.push(made);
    this.#byName.set(name, made);
    return made;
  }
}

/** An item's labels, held against wishes as they are at the moment. */
export class LabelMatch {
  readonly #wishes: Wishes;
  readonly #labels: ReadonlyMap<string, ReadonlySet<string>>;
  /** By node, in the order of the wishes' nodes: the wishes that the item's labels there please. */
  readonly #pleased: (readonly Bits[])[] = [];

  /** @param labels the item's, by node, retired ones left out */
  constructor(wishes: Wishes, labels: ReadonlyMap<string, ReadonlySet<string>>) {
    this.#wishes = wishes;
    this.#labels = labels;
  }

  /** Whether in each node of which a wish asks for labels the item has one of them. */
  matches(wish: number): boolean {
    this.#learnNodes();
    for (const [index, { chosen }] of this.#wishes.nodes.entries()) {
      if (chosen.has(wish) && !isInAny(this.#pleased[index] ?? [], wish)) return false;
    }
    return true;
  }

  /**
   * Finds the wishes on one page that ask for labels and match.
   *
   * @param kept where they are written
   * @param among which wishes are looked at
   */
  find(kept: Int32Array, among: Bits, page: number): void {
    this.#learnNodes();
    keepBoth(kept, among.page(page), this.#wishes.choosing.page(page));
    this.#wishes.nodes.forEach(({ chosen }, index) => {
      const asking = chosen.page(page);
      if (asking !== nothingSet) keepPleased(kept, asking, this.#pleased[index] ?? [], page);
    });
  }

  /** Nodes may have come since. Their sets are made, if need be, and so are those that later wishes will be in. */
  #learnNodes(): void {
    const { nodes } = this.#wishes;
    if (this.#pleased.length === nodes.length) return;
    for (const { name, labels } of nodes.slice(this.#pleased.length)) {
      this.#pleased.push([...(this.#labels.get(name) ?? [])].map((label) => labels.of(label)));
    }
  }
}

/** A plain loop: this is asked once for each node of each line of a batch. */
function isInAny(sets: readonly Bits[], number: number): boolean {
  for (const bits of sets) if (bits.has(number)) return true;
  return false;
}

function keepBoth(kept: Int32Array, some: Int32Array, others: Int32Array): void {
  for (let word = 0; word < pageWords; word += 1) kept[word] = (some[word] ?? 0) & (others[word] ?? 0);
}

/** Keeps those that do not ask, and those that ask and are in one of the sets. Most items have a label in a node, or two. */
function keepPleased(kept: Int32Array, asking: Int32Array, sets: readonly Bits[], page: number): void {
  const [one, two, ...others] = sets.map((bits) => bits.page(page)).filter((words) => words !== nothingSet);
  const rest = others.length === 0 ? two : unionOf([two ?? nothingSet, ...others]);
  keepIfAsked(kept, asking, one ?? nothingSet, rest ?? nothingSet);
}

function keepIfAsked(kept: Int32Array, asking: Int32Array, one: Int32Array, other: Int32Array): void {
  for (let word = 0; word < pageWords; word += 1) {
    kept[word] = (kept[word] ?? 0) & (~(asking[word] ?? 0) | (one[word] ?? 0) | (other[word] ?? 0));
  }
}

const union = new Int32Array(pageWords);

/** What is in any of the pages; overwritten by the next call. */
function unionOf(pages: readonly Int32Array[]): Int32Array {
  union.fill(0);
  for (const page of pages) {
    for (let word = 0; word < pageWords; word += 1) union[word] = (union[word] ?? 0) | (page[word] ?? 0);
  }
  return union;
}
