import type { Aim } from "./aims.ts";
import { ratios } from "./aims.ts";
import { fill, type Ring, startBare } from "./contestants.ts";
import { common } from "./customers.ts";
import type { DecideLine } from "./decide-line.ts";
import { CONNECTIONS, generate } from "./generator.ts";
import { stand } from "./line.ts";
import type { Load } from "./loads.ts";
import { cpuRatio, of, troubles } from "./report.ts";
import { type Entrant, measureRound, type Round, warmUp } from "./round.ts";
import { ask } from "./tasks.ts";

/** Customers that are asked about, all of them once before the first round: as many as the benchmark `http` has. */
const customersMax = 10_000;

/** Connections for the second comparison of delays: a server that is not drowned in requests. */
const fewConnections = 8;

const batchLines = 1_000_000;

/**
 * Beside the bare server, so many short rounds stand for each that is asked for: a machine that shares its host changes
 * its speed within a long one.
 */
const shortRounds = 8;

/** The least that wrk takes. */
const shortRoundSeconds = 1;

/** Measures single decisions over HTTP beside the bare server, then alone and while a batch is answered. */
export async function measureSingle(
  ring: Ring,
  line: DecideLine,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Aim[]> {
  console.log("Single decisions beside the bare server …");
  const load = loadOf(line, ring.token);
  const bare = await startBare(ring, line.service, [load]);
  const entrants = [stand(ring, "bare", [bare], load), stand(ring, "service", [line.service], load)];
  await fill(line.service, load);
  for (const entrant of entrants) await warmUp(ring.children, entrant);
  const all: Round[] = [];
  for (let number = 0; number < rounds * shortRounds; number += 1) {
    all.push(await measureRound(ring.children, entrants, number, shortRoundSeconds));
  }
  const trouble = troubles(all);
  if (trouble.length > 0) throw new Error(`THESE FIGURES ARE WORTHLESS:\n${trouble.join("\n")}`);
  const [, service] = entrants;
  const delays = service === undefined ? [] : await measureDelays(ring, line, service, { rounds, seconds });
  return [...figuresOf(all), ...delays];
}

function loadOf({ customers }: DecideLine, token: string): Load {
  const { category, channel } = common;
  return {
    name: "decision",
    customers: Math.min(customersMax, Math.floor(customers / 10)),
    method: "POST",
    path: "/v1/decisions",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ subject: "customer:10@NUMBER@7", category, channel }),
  };
}

function figuresOf(all: readonly Round[]): Aim[] {
  const series = (name: string, pick: "cpuPerRequest" | "rate") => all.map((round) => of(round, name)[pick]);
  return [
    {
      title: "CPU, single decision against bare",
      values: all.map(cpuRatio("bare", "service")),
      digits: 2,
      least: 0.6,
      stretch: 0.8,
    },
    ...["bare", "service"].flatMap((name): Aim[] => [
      { title: `single, ${name}: CPU`, values: series(name, "cpuPerRequest"), unit: "µs/request", digits: 1 },
      { title: `single, ${name}: rate`, values: series(name, "rate"), unit: "requests/s" },
    ]),
  ];
}

/** How long an answer takes at worst, but for one in a hundred, with a batch beside it and without. */
async function measureDelays(
  ring: Ring,
  line: DecideLine,
  service: Entrant,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Aim[]> {
  const lines = Math.min(batchLines, line.customers);
  console.log(`Single decisions, alone and while a batch of ${lines} lines is answered …`);
  const askBatch = (batchSeconds: number) => {
    const batch = { origin: line.service.origin, form: "once", lines, seconds: batchSeconds };
    return ask<{ rate: number }>(line.asker, "batch", batch);
  };
  await askBatch(seconds);
  const aims: Aim[] = [];
  for (const connections of [CONNECTIONS, fewConnections]) {
    const [alone, beside, rates]: [number[], number[], number[]] = [[], [], []];
    const delay = async () =>
      (await generate(ring.children, service.script, [line.service.origin], seconds, connections)).p99Milliseconds;
    for (let round = 0; round < rounds; round += 1) {
      alone.push(await delay());
      // Longer than the generator takes to start and to end, so that there is a batch all the while.
      const [p99, { rate }] = await Promise.all([delay(), askBatch(seconds + 2)]);
      beside.push(p99);
      rates.push(rate);
    }
    const title = `over ${connections} connections`;
    aims.push(
      {
        title: `p99, single ${title}, beside a batch against alone`,
        values: ratios(beside, alone),
        digits: 1,
        most: 5,
      },
      { title: `p99, single ${title}, alone`, values: alone, unit: "ms", digits: 1 },
      { title: `p99, single ${title}, beside a batch`, values: beside, unit: "ms", digits: 1 },
      { title: `the batch beside singles ${title}`, values: rates, unit: "lines/s" },
    );
  }
  return aims;
}
