import { randomBytes } from "node:crypto";
import { globSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bounded } from "./lib/arguments.ts";
import { Children, type Server } from "./lib/children.ts";
import { fill, type Ring, startBare, startPeer, startService } from "./lib/contestants.ts";
import { discard, diskFolder } from "./lib/folder.ts";
import { CONNECTIONS, generate, requireGenerator, writeScript } from "./lib/generator.ts";
import { type Load, type LoadName, loads } from "./lib/loads.ts";
import { cpuRatio, type Goal, printReport, type Round, rateRatio, troubles } from "./lib/report.ts";
import { writeResults } from "./lib/results.ts";
import { type Entrant, type Measured, measure } from "./lib/round.ts";
import { printTop } from "./profile.ts";

/** A server is warm when it has answered this often, or has had this many spells of a few seconds. */
const WARM_REQUESTS = 20_000;
const WARM_SPELLS = 5;
const WARM_SPELL_SECONDS = 3;

const goals: readonly Goal[] = [
  { title: "CPU, PUT JSON against bare", least: 0.25, stretch: 0.33, ratio: cpuRatio("bare PUT", "service PUT JSON") },
  { title: "CPU, PUT XML against JSON", least: 0.7, ratio: cpuRatio("service PUT JSON", "service PUT XML") },
  { title: "CPU, GET against bare", least: 0.55, stretch: 0.7, ratio: cpuRatio("bare GET", "service GET") },
  { title: "rate, PUT JSON against peer", least: 7, ratio: rateRatio("service PUT JSON", "peer PUT JSON") },
];

/** Measures the service beside the bare server and the peer, or with `--profile` shows where its CPU time goes. */
export async function http(args: string[]): Promise<void> {
  const options = read(args);
  requireGenerator();
  const children = new Children();
  const folder = diskFolder();
  const leave = (): never => {
    children.kill();
    discard(folder);
    process.exit(130);
  };
  process.once("SIGINT", leave).once("SIGTERM", leave);
  const ring = { children, folder, token: randomBytes(32).toString("base64url") };
  try {
    await (options.profile ? profileService(ring, options) : compare(ring, options));
  } finally {
    await children.stop();
    discard(folder);
    process.off("SIGINT", leave).off("SIGTERM", leave);
  }
}

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly customers: number;
  readonly write: boolean;
  readonly profile: boolean;
  readonly load: LoadName;
}

function read(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: "string", default: "7" },
      seconds: { type: "string" },
      customers: { type: "string", default: "10000" },
      write: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      load: { type: "string", default: "put" },
    },
  });
  const { load, profile, write } = values;
  if (load !== "put" && load !== "put-xml" && load !== "get") throw new Error("--load is put, put-xml or get");
  const seconds = bounded("seconds", values.seconds ?? (profile ? "10" : "2"), 60);
  const customers = bounded("customers", values.customers, 50_000);
  return { rounds: bounded("rounds", values.rounds, 50), seconds, customers, write, profile, load };
}

async function compare(ring: Ring, { rounds, seconds, customers, write }: Options): Promise<void> {
  const entrants = await line(ring, customers);
  for (const entrant of entrants) await warmUp(ring, entrant);
  const results: Round[] = [];
  for (let number = 0; number < rounds; number += 1) {
    console.log(`round ${number + 1} of ${rounds} …`);
    results.push(await runRound(ring, number % 2 === 0 ? entrants : entrants.toReversed(), seconds));
  }
  const report = printReport(results, goals);
  console.log(`\n${report}\n`);
  const trouble = troubles(results);
  if (trouble.length > 0) throw new Error(`THESE FIGURES ARE WORTHLESS:\n${trouble.join("\n")}`);
  const command = `npm run bench http -- --rounds ${rounds} --seconds ${seconds} --customers ${customers} --write`;
  const place = ring.children.pinned ? "servers on CPU 0, wrk on CPU 1" : "nothing pinned";
  if (write) writeResults("http", report, command, `${CONNECTIONS} connections, ${place}`);
}

/** Lets the server's code be compiled for the load; by requests, because a busy machine does little in a second. */
async function warmUp({ children }: Ring, { script, server }: Entrant): Promise<void> {
  let requests = 0;
  for (let spell = 0; spell < WARM_SPELLS && requests < WARM_REQUESTS; spell += 1) {
    requests += (await generate(children, script, server.origin, WARM_SPELL_SECONDS)).requests;
  }
}

/** Starts every server, gives it all customers, and answers with who runs under what load. */
async function line(ring: Ring, customers: number): Promise<Entrant[]> {
  const { put, "put-xml": putXml, get } = loads(ring.token, customers);
  console.log("Starting the servers and giving each its customers …");
  const service = await startService(ring);
  await fill(service, put);
  const bare = await startBare(ring, service, [put, get]);
  const peer = await startPeer(ring);
  await fill(peer, put);
  const entrant = (name: string, server: Server, load: Load): Entrant => {
    return { name, server, script: writeScript(ring.folder, load) };
  };
  return [
    entrant("bare PUT", bare, put),
    entrant("service PUT JSON", service, put),
    entrant("service PUT XML", service, putXml),
    entrant("bare GET", bare, get),
    entrant("service GET", service, get),
    entrant("peer PUT JSON", peer, put),
  ];
}

/** One after the other, so that each has the machine for itself; the order turns, so that drift does not take sides. */
async function runRound({ children }: Ring, entrants: readonly Entrant[], seconds: number): Promise<Round> {
  const measured: Measured[] = [];
  for (const entrant of entrants) measured.push(await measure(children, entrant, seconds));
  return new Map(measured.map((one) => [one.name, one]));
}

async function profileService(ring: Ring, { load, seconds, customers }: Options): Promise<void> {
  const kept = mkdtempSync(join(tmpdir(), "saywhen-profile-"));
  const all = loads(ring.token, customers);
  const service = await startService(ring, ["--cpu-prof", `--cpu-prof-dir=${kept}`]);
  await fill(service, all.put);
  const entrant = { name: load, server: service, script: writeScript(ring.folder, all[load]) };
  await warmUp(ring, entrant);
  const { cpuPerRequest, rate, seen } = await measure(ring.children, entrant, seconds);
  await ring.children.stop();
  // The main thread's is number 0; worker threads write files of their own.
  const [file] = globSync(join(kept, `*.${service.pid}.0.*.cpuprofile`));
  if (file === undefined) throw new Error(`The service left no profile in ${kept}: did it not end by itself?`);
  console.log(`${load}: ${rate.toFixed(0)} requests/s, ${cpuPerRequest.toFixed(1)} CPU µs/request while profiled`);
  if (seen.refused + seen.broken > 0) console.log(`BEWARE: ${seen.refused} refusals, ${seen.broken} socket errors`);
  console.log(`${printTop(file, 40, seconds)}\n\nThe whole profile, for Chrome's DevTools: ${file}`);
}
