import type { Catalogue } from "../domain/catalogue.ts";
import type { Change } from "../domain/change.ts";
import type { UserEntry } from "../domain/directory.ts";
import type { EmailPreferences } from "../domain/email-preferences.ts";
import { catalogueStream, entryOf, preferencesOf } from "../domain/stream.ts";
import { organisation, user } from "../domain/subject.ts";
import type { UserName } from "./organisations.ts";
import { type Store, StoreUnavailable } from "./store.ts";

/** All that decides what a user gets, as of one moment. */
export interface UserState {
  readonly entry: Change<UserEntry> | undefined;
  readonly own: Change<EmailPreferences> | undefined;
  /** Its organisation's preferences; read only where the user has none of its own. */
  readonly inherited: Change<EmailPreferences> | undefined;
  readonly catalogue: Change<Catalogue> | undefined;
}

/** The id of the user who is so named; undefined for an e-mail address that nobody has. A given id need not be known. */
export async function userId(store: Store, name: UserName): Promise<number | undefined> {
  return "id" in name ? name.id : store.userWithEmail(name.email);
}

/** How often a state is read again because the user's entry changed meanwhile. */
const triesMax = 10;

/**
 * Which organisation counts stands in the user's entry, so that is read first, and again with the organisation's.
 *
 * @throws StoreUnavailable also when the entry changes each time it is read
 */
export async function readUserState(store: Store, id: number): Promise<UserState> {
  const ownStream = preferencesOf(user(id));
  const entryStream = entryOf(user(id));
  let [own, entry, catalogue] = await store.newest([ownStream, entryStream, catalogueStream]);
  for (let tries = 0; tries < triesMax; tries += 1) {
    const organisationId = entry?.document.organisation;
    if (own !== undefined || organisationId === undefined) return { entry, own, inherited: undefined, catalogue };
    const streams = [ownStream, entryStream, catalogueStream, preferencesOf(organisation(organisationId))] as const;
    const [ownNow, entryNow, catalogueNow, inherited] = await store.newest(streams);
    if (entryNow?.position === entry?.position)
      return { entry, own: ownNow, inherited: ownNow ? undefined : inherited, catalogue: catalogueNow };
    [own, entry, catalogue] = [ownNow, entryNow, catalogueNow];
  }
  throw new StoreUnavailable("the user's entry changes faster than it can be read");
}
