import type { CustomerPreferences, Selection } from "../../src/domain/customer-preferences.ts";
import { preferencesOf } from "../../src/domain/stream.ts";
import type { Customer } from "../../src/domain/subject.ts";
import type { Store } from "../../src/service/store.ts";

/** Appends a change of one customer's two selections, of which every other change turns the first. */
export function recordChange(store: Store, subject: Customer, number: number) {
  const stream = preferencesOf(subject);
  const act = { actor: "johnm", client: "crm", trackingId: `request-${number}` };
  return store.append({
    reads: [stream],
    step: (newest) => {
      const document = documentOf(subject, number, newest.change(stream) === undefined);
      return { append: [{ ...act, stream, kind: "preferences" as const, document }] };
    },
  });
}

/** Some 600 bytes with all that stands around them. */
function documentOf(subject: string, number: number, isNew: boolean): CustomerPreferences {
  const at = "2026-03-03T14:05:00.123Z";
  const selection = (type: string, choice: Selection["choice"]): Selection => {
    const normal = `+1212555${subject.slice(-4).padStart(4, "0")}`;
    const value = normal.slice(2);
    const audit = { createdAt: at, createdBy: "johnm", modifiedAt: at, modifiedBy: "johnm" };
    return { category: "Service Exception", channel: "Text", choice, ...audit, normal, type, value };
  };
  const turned = number % 2 === 0 || isNew ? "opted-in" : "opted-out";
  return { selections: [selection("BPHONE", turned), selection("SPHONE", "opted-out")] };
}
