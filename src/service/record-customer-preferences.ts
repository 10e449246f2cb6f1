import { type Act, draft } from "../domain/change.ts";
import { type CustomerWish, settleCustomerWish } from "../domain/customer-preferences.ts";
import type { Fault } from "../domain/fault.ts";
import { catalogueStream, preferencesOf } from "../domain/stream.ts";
import { customer } from "../domain/subject.ts";
import { type Condition, isMet, versionOf } from "./condition.ts";
import type { Customers } from "./customers.ts";
import type { Outcome, Rejection } from "./outcome.ts";
import type { Newest, Step } from "./store.ts";

/**
 * Records what a customer has chosen. The wish is settled against the newest document, inside the store's step, so
 * that two writers never undo each other's slots (law 12).
 *
 * @returns the position of the change, or every fault of the wish; `precondition-failed` when the condition is not met
 */
export async function recordCustomerPreferences(
  { store, catalogue, continuation, put }: Customers,
  customerId: string,
  wish: CustomerWish,
  act: Act,
  condition: Condition,
): Promise<Outcome<{ readonly change: number }>> {
  const stream = preferencesOf(customer(customerId));

  const step = (newest: Newest): Step<Rejection> => {
    const words = catalogue.wordsAt(newest);
    const current = newest.change(stream);
    const version = () => versionOf(current?.position, words.version, continuation);
    if (!isMet(condition, version, current !== undefined)) {
      return { refuse: { problem: "precondition-failed", faults: [] } };
    }
    const settled = settleCustomerWish(current?.document, wish, {
      words,
      actor: act.actor,
      at: newest.at,
      replace: put === "replace",
    });
    if ("faults" in settled) return { refuse: { problem: "invalid", faults: settled.faults } };
    return { append: [draft(act, "preferences", stream, settled.document)] };
  };

  const result = await store.append({ reads: [stream, catalogueStream], step });
  if ("refused" in result) return { rejected: result.refused };
  return { value: { change: result.changes[0].position } };
}

/** What is wrong with a wish whose body was partly unreadable, so that its sender hears of everything at once. */
export async function faultsOfCustomerWish(
  { store, catalogue, put }: Customers,
  customerId: string,
  wish: CustomerWish,
): Promise<readonly Fault[]> {
  const [newest, recorded] = await store.newest([preferencesOf(customer(customerId)), catalogueStream]);
  const context = { words: catalogue.at(recorded), actor: "", at: "", replace: put === "replace" };
  const settled = settleCustomerWish(newest?.document, wish, context);
  return "faults" in settled ? settled.faults : [];
}
