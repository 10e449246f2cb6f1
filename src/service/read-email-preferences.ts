import type { Change } from "../domain/change.ts";
import type { EmailPreferences } from "../domain/email-preferences.ts";
import { entryOf, preferencesOf } from "../domain/stream.ts";
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
  const [own, entry] = await deps.store.newest([preferencesOf(organisation(id)), entryOf(organisation(id))]);
  if (entry === undefined && deps.subjects === "registered") return rejected("organisation-unknown");
  return { value: reading(deps, id, own, own !== undefined) };
}

/**
 * What a user has chosen, or its organisation while it has chosen nothing itself, as of now. An e-mail address that
 * nobody has is `user-unknown`; so is an unknown id where only registered subjects are served.
 */
export async function readUserPreferences(deps: Organisations, name: UserName): Promise<Outcome<EmailReading>> {
  const id = await userId(deps.store, name);
  if (id === undefined) return rejected("user-unknown");
  const { entry, own, inherited } = await readUserState(deps.store, id);
  if (entry === undefined && deps.subjects === "registered") return rejected("user-unknown");
  return { value: reading(deps, id, own ?? inherited, own !== undefined) };
}

function reading(
  { catalogue, continuation }: Organisations,
  id: number,
  inForce: Change<EmailPreferences> | undefined,
  isOwn: boolean,
): EmailReading {
  const version = versionOf(inForce?.position, catalogue.words.version, continuation);
  return { id, document: inForce?.document, isOwn, version };
}
