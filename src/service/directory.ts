import { normalForm } from "../domain/address.ts";
import type { Act, Draft } from "../domain/change.ts";
import type { OrganisationEntry, UserEntry } from "../domain/directory.ts";
import type { Path } from "../domain/fault.ts";
import type { ProblemName } from "../domain/problem.ts";
import { entryOf } from "../domain/stream.ts";
import { organisation, user } from "../domain/subject.ts";
import type { Organisations, UserName } from "./organisations.ts";
import { type Outcome, type Rejection, rejected } from "./outcome.ts";
import type { Appended, Listing, Newest, Page, Refused, Step } from "./store.ts";
import { userId } from "./user-state.ts";

/** What is to stand in an entry; with the id, where one is given. A body never redirects a write to another entry. */
export type UserWish = Omit<UserEntry, "id"> & { readonly id?: number };
export type OrganisationWish = Omit<OrganisationEntry, "id"> & { readonly id?: number };

/** An entry as it was recorded, and the change that did it. */
export interface RecordedEntry<Entry> {
  readonly entry: Entry;
  readonly change: number;
}

const idTaken = refusal("id-taken", ["id"], "is taken", "id-taken");
const idDiffers = refusal("id-differs", ["id"], "is not the id of the entry that the path names");
const emailTaken = refusal("email-taken", ["email"], "belongs to another user", "email-taken");
const emailInvalid = refusal("address-invalid", ["email"], "cannot be an e-mail address");
const emailMissing = refusal(
  "member-missing",
  ["email"],
  "is missing; the user has one, which may be changed but not dropped",
);
const nameMissing = refusal(
  "member-missing",
  ["name"],
  "is missing; the organisation has one, which may be changed but not dropped",
);
const employerUnknown = refusal("organisation-unknown", ["organisation", "orgid"], "is not in the directory");

function refusal(fault: ProblemName, path: Path, message: string, problem: ProblemName = "invalid"): Rejection {
  return { problem, faults: [{ problem: fault, path, message }] };
}

/** Adds a user under the given id, or the next free one. A taken id or e-mail address is refused. */
export async function addUser(
  { store, subjects }: Organisations,
  wish: UserWish,
  act: Act,
): Promise<Outcome<RecordedEntry<UserEntry>>> {
  if (!hasPossibleEmail(wish)) return { rejected: emailInvalid };
  const step = (newest: Newest): Step<Rejection> => {
    const id = wish.id ?? newest.freeId("user");
    if (wish.id !== undefined && newest.change(entryOf(user(id))) !== undefined) return { refuse: idTaken };
    return userStep(newest, subjects, undefined, { ...wish, id }, act);
  };
  const reads = [...(wish.id === undefined ? [] : [entryOf(user(wish.id))]), ...employerOf(wish)];
  return outcomeOf(await store.append({ reads, emails: emailsOf(wish), ids: ["user"], step }));
}

/** Replaces a user's entry. */
export async function replaceUser(
  { store, subjects }: Organisations,
  name: UserName,
  wish: UserWish,
  act: Act,
): Promise<Outcome<RecordedEntry<UserEntry>>> {
  const id = await userId(store, name);
  if (id === undefined) return rejected("user-unknown");
  if (wish.id !== undefined && wish.id !== id) return { rejected: idDiffers };
  if (!hasPossibleEmail(wish)) return { rejected: emailInvalid };
  const stream = entryOf(user(id));
  const step = (newest: Newest): Step<Rejection> => {
    const before = newest.change(stream)?.document;
    if (before === undefined) return { refuse: rejected("user-unknown").rejected };
    if (before.email !== undefined && wish.email === undefined) return { refuse: emailMissing };
    return userStep(newest, subjects, before, { ...wish, id }, act);
  };
  return outcomeOf(await store.append({ reads: [stream, ...employerOf(wish)], emails: emailsOf(wish), step }));
}

/** Adds an organisation under the given id, or the next free one. A taken id is refused. */
export async function addOrganisation(
  { store }: Organisations,
  wish: OrganisationWish,
  act: Act,
): Promise<Outcome<RecordedEntry<OrganisationEntry>>> {
  const step = (newest: Newest): Step<Rejection> => {
    const id = wish.id ?? newest.freeId("organisation");
    if (wish.id !== undefined && newest.change(entryOf(organisation(id))) !== undefined) return { refuse: idTaken };
    return { append: [organisationDraft({ ...wish, id }, act)] };
  };
  const reads = wish.id === undefined ? [] : [entryOf(organisation(wish.id))];
  return outcomeOf(await store.append({ reads, ids: ["organisation"], step }));
}

/** Replaces an organisation's entry. */
export async function replaceOrganisation(
  { store }: Organisations,
  id: number,
  wish: OrganisationWish,
  act: Act,
): Promise<Outcome<RecordedEntry<OrganisationEntry>>> {
  if (wish.id !== undefined && wish.id !== id) return { rejected: idDiffers };
  const stream = entryOf(organisation(id));
  const step = (newest: Newest): Step<Rejection> => {
    const before = newest.change(stream)?.document;
    if (before === undefined) return { refuse: rejected("organisation-unknown").rejected };
    if (before.name !== undefined && wish.name === undefined) return { refuse: nameMissing };
    return { append: [organisationDraft({ ...wish, id }, act)] };
  };
  return outcomeOf(await store.append({ reads: [stream], step }));
}

export async function findUser({ store }: Organisations, name: UserName): Promise<Outcome<UserEntry>> {
  const id = await userId(store, name);
  if (id === undefined) return rejected("user-unknown");
  const [entry] = await store.newest([entryOf(user(id))]);
  return entry === undefined ? rejected("user-unknown") : { value: entry.document };
}

export async function findOrganisation({ store }: Organisations, id: number): Promise<Outcome<OrganisationEntry>> {
  const [entry] = await store.newest([entryOf(organisation(id))]);
  return entry === undefined ? rejected("organisation-unknown") : { value: entry.document };
}

export function listUsers({ store }: Organisations, page: Page): Promise<Listing<UserEntry>> {
  return store.users(page);
}

export function listOrganisations({ store }: Organisations, page: Page): Promise<Listing<OrganisationEntry>> {
  return store.organisations(page);
}

/** The user's entry, and its organisation's where that comes into being with it. */
function userStep(
  newest: Newest,
  subjects: Organisations["subjects"],
  before: UserEntry | undefined,
  entry: UserEntry,
  act: Act,
): Step<Rejection> {
  const emails = emailsOf(entry);
  const owners = emails.map((email) => newest.userWithEmail(email));
  if (owners.some((owner) => owner !== undefined && owner !== entry.id)) return { refuse: emailTaken };
  const draft: Draft = {
    ...act,
    stream: entryOf(user(entry.id)),
    kind: "directory",
    document: inOrder(entry),
    addresses: emails.filter((email) => before === undefined || !emailsOf(before).includes(email)),
  };
  const employer = entry.organisation;
  if (employer === undefined || newest.change(entryOf(organisation(employer))) !== undefined)
    return { append: [draft] };
  if (subjects === "registered") return { refuse: employerUnknown };
  return { append: [organisationDraft({ id: employer }, act), draft] };
}

function organisationDraft(entry: OrganisationEntry, act: Act): Draft {
  return { ...act, stream: entryOf(organisation(entry.id)), kind: "directory", document: inOrder(entry) };
}

function employerOf(wish: UserWish) {
  return wish.organisation === undefined ? [] : [entryOf(organisation(wish.organisation))];
}

/** The user's address in the form in which addresses are compared. */
function emailsOf({ email }: Pick<UserEntry, "email">): string[] {
  const normal = email === undefined ? undefined : normalForm("email", email);
  return normal === undefined ? [] : [normal];
}

function hasPossibleEmail(wish: UserWish): boolean {
  return wish.email === undefined || emailsOf(wish).length === 1;
}

/** Keys in sorted order, as a draft's document must have them; members without a value are left out. */
function inOrder<Value extends object>(value: Value): Value {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const sorted = members.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([key, member]) => [key, typeof member === "object" ? inOrder(member) : member]),
  ) as Value;
}

function outcomeOf<Entry>(result: Appended | Refused<Rejection>): Outcome<RecordedEntry<Entry>> {
  if ("refused" in result) return { rejected: result.refused };
  const recorded = result.changes.at(-1) as Appended["changes"][number];
  return { value: { entry: recorded.document as Entry, change: recorded.position } };
}
