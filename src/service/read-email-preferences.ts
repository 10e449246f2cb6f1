import type { Catalogue } from "../domain/catalogue.ts";
import type { Change } from "../domain/change.ts";
import type { EmailPreferences } from "../domain/email-preferences.ts";
import { catalogueStream, entryOf, preferencesOf } from "../domain/stream.ts";
import { organisation } from "../domain/subject.ts";
import { type Version, versionOf } from "./condition.ts";
import type { Organisations, UserName } from "./organisations.ts";
import { type Outcome, rejected } from "./outcome.ts";
import { readUserState, userId } from "./user-state.ts";

/** What an organisation or a user shows, as of one moment. */
export interface EmailReading {
  readonly id: number;
  /** The document in force; undefined when nothing was ever chosen. */
  readonly document: EmailPreferences | undefined;
  /** Whether the document is the subject's own, not its organisation's. */
  readonly isOwn: boolean;
  readonly version: Version;
}

/** What an organisation has chosen, as of now; `organisation-unknown` where only registered subjects are served. */
export async function readOrganisationPreferences(deps: Organisations, id: number): Promise<Outcome<EmailReading>> {
  const streams = [preferencesOf(organisation(id)), entryOf(organisation(id)), catalogueStream] as const;
  const [own, entry, catalogue] = await deps.store.newest(streams);
  if (entry === undefined && deps.subjects === "registered") return rejected("organisation-unknown");
  return { value: reading(deps, id, { own, inForce: own, catalogue }) };
}

/**
 * What a user has chosen, or its organisation while it has chosen nothing itself, as of now. An e-mail address that
 * nobody has is `user-unknown`; so is an unknown id where only registered subjects are served.
 */
export async function readUserPreferences(deps: Organisations, name: UserName): Promise<Outcome<EmailReading>> {
  const id = await userId(deps.store, name);
  if (id === undefined) return rejected("user-unknown");
  const { entry, own, inherited, catalogue } = await readUserState(deps.store, id);
  if (entry === undefined && deps.subjects === "registered") return rejected("user-unknown");
  return { value: reading(deps, id, { own, inForce: own ?? inherited, catalogue }) };
}

/** What was read in one moment. */
interface Moment {
  readonly own: Change<EmailPreferences> | undefined;
  readonly inForce: Change<EmailPreferences> | undefined;
  readonly catalogue: Change<Catalogue> | undefined;
}

function reading(deps: Organisations, id: number, { own, inForce, catalogue }: Moment): EmailReading {
  const version = versionOf(inForce?.position, deps.catalogue.at(catalogue).version, deps.continuation);
  return { id, document: inForce?.document, isOwn: own !== undefined, version };
}
