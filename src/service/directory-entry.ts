import { normalForm } from "../domain/address.ts";
import { type Act, type Draft, draft } from "../domain/change.ts";
import type { OrganisationEntry, UserEntry } from "../domain/directory.ts";
import type { Path } from "../domain/fault.ts";
import type { ProblemName } from "../domain/problem.ts";
import { sortedByKey } from "../domain/sorted.ts";
import { entryOf, type Stream } from "../domain/stream.ts";
import { organisation, user } from "../domain/subject.ts";
import { last } from "./last.ts";
import type { Organisations } from "./organisations.ts";
import type { Outcome, Rejection } from "./outcome.ts";
import type { Appended, Newest, Refused, Step } from "./store.ts";

// What adding and replacing the directory's entries have in common.

/** What is to stand in a user's entry; with the id, where one is given. A body never redirects a write to another entry. */
export type UserWish = Omit<UserEntry, "id"> & { readonly id?: number };

/** The same of an organisation. */
export type OrganisationWish = Omit<OrganisationEntry, "id"> & { readonly id?: number };

/** An entry as it was recorded, and the change that did it. */
export interface RecordedEntry<Entry> {
  readonly entry: Entry;
  readonly change: number;
}

export const idTaken = refusal("id-taken", ["id"], "is taken", "id-taken");
export const idDiffers = refusal("id-differs", ["id"], "is not the id of the entry that the path names");
export const emailInvalid = refusal("address-invalid", ["email"], "cannot be an e-mail address");
const emailTaken = refusal("email-taken", ["email"], "belongs to another user", "email-taken");
const organisationUnknown = refusal("organisation-unknown", ["organisation", "orgid"], "is not in the directory");

/** A rejection because of one member of the body. */
export function refusal(fault: ProblemName, path: Path, message: string, problem: ProblemName = "invalid"): Rejection {
  return { problem, faults: [{ problem: fault, path, message }] };
}

/** Whether the e-mail address, if one is given, can be one. */
export function hasPossibleEmail(wish: UserWish): boolean {
  return wish.email === undefined || emailsOf(wish).length === 1;
}

/** The user's address, if it has one, in the form in which addresses are compared. */
export function emailsOf({ email }: Pick<UserEntry, "email">): string[] {
  const normal = email === undefined ? undefined : normalForm("email", email);
  return normal === undefined ? [] : [normal];
}

/** The stream of the entry of the user's organisation, if it has one: what a user's step reads. */
export function organisationEntryOf(wish: UserWish): Stream<OrganisationEntry>[] {
  return wish.organisation === undefined ? [] : [entryOf(organisation(wish.organisation))];
}

/**
 * The user's entry, and its organisation's where that comes into being with it.
 */
export function userStep(
  newest: Newest,
  subjects: Organisations["subjects"],
  entry: UserEntry,
  act: Act,
): Step<Rejection> {
  const emails = emailsOf(entry);
  const owners = emails.map((email) => newest.userWithEmail(email));
  if (owners.some((owner) => owner !== undefined && owner !== entry.id)) return { refuse: emailTaken };
  const recorded = draft(act, "directory", entryOf(user(entry.id)), inOrder(entry));
  const organisationId = entry.organisation;
  if (organisationId === undefined || newest.change(entryOf(organisation(organisationId))) !== undefined) {
    return { append: [recorded] };
  }
  if (subjects === "registered") return { refuse: organisationUnknown };
  // What was shown to the user is the user's, and has to go with it when it is erased.
  const { actor, client } = act;
  return { append: [organisationDraft({ id: organisationId }, { actor, client }), recorded] };
}

/** The next change of an organisation's entry. */
export function organisationDraft(entry: OrganisationEntry, act: Act): Draft<OrganisationEntry> {
  return draft(act, "directory", entryOf(organisation(entry.id)), inOrder(entry));
}

/** Keys in sorted order, as a draft's document must have them; members without a value are left out. */
function inOrder<Value extends object>(value: Value): Value {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return sortedByKey(
    members.map(([key, member]) => [key, typeof member === "object" ? inOrder(member) : member]),
  ) as Value;
}

/** What the write came to: the entry is its last change, behind one that came into being with it. */
export function outcomeOf<Entry>(result: Appended | Refused<Rejection>): Outcome<RecordedEntry<Entry>> {
  if ("refused" in result) return { rejected: result.refused };
  const recorded = last(result.changes);
  return { value: { entry: recorded.document as Entry, change: recorded.position } };
}
