import { globSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { PostgresServer } from "../test/support/postgres-server.ts";
import { bounded } from "./lib/arguments.ts";
import { fill, OTHER_CPU, type Ring, startService } from "./lib/contestants.ts";
import { CONNECTIONS, requireGenerator } from "./lib/generator.ts";
import { inRing } from "./lib/in-ring.ts";
import { stand } from "./lib/line.ts";
import { lineOnFile } from "./lib/line-on-file.ts";
import { lineOnPostgres, newDatabase } from "./lib/line-on-postgres.ts";
import { type LoadName, loads } from "./lib/loads.ts";
import { printReport, troubles } from "./lib/report.ts";
import { writeResults } from "./lib/results.ts";
import { measure, measureRound, type Round, warmUp } from "./lib/round.ts";
import { printTop } from "./profile.ts";

/** Measures the service beside the bare server and the peer, or with `--profile` shows where its CPU time goes. */
export async function http(args: string[]): Promise<void> {
  const options = read(args);
  requireGenerator();
  const cpu = options.database === "postgres" ? OTHER_CPU : undefined;
  await inRing((ring, postgres) => (options.profile ? profileService : compare)(ring, options, postgres), cpu);
}

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly customers: number;
  readonly write: boolean;
  readonly profile: boolean;
  readonly load: LoadName;
  readonly database: "sqlite" | "postgres";
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
      database: { type: "string", default: "sqlite" },
    },
  });
  const { load, profile, write, database } = values;
  if (load !== "put" && load !== "put-xml" && load !== "get") throw new Error("--load is put, put-xml or get");
  if (database !== "sqlite" && database !== "postgres") throw new Error("--database is sqlite or postgres");
  const seconds = bounded("seconds", values.seconds ?? (profile ? "10" : "2"), 60);
  const customers = bounded("customers", values.customers, 50_000);
  return { rounds: bounded("rounds", values.rounds, 50), seconds, customers, write, profile, load, database };
}

async function compare(ring: Ring, options: Options, postgres: PostgresServer | undefined): Promise<void> {
  const { rounds, seconds, customers, write, database } = options;
  console.log("Starting the servers and giving each its customers …");
  const line = await (postgres === undefined ? lineOnFile(ring, customers) : lineOnPostgres(ring, postgres, customers));
  const { entrants } = line;
  for (const entrant of entrants) await warmUp(ring.children, entrant);
  const results: Round[] = [];
  for (let number = 0; number < rounds; number += 1) {
    console.log(`round ${number + 1} of ${rounds} …`);
    results.push(await measureRound(ring.children, entrants, number, seconds));
  }
  const report = printReport(results, line.goals);
  console.log(`\n${report}\n`);
  const trouble = troubles(results);
  if (trouble.length > 0) throw new Error(`THESE FIGURES ARE WORTHLESS:\n${trouble.join("\n")}`);
  const on = database === "sqlite" ? "" : ` --database ${database}`;
  const command = `npm run bench http --${on} --rounds ${rounds} --seconds ${seconds} --customers ${customers} --write`;
  const place = ring.children.pinned ? line.place : "nothing pinned";
  if (write) writeResults(line.results, report, command, `${CONNECTIONS} connections, ${place}`);
}

async function profileService(
  ring: Ring,
  { load, seconds, customers }: Options,
  postgres: PostgresServer | undefined,
): Promise<void> {
  const kept = mkdtempSync(join(tmpdir(), "saywhen-profile-"));
  const all = loads(ring.token, customers);
  const nodeOptions = ["--cpu-prof", `--cpu-prof-dir=${kept}`];
  const database = postgres && { database: await newDatabase(ring, postgres, "service") };
  const service = await startService(ring, { ...database, nodeOptions });
  await fill(service, all.put);
  const entrant = stand(ring, load, [service], all[load]);
  await warmUp(ring.children, entrant);
  const { cpuPerRequest, rate, seen } = await measure(ring.children, entrant, seconds);
  await ring.children.stop();
  // The main thread's is number 0; worker threads write files of their own.
  const [file] = globSync(join(kept, `*.${service.pid}.0.*.cpuprofile`));
  if (file === undefined) throw new Error(`The service left no profile in ${kept}: did it not end by itself?`);
  console.log(`${load}: ${rate.toFixed(0)} requests/s, ${cpuPerRequest.toFixed(1)} CPU µs/request while profiled`);
  if (seen.refused + seen.broken > 0) console.log(`BEWARE: ${seen.refused} refusals, ${seen.broken} socket errors`);
  console.log(`${printTop(file, 40, seconds)}\n\nThe whole profile, for Chrome's DevTools: ${file}`);
}
