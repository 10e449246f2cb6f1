import type { Act } from "../domain/change.ts";
import type { OrganisationEntry } from "../domain/directory.ts";
import { entryOf } from "../domain/stream.ts";
import { organisation } from "../domain/subject.ts";
import { idTaken, type OrganisationWish, organisationDraft, outcomeOf, type RecordedEntry } from "./directory-entry.ts";
import type { Organisations } from "./organisations.ts";
import type { Outcome, Rejection } from "./outcome.ts";
import type { Newest, Step } from "./store.ts";

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
