import { normalForm } from "./address.ts";
import type { ChangeKind } from "./change.ts";
import type { CustomerPreferences } from "./customer-preferences.ts";
import type { UserEntry } from "./directory.ts";

/**
 * The normal forms of the addresses that a document holds, each once: what search, suppressions and erasure look
 * people up by.
 */
export function heldAddresses(kind: ChangeKind, document: unknown): readonly string[] {
  if (kind === "preferences") {
    const { selections = none } = Object(document) as Partial<CustomerPreferences>;
    return selections.length < 2 ? selections.map(({ normal }) => normal) : distinct(selections);
  }
  if (kind !== "directory") return none;
  const { email } = document as Partial<UserEntry>;
  const normal = email === undefined ? undefined : normalForm("email", email);
  return normal === undefined ? none : [normal];
}

const none: readonly never[] = [];

function distinct(selections: CustomerPreferences["selections"]): string[] {
  return [...new Set(selections.map(({ normal }) => normal))];
}
