import { suppressionsOf } from "../domain/stream.ts";
import { lift } from "../domain/suppression.ts";
import { type Outcome, rejected } from "./outcome.ts";
import type { Newest, Step, Store } from "./store.ts";
import { draftsOf, readsFor, type SuppressingAct } from "./suppress-address.ts";
import type { SuppressionName } from "./suppression-view.ts";

/** A suppression was lifted. */
export interface Lifted {
  /** The position of the change that says so. */
  readonly change: number;
}

/** Takes back one stop on an address; the others stay. `suppression-unknown` when it is not there, or not any more. */
export async function liftSuppression(
  store: Store,
  { mark, number }: SuppressionName,
  act: SuppressingAct,
): Promise<Outcome<Lifted>> {
  const stream = suppressionsOf(mark);
  const step = (newest: Newest): Step<"suppression-unknown"> => {
    const document = lift(newest.change(stream)?.document, number);
    if (document === undefined) return { refuse: "suppression-unknown" };
    return { append: draftsOf(act, "lift", mark, document, number) };
  };
  const result = await store.append({ reads: readsFor(act, mark), step });
  return "refused" in result ? rejected(result.refused) : { value: { change: result.changes[0].position } };
}
