import type { Change } from "../domain/change.ts";
import { addressForms, normalFormOfEither } from "../domain/address.ts";
import { markingStream, suppressionsOf } from "../domain/stream.ts";
import type { AddressSuppressions } from "../domain/suppression.ts";
import { markOf } from "./mark.ts";
import { type Outcome, rejected } from "./outcome.ts";
import type { Records } from "./store.ts";
import { type SuppressionName, type SuppressionView, viewsOf } from "./suppression-view.ts";

/** A part of all suppressions. */
export interface SuppressionPage {
  /** Those of one address stand together; addresses in the order in which they were first stopped. */
  readonly suppressions: readonly SuppressionView[];
  /** The id after which the next part begins; absent when this is the last. */
  readonly next?: string;
}

/** One suppression that is in force; `suppression-unknown` when it was lifted or never there. */
export async function readSuppression(
  records: Records,
  { mark, number }: SuppressionName,
): Promise<Outcome<SuppressionView>> {
  const found = (await stopsAt(records, mark)).find(({ id }) => id === `${mark}.${number}`);
  return found === undefined ? rejected("suppression-unknown") : { value: found };
}

/** All that stops an address now; `invalid` with a fault at `address` for what cannot be one. */
export async function searchSuppressions(records: Records, address: string): Promise<Outcome<SuppressionView[]>> {
  const normal = normalFormOfEither(address);
  if (normal === undefined) {
    const message = `must be ${addressForms.email}, or ${addressForms.phone}`;
    return rejected("invalid", [{ problem: "address-invalid", path: ["address"], message }]);
  }
  const [key] = await records.newest([markingStream]);
  return { value: key === undefined ? [] : await stopsAt(records, markOf(key.document, normal)) };
}

/** All that stops the address of this mark now. */
export async function stopsAt(records: Pick<Records, "newest">, mark: string): Promise<SuppressionView[]> {
  const [change] = await records.newest([suppressionsOf(mark)]);
  return change === undefined ? [] : viewsOf(change);
}

/**
 * A part of everything that is stopped now. From part to part none comes twice, and none is missed that stays in force.
 *
 * @param limit how many at most
 * @param after where it goes on; absent: at the beginning
 * @returns the part; `invalid` with a fault at `cursor` when `after` names an address that was never stopped
 */
export async function listSuppressions(
  records: Records,
  limit: number,
  after?: SuppressionName,
): Promise<Outcome<SuppressionPage>> {
  const stream = after && suppressionsOf(after.mark);
  const [begun] = stream === undefined ? [] : await records.newest([stream]);
  if (begun === undefined && after !== undefined) {
    const message = "was not given out here; leave it out to begin with the first";
    return rejected("invalid", [{ problem: "value-invalid", path: ["cursor"], message }]);
  }
  const suppressions: SuppressionView[] = [];
  for await (const view of viewsAfter(records, begun, after?.number)) {
    if (suppressions.length === limit) return { value: { suppressions, next: suppressions.at(-1)?.id ?? "" } };
    suppressions.push(view);
  }
  return { value: { suppressions } };
}

/** @param begun the address at which the list goes on, and the number there after which */
async function* viewsAfter(
  records: Records,
  begun: Change<AddressSuppressions> | undefined,
  number = 0,
): AsyncGenerator<SuppressionView> {
  if (begun !== undefined) {
    const rest = begun.document.suppressions.filter((suppression) => suppression.number > number);
    yield* viewsOf({ stream: begun.stream, document: { ...begun.document, suppressions: rest } });
  }
  for await (const change of records.everySuppressed(begun?.stream)) yield* viewsOf(change);
}
