import { addressForms, normalFormOfEither } from "../domain/address.ts";
import { heldAddresses } from "../domain/held-addresses.ts";
import { subjectOf } from "../domain/stream.ts";
import type { Subject } from "../domain/subject.ts";
import { type Outcome, rejected } from "./outcome.ts";
import type { PlacedChange, Records } from "./store.ts";
import { nextTurn } from "./turns.ts";

/** One who has an address. */
export interface FoundSubject {
  readonly subject: Subject;
  /** The position of the change that says so. */
  readonly change: number;
}

/** Some of those who have an address. */
export interface FoundSubjects {
  /** In the order in which they first came. */
  readonly subjects: readonly FoundSubject[];
  /** The place after which it goes on; absent when these are the last. */
  readonly next?: number;
}

/** Which of those who have an address are asked for. */
export interface SubjectSearch {
  /** Who may be told of; others are passed over. */
  readonly isMeant: (subject: Subject) => boolean;
  readonly limit: number;
  /** The place after which it goes on; absent: at the beginning. */
  readonly after?: number;
}

/**
 * Who has an address now: a customer by a selection, a user by the directory. From part to part nobody comes twice, and
 * nobody is missed who keeps it.
 *
 * @param address in whichever spelling
 * @returns `invalid` with a fault at `address` for what cannot be one
 */
export async function searchSubjects(
  records: Records,
  address: string,
  { isMeant, limit, after = 0 }: SubjectSearch,
): Promise<Outcome<FoundSubjects>> {
  const normal = normalFormOfEither(address);
  if (normal === undefined) {
    const message = `must be ${addressForms.email}, or ${addressForms.phone}`;
    return rejected("invalid", [{ problem: "address-invalid", path: ["address"], message }]);
  }
  const subjects: FoundSubject[] = [];
  for (let from = after; ; ) {
    const page = await records.newestWithAddress(normal, limit, from);
    for (const placed of page) {
      if (subjects.length === limit) return { value: { subjects, next: from } };
      from = placed.place;
      const found = foundIn(placed, normal);
      if (found !== undefined && isMeant(found.subject)) subjects.push(found);
    }
    if (page.length < limit) return { value: { subjects } };
    await nextTurn();
  }
}

/** Who once had it, and has it no more, is not found. */
function foundIn(
  { change: { kind, document, position, stream } }: PlacedChange,
  normal: string,
): FoundSubject | undefined {
  const subject = subjectOf(stream);
  if (subject === undefined || !heldAddresses(kind, document).includes(normal)) return undefined;
  return { subject, change: position };
}
