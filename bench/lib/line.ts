import type { Server } from "./children.ts";
import type { Ring } from "./contestants.ts";
import { writeScript } from "./generator.ts";
import type { Load } from "./loads.ts";
import type { Goal } from "./report.ts";
import type { Entrant } from "./round.ts";

/** Who runs under what load, and what they should reach. */
export interface Line {
  readonly entrants: readonly Entrant[];
  readonly goals: readonly Goal[];
  /** The name of the results in bench/README.md. */
  readonly results: string;
  /** Which CPU each runs on, where processes can be pinned. */
  readonly place: string;
}

/** @param databaseMicroseconds CPU time that the database beside it has used so far */
export function stand(
  { folder }: Ring,
  name: string,
  servers: readonly Server[],
  load: Load,
  databaseMicroseconds?: () => number,
): Entrant {
  return { name, servers, script: writeScript(folder, load), databaseMicroseconds };
}
