import type { Act } from "../domain/change.ts";
import type { OrganisationEntry } from "../domain/directory.ts";
import { entryOf } from "../domain/stream.ts";
import { organisation } from "../domain/subject.ts";
import {
  idDiffers,
  type OrganisationWish,
  organisationDraft,
  outcomeOf,
  type RecordedEntry,
  refusal,
} from "./directory-entry.ts";
import type { Organisations } from "./organisations.ts";
import { type Outcome, type Rejection, rejected } from "./outcome.ts";
import type { Newest, Step } from "./store.ts";

const nameMissing = refusal(
  "member-missing",
  ["name"],
  "is missing; the organisation has one, which may be changed but not dropped",
);

/** Replaces an organisation's entry. A name may be changed but not dropped. */
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
