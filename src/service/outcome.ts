import type { Fault } from "../domain/fault.ts";
import type { ProblemName } from "../domain/problem.ts";

/** Why a use case was not carried out; nothing was changed. */
export interface Rejection {
  readonly problem: ProblemName;
  /** Everything that is wrong, where it is more than the problem itself says. */
  readonly faults: readonly Fault[];
}

/** What a use case comes to: a value, or a rejection. Thrown errors are for what nobody meant. */
export type Outcome<Value> = { readonly value: Value } | { readonly rejected: Rejection };

/** The outcome of a use case that was not carried out. */
export function rejected(problem: ProblemName, faults: readonly Fault[] = []): { readonly rejected: Rejection } {
  return { rejected: { problem, faults } };
}
