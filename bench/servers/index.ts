import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { commitmentOf } from "../../src/audit/verify-receipt.ts";
import { checkQuestion, type Question } from "../../src/domain/question.ts";
import { catalogueStream } from "../../src/domain/stream.ts";
import type { Customer } from "../../src/domain/subject.ts";
import { Following } from "../../src/index/following.ts";
import { CatalogueInForce } from "../../src/service/catalogue.ts";
import type { Asking, CountPart } from "../../src/service/decision-index.ts";
import { changeText } from "../../src/storage/change-text.ts";
import { openStore } from "../../src/storage/open-store.ts";
import { newSalt } from "../../src/storage/salts.ts";
import { countChoices, numbersOf } from "../lib/batches.ts";
import { type Cell, common, customerOf, draftOf, rare } from "../lib/customers.ts";
import { generated } from "../lib/generated.ts";
import { numberIn, secondsSince, serveTasks, textIn } from "../lib/tasks.ts";

/** The index in a process of its own, without a server in front of it: built, asked and counted as it is told. */
const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });

/** Rounds of the garbage collector after which memory is compared. */
const collections = 3;

let built: Following | undefined;

serveTasks(Number(values.port), {
  /** Builds it from an SQLite file, a PostgreSQL database, or the generator; of codes, where it is told so. */
  async build(given) {
    const store = await openStore(textIn(given, "url"), {});
    const made = numberIn(given, "generated");
    const [recorded = missing("catalogue")] = await store.newest([catalogueStream]);
    const followed = {
      store: made === 0 ? store : generated(store, made),
      ...(given.get("of") === "codes" && { codes: store }),
      catalogue: new CatalogueInForce(recorded),
    };
    const before = await memory();
    const start = performance.now();
    const used = process.cpuUsage();
    built = await Following.build(followed, () => undefined);
    const seconds = (performance.now() - start) / 1000;
    const cpuSeconds = secondsSince(used);
    const grown = (await memory()) - before;
    await built.close();
    await store.close();
    return { ...built.image.figures, seconds, cpuSeconds, grown };
  },
  /** Reads what it would be built from, and nothing else. */
  async read(given) {
    const store = await openStore(textIn(given, "url"), {});
    const used = process.cpuUsage();
    await drain(given.get("of") === "codes" ? store.everyCoded() : store.everyNewest());
    const cpuSeconds = secondsSince(used);
    await store.close();
    return { cpuSeconds };
  },
  /** What reading consists of besides the database's own part: the check of each commitment, and parsing. */
  async steps() {
    return stepsOf(50_000);
  },
  async answers(given) {
    return answersOf(following(), numberIn(given, "customers"));
  },
  async count(given) {
    const cell = given.get("cell") === "rare" ? rare : common;
    return countsOf(following(), cell);
  },
});

/** Bytes of memory that the process has from the system, once what was freed is given back. */
async function memory(): Promise<number> {
  for (let round = 0; round < collections; round += 1) {
    globalThis.gc?.();
    await sleep(100);
  }
  return process.memoryUsage.rss();
}

async function drain(pages: AsyncIterable<unknown>): Promise<void> {
  let read = 0;
  for await (const _ of pages) read += 1;
  if (read === 0) missing("changes");
}

/** Microseconds a change. */
function stepsOf(changes: number): { readonly check: number; readonly parse: number } {
  const texts = Array.from({ length: changes }, (_, number) => changeText(draftOf(number), "2026-03-03T14:05:00.123Z"));
  const salt = newSalt();
  const microseconds = (step: (text: string) => void): number => {
    const used = process.cpuUsage();
    for (const text of texts) step(text);
    return (1e6 * secondsSince(used)) / changes;
  };
  return { check: microseconds((text) => commitmentOf(salt, text)), parse: microseconds((text) => JSON.parse(text)) };
}

/** The verdict and the reason of each, one after the other. */
function answersOf({ image, words }: Following, customers: number): { readonly rate: number } {
  const asking = image.asking(questionAbout(common), words, Date.now()) ?? missing("answers");
  const numbers = numbersOf(Math.min(customers, 1_000_000), customers);
  const subjects: readonly Customer[] = Array.from(numbers, customerOf);
  const counts = asking.answers.map(() => 0);
  const used = process.cpuUsage();
  for (const subject of subjects) {
    const answer = asking.answerTo(subject);
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  const seconds = secondsSince(used);
  const expected = countChoices(numbers, common, customers);
  const of = (wanted: string) =>
    asking.answers.reduce((sum, { reason }, answer) => sum + (reason === wanted ? (counts[answer] ?? 0) : 0), 0);
  if (of("opted-in") !== expected.yes || of("opted-out") !== expected.no) throw new Error("the index answers wrongly");
  return { rate: subjects.length / seconds };
}

/** How long a count takes with the question made ready, and how many it finds. */
function countsOf(
  { image, words }: Following,
  cell: Cell,
): { readonly count: number; readonly milliseconds: number[] } {
  const question = questionAbout(cell);
  let count = 0;
  const milliseconds = Array.from({ length: 25 }, () => {
    const start = performance.now();
    const asking = image.asking(question, words, Date.now()) ?? missing("answers");
    count = sizeOf(asking);
    return performance.now() - start;
  });
  return { count, milliseconds };
}

/** The parts of a count added up, without the turns that a server takes between two. */
function sizeOf(asking: Asking): number {
  let size = 0;
  for (let from: number | undefined = 0; from !== undefined; ) {
    const { count, next }: CountPart = asking.count({ from });
    size += count;
    from = next;
  }
  return size;
}

function questionAbout({ category, channel }: Cell): Question {
  const checked = checkQuestion({ category, channel }, following().words);
  if ("question" in checked) return checked.question;
  throw new Error("the model asks what its catalogue does not know");
}

function following(): Following {
  return built ?? missing("index");
}

function missing(what: string): never {
  throw new Error(`there is no ${what}`);
}
