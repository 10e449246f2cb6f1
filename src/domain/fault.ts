import type { ProblemName } from "./problem.ts";

/** Where in a body something is wrong: member names and list indices from the root, in the words of the domain. */
export type Path = readonly (string | number)[];

/** One thing wrong with what was sent. Every fault of a body is reported, never only the first. */
export interface Fault {
  readonly problem: ProblemName;
  readonly path: Path;
  /** What is wrong and what would be right, as it is said of the place: `must be …`; never an address. */
  readonly message: string;
}
