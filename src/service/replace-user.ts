import type { Act } from "../domain/change.ts";
import type { UserEntry } from "../domain/directory.ts";
import { entryOf } from "../domain/stream.ts";
import { user } from "../domain/subject.ts";
import {
  emailInvalid,
  emailsOf,
  hasPossibleEmail,
  idDiffers,
  organisationEntryOf,
  outcomeOf,
  type RecordedEntry,
  refusal,
  type UserWish,
  userStep,
} from "./directory-entry.ts";
import type { Organisations, UserName } from "./organisations.ts";
import { type Outcome, type Rejection, rejected } from "./outcome.ts";
import type { Newest, Step } from "./store.ts";
import { userId } from "./user-state.ts";

const emailMissing = refusal(
  "member-missing",
  ["email"],
  "is missing; the user has one, which may be changed but not dropped",
);

/** Replaces a user's entry. An e-mail address may be changed but not dropped, nor be another user's. */
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
    return userStep(newest, subjects, { ...wish, id }, act);
  };
  return outcomeOf(await store.append({ reads: [stream, ...organisationEntryOf(wish)], emails: emailsOf(wish), step }));
}
