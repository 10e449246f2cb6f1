import assert from "node:assert/strict";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { parseArgs } from "node:util";
import { bounded } from "./lib/arguments.ts";
import { Children } from "./lib/children.ts";
import { startDatabase } from "./lib/database.ts";
import { discard, diskFolder } from "./lib/folder.ts";
import { openPostgresMatcher } from "./lib/match-postgres.ts";
import type { MatchAnswer, MatchReady, MatchTask } from "./lib/match-worker.ts";
import { matchers } from "./lib/matchers.ts";
import { table } from "./lib/report.ts";
import { writeResults } from "./lib/results.ts";
import { printSpread, spread } from "./lib/statistics.ts";

const ours = "index";
const inThreads = Object.keys(matchers) as MatchTask["name"][];
const all = [...inThreads, "postgres"];

/** Items that nobody is measured by: code is compiled and caches are filled meanwhile. */
const unmeasured = 10;

/** The most that an answer for a million subjects should take, ms. */
const asked = 5;

/** One way of matching, with all documents taken in. */
interface Contestant {
  readonly name: string;
  /** How long it took in the documents, and what it keeps. */
  readonly made: MatchReady;
  readonly ask: (item: number) => Promise<MatchAnswer>;
  readonly end: () => Promise<unknown>;
}

/** Matches items (a module and five labels) with many organisations' documents: ours, loops, and SQL. */
export async function match(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      subjects: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "25" },
      against: { type: "string", default: all.slice(1).join() },
      write: { type: "boolean", default: false },
    },
  });
  const subjects = bounded("subjects", values.subjects, 10_000_000);
  const rounds = bounded("rounds", values.rounds, 1000);
  const against = values.against.split(",");
  const unknown = against.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`--against takes some of ${all.slice(1).join()}, not ${unknown.join()}`);
  const folder = diskFolder();
  const contestants: Contestant[] = [];
  try {
    for (const name of [ours, ...against.filter((other) => other !== ours)]) {
      console.log(`Taking in ${subjects} documents: ${name} …`);
      contestants.push(await start(name, subjects, folder));
    }
    const times = await measure(contestants, rounds);
    const report = reportOf(contestants, times, subjects);
    console.log(`\n${report}\n`);
    const command = `npm run bench match -- --subjects ${subjects} --rounds ${rounds} --against ${against.join()} --write`;
    if (values.write) writeResults("match", report, command, "each in a thread of its own, nothing pinned");
  } finally {
    for (const { end } of contestants) await end();
    discard(folder);
  }
}

function start(name: string, subjects: number, folder: string): Promise<Contestant> {
  const known = inThreads.find((one) => one === name);
  return known === undefined ? startPostgres(subjects) : startThread({ name: known, subjects, folder });
}

async function startThread(task: MatchTask): Promise<Contestant> {
  const worker = new Worker(new URL("./lib/match-worker.ts", import.meta.url), {
    workerData: task,
    // A million documents as objects with sets take 3 GB.
    resourceLimits: { maxOldGenerationSizeMb: 12_000 },
  });
  const [made]: MatchReady[] = await once(worker, "message");
  assert(made !== undefined);
  const ask = async (item: number): Promise<MatchAnswer> => {
    worker.postMessage(item);
    const [answer]: MatchAnswer[] = await once(worker, "message");
    assert(answer !== undefined);
    return answer;
  };
  return { name: task.name, made, ask, end: () => worker.terminate() };
}

async function startPostgres(subjects: number): Promise<Contestant> {
  const postgres = await startDatabase(new Children(), 1);
  const begin = performance.now();
  const { ask, end } = await openPostgresMatcher(postgres, subjects);
  const made = { seconds: (performance.now() - begin) / 1000, bytes: undefined };
  return { name: "postgres", made, ask, end: async () => (await end(), await postgres[Symbol.asyncDispose]()) };
}

/** By contestant, the milliseconds of each round; all answer the same item, one after the other, in turning order. */
async function measure(contestants: readonly Contestant[], rounds: number): Promise<Map<string, number[]>> {
  const times = new Map(contestants.map(({ name }): [string, number[]] => [name, []]));
  for (let round = 0; round < unmeasured + rounds; round += 1) {
    const turn = round % contestants.length;
    let expected: MatchAnswer["counts"] | undefined;
    for (const { name, ask } of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
      const { milliseconds, counts } = await ask(round);
      assert.deepEqual(counts, (expected ??= counts), `${name} counts otherwise than the others`);
      if (round >= unmeasured) times.get(name)?.push(milliseconds);
    }
  }
  return times;
}

function reportOf(contestants: readonly Contestant[], times: ReadonlyMap<string, number[]>, subjects: number): string {
  const own = times.get(ours) ?? [];
  const figures = contestants.map(({ name, made }) => {
    const taken = times.get(name) ?? [];
    const ratios = taken.map((milliseconds, round) => milliseconds / (own[round] ?? Number.NaN));
    return [
      name,
      printSpread(spread(taken), (value) => value.toFixed(2)),
      name === ours ? "" : printSpread(spread(ratios), (value) => value.toFixed(0)),
      made.seconds.toFixed(0),
      made.bytes === undefined ? "" : (made.bytes / 1e6).toFixed(0),
    ];
  });
  const { median } = spread(own);
  const verdict = subjects >= 1_000_000 ? `, asked ≤ ${asked}: ${median <= asked ? "met" : "NOT MET"}` : "";
  return [
    ...table(["", "ms/item", "times ours", "taking in, s", "MB"], figures),
    "",
    `${subjects} subjects, median of ours ${median.toFixed(2)} ms${verdict}`,
  ].join("\n");
}
