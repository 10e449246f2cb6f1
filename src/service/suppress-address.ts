import { type Act, type Change, type Draft, draft } from "../domain/change.ts";
import { catalogueStream, type Stream, suppressionEvidenceOf, suppressionsOf } from "../domain/stream.ts";
import {
  type AddressSuppressions,
  type AskedSuppression,
  checkSuppression,
  type MarkKey,
  type Suppression,
  type SuppressionWish,
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

/**
 * Who stops or lifts, and what was shown and said. A tracking id is not kept: it could name whose address it is, as could
 * the evidence, which therefore stands in a stream of its own.
 */
export type SuppressingAct = Omit<Act, "trackingId">;

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
  suppressions: Suppressions,
  asked: AskedSuppression,
  act: SuppressingAct,
): Promise<Outcome<InForce>> {
  const suppressOne = await suppressing(suppressions, act);
  return suppressOne(asked);
}

/** Stops one of many addresses. */
export type SuppressOne = (asked: AskedSuppression) => Promise<Outcome<InForce>>;

/**
 * Makes ready to stop many addresses, by the catalogue as it is now.
 *
 * @returns stops one; what is called earlier is recorded earlier, also when it is not awaited in between
 */
export async function suppressing({ store, catalogue }: Suppressions, act: SuppressingAct): Promise<SuppressOne> {
  const [inForce] = await store.newest([catalogueStream]);
  const words = catalogue.at(inForce);
  let key: Promise<MarkKey> | undefined;
  return async (asked) => {
    const checked = checkSuppression(asked, words);
    if ("faults" in checked) return rejected("invalid", checked.faults);
    // Only now: what is refused leaves no trace, the key of marks included.
    key ??= ensureMarkKey(store);
    return { value: await record(store, await key, checked.wish, act) };
  };
}

async function record(store: Store, key: MarkKey, wish: SuppressionWish, act: SuppressingAct): Promise<InForce> {
  const mark = markOf(key, wish.address);
  const stream = suppressionsOf(mark);
  const step = (newest: Newest): Step<Change<AddressSuppressions>> => {
    const current = newest.change(stream);
    const { document, number } = suppress(current?.document, wish, newest.at);
    if (current !== undefined && document === current.document) return { refuse: current };
    return { append: draftsOf(act, "suppression", mark, document, number) };
  };
  const result = await store.append({ reads: readsFor(act, mark), step });
  const isNew = "changes" in result;
  const { document, position } = isNew ? (result.changes[0] as Change<AddressSuppressions>) : result.refused;
  const { number } = suppress(document, wish, "");
  const suppression = document.suppressions.find((one) => one.number === number) as Suppression;
  return { suppression: viewOf(mark, suppression), change: position, isNew };
}

/** The streams to which `draftsOf` appends. */
export function readsFor({ evidence }: SuppressingAct, mark: string): Stream[] {
  return evidence === undefined ? [suppressionsOf(mark)] : [suppressionsOf(mark), suppressionEvidenceOf(mark)];
}

/** A change of what stops an address, by one of its suppressions, and beside it the evidence that there is. */
export function draftsOf(
  { actor, client, evidence }: SuppressingAct,
  kind: "lift" | "suppression",
  mark: string,
  document: AddressSuppressions,
  suppression: number,
): readonly [Draft, ...Draft[]] {
  const first = draft({ actor, client }, kind, suppressionsOf(mark), document);
  if (evidence === undefined) return [first];
  const beside = draft({ actor, client, evidence }, "evidence", suppressionEvidenceOf(mark), { suppression });
  return [first, beside];
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
