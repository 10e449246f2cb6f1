import type { Source } from "./source-tree.ts";

/** What is too long to be read at a stretch, or at all. */
export const most = { columns: 140, functionLines: 70, sourceLines: 400, testLines: 600 } as const;

/** Words that mark something unfinished, or switch a check off. Split, so that this file does not hold them. */
const banned = [
  ["TO", "DO"],
  ["FIX", "ME"],
  ["XX", "X"],
  ["@ts-", "ignore"],
  ["@ts-", "expect-error"],
  ["@ts-", "nocheck"],
  ["biome-", "ignore"],
  ["eslint-", "disable"],
  ["oxlint-", "disable"],
  ["it.", "only("],
  ["describe.", "only("],
].map((halves) => halves.join(""));

/** Words that the project has another one for; `say` is that one. */
const avoided: Readonly<Record<string, string>> = {
  subscriber: "subject",
  subscribers: "subjects",
  recipient: "subject",
  recipients: "subjects",
  topic: "category",
  purpose: "category",
  medium: "channel",
  subscription: "selection",
  subscriptions: "selections",
  profile: "preferences",
  blacklist: "suppression",
  whitelist: "suppression",
  denylist: "suppression",
  blocklist: "suppression",
  evaluation: "decision",
  cohort: "audience",
  webhook: "hook",
  webhooks: "hooks",
};

export function longLines({ path, text }: Source): string[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      line.length > most.columns ? [`${path}:${index + 1}: ${line.length} columns, at most ${most.columns}`] : [],
    );
}

export function longFunctions({ path, functions }: Source): string[] {
  return functions
    .filter(({ lines }) => lines > most.functionLines)
    .map(({ name, line, lines }) => `${path}:${line}: ${name} has ${lines} lines, at most ${most.functionLines}`);
}

export function longFiles({ path, text }: Source): string[] {
  const allowed = path.startsWith("test/") || path.endsWith(".test.ts") ? most.testLines : most.sourceLines;
  const lines = text.split("\n").length - 1;
  return lines > allowed ? [`${path}: ${lines} lines, at most ${allowed}`] : [];
}

export function bannedMarks({ path, text }: Source): string[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      banned.filter((mark) => line.includes(mark)).map((mark) => `${path}:${index + 1}: ${mark}`),
    );
}

export function anyTypes({ path, anys }: Source): string[] {
  return anys.map((line) => `${path}:${line}: any switches the types off; say what it is, or unknown`);
}

/** A service speaks through its log, a command through its context. */
export function consoles({ path, accesses }: Source): string[] {
  if (/^(bench|scripts)\//.test(path)) return [];
  return accesses
    .filter(({ name }) => name.startsWith("console."))
    .map(({ name, line }) => `${path}:${line}: ${name} in a place that has a log or a context to print with`);
}

export function avoidedWords({ path, identifiers }: Source): string[] {
  if (!path.startsWith("src/")) return [];
  return identifiers.flatMap(({ name, line }) =>
    wordsOf(name)
      .filter((word) => Object.hasOwn(avoided, word))
      .map((word) => `${path}:${line}: ${name}: say ${avoided[word]} instead of ${word}`),
  );
}

function wordsOf(identifier: string): string[] {
  return identifier.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).map((word) => word.toLowerCase());
}

/** Files of tests in which nothing is checked: no call of node:assert, nor of something in test/ that may do it for them. */
export function idleTestFiles({ path, references, identifiers }: Source): string[] {
  if (!path.endsWith(".test.ts")) return [];
  const asserts = references.some(({ target }) => /^node:assert(\/|$)/.test(target));
  const leaves = references.some(({ target }) => target.startsWith("test/") && !target.startsWith("test/house/"));
  return leaves || (asserts && identifiers.filter(({ name }) => name === "assert").length > 1)
    ? []
    : [`${path}: it asserts nothing`];
}

/** Places of one machine or one network: nothing that is kept may name them. */
export function machinePlaces(path: string, text: string): string[] {
  const machine =
    /(?<![A-Za-z0-9_.~-])\/(?:work|farm|home|root|Users)\/[A-Za-z0-9_.-]+|https?:\/\/(?:registry|deb|npm)[.][^\s"'`)]*/g;
  return text
    .split("\n")
    .flatMap((line, index) => [...line.matchAll(machine)].map(([place]) => `${path}:${index + 1}: ${place}`));
}
