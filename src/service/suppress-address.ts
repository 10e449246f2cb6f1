import { type Act, type Change, draft } from "../domain/change.ts";
import { catalogueStream, suppressionsOf } from "../domain/stream.ts";
import {
  type AddressSuppressions,
  type AskedSuppression,
  checkSuppression,
  type Suppression,
  suppress,
} from "../domain/suppression.ts";
import type { CatalogueInForce } from "./catalogue.ts";
import { ensureMarkKey, markOf } from "./mark.ts";
import { type Outcome, type Rejection, rejected } from "./outcome.ts";
import type { Newest, Step, Store } from "./store.ts";
import { type SuppressionView, viewOf } from "./suppression-view.ts";

/** What the use cases of suppressions work with. */
export interface Suppressions {
  readonly store: Store;
  readonly catalogue: CatalogueInForce;
}

/** Who stops or lifts. Nothing else of the request is kept: a tracking id or evidence could name whose address it is. */
export type SuppressingAct = Pick<Act, "actor" | "client">;

/** A suppression that is in force. */
export interface InForce {
  readonly suppression: SuppressionView;
  /** The position of the change that holds it. */
  readonly change: number;
  /** Whether it was not there before. */
  readonly isNew: boolean;
}

/** Stops an address, on one channel or on all. The same again changes nothing, and answers with what is there. */
export async function suppressAddress(
  { store, catalogue }: Suppressions,
  asked: AskedSuppression,
  { actor, client }: SuppressingAct,
): Promise<Outcome<InForce>> {
  // What is refused leaves no trace, the key of marks included.
  const [inForce] = await store.newest([catalogueStream]);
  const checked = checkSuppression(asked, catalogue.at(inForce));
  if ("faults" in checked) return rejected("invalid", checked.faults);
  const { wish } = checked;
  const mark = markOf(await ensureMarkKey(store), wish.address);
  const stream = suppressionsOf(mark);
  const step = (newest: Newest): Step<Change<AddressSuppressions>> => {
    const current = newest.change(stream);
    const { document } = suppress(current?.document, wish, newest.at);
    if (current !== undefined && document === current.document) return { refuse: current };
    return { append: [draft({ actor, client }, "suppression", stream, document)] };
  };
  const result = await store.append({ reads: [stream], step });
  const isNew = "changes" in result;
  const { document, position } = isNew ? (result.changes[0] as Change<AddressSuppressions>) : result.refused;
  const { number } = suppress(document, wish, "");
  const suppression = document.suppressions.find((one) => one.number === number) as Suppression;
  return { value: { suppression: viewOf(mark, suppression), change: position, isNew } };
}

/** Every fault of a stop, for whoever was to send it. */
export async function suppressionFaults(
  { store, catalogue }: Suppressions,
  asked: AskedSuppression,
): Promise<Rejection["faults"]> {
  const [inForce] = await store.newest([catalogueStream]);
  const checked = checkSuppression(asked, catalogue.at(inForce));
  return "faults" in checked ? checked.faults : [];
}
