import type { Act } from "../domain/change.ts";
import type { UserEntry } from "../domain/directory.ts";
import { entryOf } from "../domain/stream.ts";
import { user } from "../domain/subject.ts";
import {
  emailInvalid,
  emailsOf,
  hasPossibleEmail,
  idTaken,
  organisationEntryOf,
  outcomeOf,
  type RecordedEntry,
  type UserWish,
  userStep,
} from "./directory-entry.ts";
import type { Organisations } from "./organisations.ts";
import type { Outcome, Rejection } from "./outcome.ts";
import type { Newest, Step } from "./store.ts";

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
    return userStep(newest, subjects, { ...wish, id }, act);
  };
  const reads = [...(wish.id === undefined ? [] : [entryOf(user(wish.id))]), ...organisationEntryOf(wish)];
  return outcomeOf(await store.append({ reads, emails: emailsOf(wish), ids: ["user"], step }));
}
