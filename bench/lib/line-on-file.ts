import { fill, type Ring, startBare, startPeer, startService } from "./contestants.ts";
import { type Line, stand } from "./line.ts";
import { loads } from "./loads.ts";
import { cpuRatio, rateRatio } from "./report.ts";

/** The service on SQLite beside the bare server and the peer, each with its customers. */
export async function lineOnFile(ring: Ring, customers: number): Promise<Line> {
  const { put, "put-xml": putXml, get } = loads(ring.token, customers);
  const service = await startService(ring);
  await fill(service, put);
  const bare = await startBare(ring, service, [put, get]);
  const peer = await startPeer(ring);
  await fill(peer, put);
  return {
    results: "http",
    place: "servers on CPU 0, wrk on CPU 1",
    entrants: [
      stand(ring, "bare PUT", [bare], put),
      stand(ring, "service PUT JSON", [service], put),
      stand(ring, "service PUT XML", [service], putXml),
      stand(ring, "bare GET", [bare], get),
      stand(ring, "service GET", [service], get),
      stand(ring, "peer PUT JSON", [peer], put),
    ],
    goals: [
      {
        title: "CPU, PUT JSON against bare",
        least: 0.25,
        stretch: 0.33,
        ratio: cpuRatio("bare PUT", "service PUT JSON"),
      },
      { title: "CPU, PUT XML against JSON", least: 0.7, ratio: cpuRatio("service PUT JSON", "service PUT XML") },
      { title: "CPU, GET against bare", least: 0.55, stretch: 0.7, ratio: cpuRatio("bare GET", "service GET") },
      { title: "rate, PUT JSON against peer", least: 7, ratio: rateRatio("service PUT JSON", "peer PUT JSON") },
    ],
  };
}
