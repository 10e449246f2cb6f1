import { join } from "node:path";
import type { PostgresServer } from "../../test/support/postgres-server.ts";
import { fill, OTHER_CPU, type Ring, startBare, startService } from "./contestants.ts";
import { databaseMicroseconds } from "./database.ts";
import { type Line, stand } from "./line.ts";
import { loads } from "./loads.ts";
import { cpuRatio, rateRatio } from "./report.ts";

/** The service on PostgreSQL: beside the bare server, a second node, and itself with one statement a request. */
export async function lineOnPostgres(ring: Ring, postgres: PostgresServer, customers: number): Promise<Line> {
  const { put, get } = loads(ring.token, customers);
  const database = await newDatabase(ring, postgres, "service");
  const service = await startService(ring, { database });
  await fill(service, put);
  const second = await startService(ring, { name: "second", database, cpu: OTHER_CPU });
  const program = ["bench/servers/one-by-one.ts"];
  const oneByOne = await startService(ring, { name: "one-by-one", database, program });
  const bare = await startBare(ring, service, [put, get]);
  const used = () => databaseMicroseconds(postgres);
  return {
    results: "http on PostgreSQL",
    place: "the servers on CPU 0; wrk, PostgreSQL and the second node on CPU 1",
    entrants: [
      stand(ring, "bare PUT", [bare], put, () => 0),
      stand(ring, "service PUT JSON", [service], put, used),
      stand(ring, "two nodes PUT JSON", [service, second], put, used),
      stand(ring, "one by one PUT JSON", [oneByOne], put, used),
      stand(ring, "bare GET", [bare], get, () => 0),
      stand(ring, "service GET", [service], get, used),
      stand(ring, "two nodes GET", [service, second], get, used),
    ],
    goals: [
      { title: "CPU, PUT JSON against bare", least: 0.22, ratio: cpuRatio("bare PUT", "service PUT JSON") },
      { title: "CPU, GET against bare", least: 0.22, ratio: cpuRatio("bare GET", "service GET") },
      {
        title: "rate, PUT JSON against one by one",
        least: 2.5,
        ratio: rateRatio("service PUT JSON", "one by one PUT JSON"),
      },
      {
        title: "rate, PUT JSON of two nodes against one",
        least: 0.8,
        ratio: rateRatio("two nodes PUT JSON", "service PUT JSON"),
      },
      { title: "rate, GET of two nodes against one", least: 0.8, ratio: rateRatio("two nodes GET", "service GET") },
    ],
  };
}

/** A database for one contestant, and where the key of its nodes is. */
export async function newDatabase(
  { folder }: Ring,
  postgres: PostgresServer,
  name: string,
): Promise<{ url: string; key: string }> {
  return { url: await postgres.createDatabase(name), key: join(folder, `${name}.key`) };
}
