import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ModuleQuestion } from "../../src/domain/question.ts";
import { ContentIndex } from "../../src/index/content/content-index.ts";
import { documentOf, frequencies, labelCount, labelNumber, modules, nodeNames, words } from "./match-model.ts";
import { countSql, labelRows, wishIndex, wishTables } from "./match-sql.ts";
import { labelsOf, wishesOf } from "./match-wishes.ts";

/** How many an item goes to, by frequency, those of none left out. */
export type Counts = Readonly<Record<string, number>>;

/** A way to match an item with the documents of so many subjects, which it has taken in. */
interface Matcher {
  readonly count: (item: ModuleQuestion) => Counts;
  /** About how many bytes it keeps in arrays. */
  readonly bytes?: number;
}

interface Given {
  readonly subjects: number;
  /** For a database. */
  readonly folder: string;
}

/** The ways that are tried in a thread each. */
export const matchers = { index, rows, objects, sqlite } as const;

/** Ours, with all that a question costs that has just come. */
function index({ subjects }: Given): Matcher {
  const content = new ContentIndex();
  for (let number = 0; number < subjects; number += 1) {
    content.putPreferences(number, { kind: "organisation", id: number + 1 }, documentOf(number));
  }
  return { count: (item) => content.ready(item, words).count()?.frequencies ?? {}, bytes: content.bytes };
}

/** A loop over typed arrays: each wish has its labels as bits in ten words, and a bit for each node it asks in. */
function rows({ subjects }: Given): Matcher {
  const wordsEach = Math.ceil(labelCount / 32);
  const most = subjects * (1 + modules.length);
  const labels = new Uint32Array(most * wordsEach);
  const [frequency, asked, governed] = [new Uint8Array(most), new Uint8Array(most), new Uint8Array(most)];
  let wishes = 0;
  for (const wish of wishesOf(subjects)) {
    frequency[wishes] = frequencies.indexOf(wish.frequency);
    governed[wishes] = wish.modules.reduce((bits, module) => bits | (1 << modules.indexOf(module)), 0);
    for (const { node, label } of labelRows(wish)) {
      asked[wishes] = (asked[wishes] ?? 0) | (1 << node);
      const word = wishes * wordsEach + (label >>> 5);
      labels[word] = (labels[word] ?? 0) | (1 << (label & 31));
    }
    wishes += 1;
  }
  const count = (item: ModuleQuestion): Counts => {
    const governs = 1 << modules.indexOf(item.module.name);
    const sought = soughtIn(item);
    const counts = new Uint32Array(frequencies.length);
    for (let wish = 0; wish < wishes; wish += 1) {
      const nodes = asked[wish] ?? 0;
      if (nodes === 0 || ((governed[wish] ?? 0) & governs) === 0) continue;
      if (!isPleased(labels, wish * wordsEach, nodes, sought)) continue;
      const often = frequency[wish] ?? 0;
      counts[often] = (counts[often] ?? 0) + 1;
    }
    return counted(frequencies.map((name, at) => [name, counts[at] ?? 0]));
  };
  const bytes = labels.byteLength + frequency.byteLength + asked.byteLength + governed.byteLength;
  return { count, bytes };
}

/** An item's labels, for a loop: in which word each is, and as which bit; those of a node end where the next begin. */
interface Sought {
  readonly words: Uint32Array;
  readonly bits: Uint32Array;
  readonly begins: Uint32Array;
}

function soughtIn({ labels }: ModuleQuestion): Sought {
  const byNode = nodeNames.map((node) => [...(labels.get(node) ?? [])].map((label) => labelNumber(node, label)));
  const begins = byNode.map((_, node) => byNode.slice(0, node).flat().length);
  const all = byNode.flat();
  return {
    words: Uint32Array.from(all, (label) => label >>> 5),
    bits: Uint32Array.from(all, (label) => 1 << (label & 31)),
    begins: Uint32Array.from([...begins, all.length]),
  };
}

/** @param nodes a bit for each node that has to be pleased */
function isPleased(labels: Uint32Array, from: number, nodes: number, { words: at, bits, begins }: Sought): boolean {
  for (let node = 0; node < begins.length - 1; node += 1) {
    if ((nodes & (1 << node)) === 0) continue;
    let common = 0;
    for (let label = begins[node] ?? 0; label < (begins[node + 1] ?? 0); label += 1) {
      common |= (labels[from + (at[label] ?? 0)] ?? 0) & (bits[label] ?? 0);
    }
    if (common === 0) return false;
  }
  return true;
}

/** A loop over objects as they come from JSON, labels made sets, so that none is looked for in a list. */
function objects({ subjects }: Given): Matcher {
  const names = new Map<string, string>();
  const one = (name: string): string => names.get(name) ?? (names.set(name, name), name);
  const all = [...wishesOf(subjects)].map(({ frequency, modules: governed, nodes }) => ({
    frequency,
    modules: new Set(governed),
    nodes: nodes.map(({ node, labels }) => ({ node, labels: new Set(labels.map(one)) })),
  }));
  const count = (item: ModuleQuestion): Counts => {
    const counts = new Map<string, number>();
    for (const wish of all) {
      if (!wish.modules.has(item.module.name) || wish.nodes.length === 0) continue;
      const isPleased = wish.nodes.every(({ node, labels }) => {
        for (const label of item.labels.get(node) ?? []) if (labels.has(label)) return true;
        return false;
      });
      if (isPleased) counts.set(wish.frequency, (counts.get(wish.frequency) ?? 0) + 1);
    }
    return counted([...counts]);
  };
  return { count };
}

/** Normalised tables in SQLite, everything in the cache. */
function sqlite({ subjects, folder }: Given): Matcher {
  const database = new DatabaseSync(join(folder, "match.db"));
  database.exec(`PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4000000; ${wishTables}`);
  const addWish = database.prepare("INSERT INTO wish VALUES (?, ?, ?)");
  const addGoverned = database.prepare("INSERT INTO governs VALUES (?, ?)");
  const addLabel = database.prepare("INSERT INTO wish_label VALUES (?, ?, ?)");
  let wishes = 0;
  database.exec("BEGIN");
  for (const wish of wishesOf(subjects)) {
    addWish.run(wishes, wish.frequency, wish.nodes.length);
    for (const module of wish.modules) addGoverned.run(module, wishes);
    for (const { node, label } of labelRows(wish)) addLabel.run(wishes, node, label);
    wishes += 1;
  }
  database.exec(`COMMIT; ${wishIndex}`);
  const query = database.prepare(countSql("IN (SELECT value FROM json_each(?))", "?"));
  const count = (item: ModuleQuestion): Counts => {
    const found = query.all(JSON.stringify(labelsOf(item)), item.module.name);
    return counted(found.map((row) => [String(row["frequency"]), Number(row["count"])]));
  };
  return { count };
}

function counted(pairs: readonly (readonly [frequency: string, number: number])[]): Counts {
  return Object.fromEntries(pairs.filter(([frequency, number]) => number > 0 && frequency !== "Never"));
}
