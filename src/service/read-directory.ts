import type { OrganisationEntry, UserEntry } from "../domain/directory.ts";
import { entryOf } from "../domain/stream.ts";
import { organisation, user } from "../domain/subject.ts";
import type { Organisations, UserName } from "./organisations.ts";
import { type Outcome, rejected } from "./outcome.ts";
import type { Listing, Page } from "./store.ts";
import { userId } from "./user-state.ts";

/** A user's entry; `user-unknown` when there is none. */
export async function findUser({ store }: Organisations, name: UserName): Promise<Outcome<UserEntry>> {
  const id = await userId(store, name);
  if (id === undefined) return rejected("user-unknown");
  const [entry] = await store.newest([entryOf(user(id))]);
  return entry === undefined ? rejected("user-unknown") : { value: entry.document };
}

/** An organisation's entry; `organisation-unknown` when there is none. */
export async function findOrganisation({ store }: Organisations, id: number): Promise<Outcome<OrganisationEntry>> {
  const [entry] = await store.newest([entryOf(organisation(id))]);
  return entry === undefined ? rejected("organisation-unknown") : { value: entry.document };
}

/** Users in the order of their ids, and how many there are in all. */
export function listUsers({ store }: Organisations, page: Page): Promise<Listing<UserEntry>> {
  return store.users(page);
}

/** Organisations in the order of their ids, and how many there are in all. */
export function listOrganisations({ store }: Organisations, page: Page): Promise<Listing<OrganisationEntry>> {
  return store.organisations(page);
}
