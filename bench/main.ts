import { audience } from "./audience.ts";
import { decide } from "./decide.ts";
import { http } from "./http.ts";
import { log } from "./log.ts";
import { match } from "./match.ts";
import { profile } from "./profile.ts";
import { scale } from "./scale.ts";
import { store } from "./store.ts";

/** `npm run bench [name] [-- options]`: the benchmarks by name, and how each is called. */
const benches: Readonly<Record<string, { readonly calls: readonly string[]; readonly run: Run }>> = {
  audience: {
    calls: ["audience [-- [--customers 1000000] [--rounds 5] [--seconds 1] [--large] [--write]]"],
    run: audience,
  },
  decide: {
    calls: ["decide [-- [--customers 1000000] [--rounds 3] [--seconds 2] [--large] [--write]]"],
    run: decide,
  },
  http: {
    calls: [
      "http [-- [--database sqlite|postgres] [--rounds 7] [--seconds 2] [--customers 10000] [--write]]",
      "http -- --profile [--database sqlite|postgres] [--load put|put-xml|get] [--seconds 10] [--customers 10000]",
    ],
    run: http,
  },
  log: { calls: ["log [-- [--entries 10000000] [--changes 1000000] [--write]]"], run: log },
  match: {
    calls: ["match [-- [--subjects 1000000] [--rounds 25] [--against rows,objects,sqlite,postgres] [--write]]"],
    run: match,
  },
  profile: { calls: ["profile -- <file.cpuprofile> [--top 40] [--last <seconds>]"], run: profile },
  scale: {
    calls: [
      "scale [-- --subjects 5e6 [--changes-a-day 2e5] [--questions-a-day 1e7] [--reads-a-day 1e5] [--peak-factor 5]",
      "          [--years 3] [--addresses 2] [--standby-ms 0]]",
    ],
    run: scale,
  },
  store: { calls: ["store [-- [--changes 200000] [--write]]"], run: store },
};

type Run = (args: string[]) => Promise<void>;

async function main([name = "http", ...args]: string[]): Promise<void> {
  const bench = benches[name];
  if (bench === undefined) {
    const calls = Object.values(benches).flatMap((known) => known.calls.map((call) => `  npm run bench ${call}`));
    throw new Error(`There is no benchmark named ${name}. These are:\n${calls.join("\n")}`);
  }
  await bench.run(args);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
