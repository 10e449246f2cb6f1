import type { Change, Draft } from "../domain/change.ts";
import { heldAddresses } from "../domain/held-addresses.ts";

/** Addresses (in their normal form) that a draft's document holds and the one before it did not. */
export function addedAddresses(before: Change | undefined, { kind, document }: Draft): readonly string[] {
  if (before === undefined) return heldAddresses(kind, document);
  if (before.document === document) return [];
  const held = heldAddresses(kind, before.document);
  return heldAddresses(kind, document).filter((normal) => !held.includes(normal));
}
