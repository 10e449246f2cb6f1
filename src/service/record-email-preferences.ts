import type { CatalogueWords } from "../domain/catalogue.ts";
import { type Act, type Change, type Draft, draft } from "../domain/change.ts";
import type { UserEntry } from "../domain/directory.ts";
import { type EmailPreferences, type EmailWish, settleEmailWish } from "../domain/email-preferences.ts";
import type { Fault } from "../domain/fault.ts";
import { catalogueStream, entryOf, preferencesOf, type Stream } from "../domain/stream.ts";
import { organisation, user } from "../domain/subject.ts";
import { type Condition, isMet, versionOf } from "./condition.ts";
import { last } from "./last.ts";
import type { Organisations, UserName } from "./organisations.ts";
import { type Outcome, type Rejection, rejected } from "./outcome.ts";
import { type Newest, type Step, StoreUnavailable, type Write } from "./store.ts";
import { readUserState, userId } from "./user-state.ts";

/** The change that was recorded, and whose it is. */
export interface Recorded {
  readonly id: number;
  readonly change: number;
}

/** What an organisation or a user wishes, by whom, and on what condition. */
export interface EmailRequest {
  readonly wish: EmailWish;
  /** The id that the body gives, if it does: a body never redirects a write to another subject. */
  readonly named?: number | undefined;
  readonly act: Act;
  readonly condition: Condition;
}

/** What was read before the write no longer holds: it has to be read again. */
const moved = "moved";
type Refusal = Rejection | typeof moved;

/** How often a user's write is prepared anew because what it rested on has moved. */
const triesMax = 10;

const idDiffers: Fault = {
  problem: "id-differs",
  path: ["id"],
  message: "is not the id of the subject that the path names",
};

/** Replaces what an organisation has chosen. An unknown one comes into being, where subjects are open. */
export async function recordOrganisationPreferences(
  deps: Organisations,
  id: number,
  request: EmailRequest,
): Promise<Outcome<Recorded>> {
  const stream = preferencesOf(organisation(id));
  const entry = entryOf(organisation(id));
  const step = (newest: Newest): Step<Rejection> => {
    const isKnown = newest.change(entry) !== undefined;
    if (!isKnown && deps.subjects === "registered") return { refuse: rejected("organisation-unknown").rejected };
    const own = newest.change(stream);
    const comesIntoBeing = isKnown ? undefined : draft(request.act, "directory", entry, { id });
    return settle(deps, newest, stream, { id, own, inForce: own }, request, comesIntoBeing);
  };
  const result = await deps.store.append({ reads: [stream, entry, catalogueStream], step });
  if ("refused" in result) return { rejected: result.refused };
  return { value: { id, change: last(result.changes).position } };
}

/**
 * Replaces what a user has chosen; from then on its organisation's preferences no longer count for it. Where subjects
 * are open an unknown id comes into being, and so does an unknown e-mail address, with the next free id.
 *
 * @throws StoreUnavailable also when what the write rests on has moved each time it was tried
 */
export async function recordUserPreferences(
  deps: Organisations,
  name: UserName,
  request: EmailRequest,
): Promise<Outcome<Recorded>> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const known = await userId(deps.store, name);
    if (known === undefined && deps.subjects === "registered") return rejected("user-unknown");
    const write =
      known === undefined
        ? writeOfNewcomer(deps, (name as { email: string }).email, request)
        : await writeOfUser(deps, known, name, request);
    const result = await deps.store.append(write);
    if ("changes" in result) {
      const id = known ?? (result.changes[0] as Change<UserEntry>).document.id;
      return { value: { id, change: last(result.changes).position } };
    }
    if (result.refused !== moved) return { rejected: result.refused };
  }
  throw new StoreUnavailable("the user's entry changes faster than its preferences can be written");
}

/** What is wrong with a wish whose body was partly unreadable, so that its sender hears of everything at once. */
export async function faultsOfOrganisationWish(
  { store, catalogue }: Organisations,
  id: number,
  request: Pick<EmailRequest, "named" | "wish">,
): Promise<readonly Fault[]> {
  const [own, recorded] = await store.newest([preferencesOf(organisation(id)), catalogueStream]);
  return faultsIn(settleRequest(catalogue.at(recorded), id, own, request));
}

/** The same for a user's. */
export async function faultsOfUserWish(
  { store, catalogue }: Organisations,
  name: UserName,
  request: Pick<EmailRequest, "named" | "wish">,
): Promise<readonly Fault[]> {
  const id = await userId(store, name);
  if (id === undefined) {
    const [recorded] = await store.newest([catalogueStream]);
    return faultsIn(settleRequest(catalogue.at(recorded), id, undefined, request));
  }
  const { own, inherited, catalogue: recorded } = await readUserState(store, id);
  return faultsIn(settleRequest(catalogue.at(recorded), id, own ?? inherited, request));
}

function faultsIn(settled: object): readonly Fault[] {
  return "faults" in settled ? (settled.faults as readonly Fault[]) : [];
}

/** A user who has an id. Its entry says whose preferences it has shown so far, so the write rests on that entry. */
async function writeOfUser(
  deps: Organisations,
  id: number,
  name: UserName,
  request: EmailRequest,
): Promise<Write<Refusal>> {
  const stream = preferencesOf(user(id));
  const entry = entryOf(user(id));
  const organisationId = (await readUserState(deps.store, id)).entry?.document.organisation;
  const inherited = organisationId === undefined ? undefined : preferencesOf(organisation(organisationId));
  const step = (newest: Newest): Step<Refusal> => {
    const known = newest.change(entry)?.document;
    const isSame =
      known?.organisation === organisationId && (!("email" in name) || known?.email?.toLowerCase() === name.email);
    if (!isSame) return { refuse: moved };
    if (known === undefined && deps.subjects === "registered") return { refuse: rejected("user-unknown").rejected };
    const own = newest.change(stream);
    const inForce = own ?? (inherited && newest.change(inherited));
    const comesIntoBeing = known === undefined ? draft(request.act, "directory", entry, { id }) : undefined;
    return settle(deps, newest, stream, { id, own, inForce }, request, comesIntoBeing);
  };
  const reads = [stream, entry, catalogueStream, ...(inherited === undefined ? [] : [inherited])];
  return { reads, step };
}

/** A user known by nothing but an e-mail address that nobody has. */
function writeOfNewcomer(deps: Organisations, email: string, request: EmailRequest): Write<Refusal> {
  const step = (newest: Newest): Step<Refusal> => {
    if (newest.userWithEmail(email) !== undefined) return { refuse: moved };
    const id = newest.freeId("user");
    const comesIntoBeing = draft(request.act, "directory", entryOf(user(id)), { email, id });
    // Its id was not known to anybody, so a body that gives one means somebody else.
    const newcomer = { id: undefined, own: undefined, inForce: undefined };
    return settle(deps, newest, preferencesOf(user(id)), newcomer, request, comesIntoBeing);
  };
  return { reads: [catalogueStream], emails: [email], ids: ["user"], step };
}

/** The document in force is what a GET showed: the condition and the retired words are compared with that. */
interface State {
  readonly id: number | undefined;
  readonly own: Change<EmailPreferences> | undefined;
  readonly inForce: Change<EmailPreferences> | undefined;
}

function settle(
  { catalogue, continuation }: Organisations,
  newest: Newest,
  stream: Stream<EmailPreferences>,
  { id, own, inForce }: State,
  request: EmailRequest,
  comesIntoBeing: Draft | undefined,
): Step<Rejection> {
  const words = catalogue.wordsAt(newest);
  if (!isMet(request.condition, () => versionOf(inForce?.position, words.version, continuation), own !== undefined)) {
    return { refuse: rejected("precondition-failed").rejected };
  }
  const settled = settleRequest(words, id, inForce, request);
  if ("faults" in settled) return { refuse: rejected("invalid", settled.faults).rejected };
  const chosen = draft(request.act, "preferences", stream, settled.document);
  return { append: comesIntoBeing === undefined ? [chosen] : [comesIntoBeing, chosen] };
}

function settleRequest(
  words: CatalogueWords,
  id: number | undefined,
  inForce: Change<EmailPreferences> | undefined,
  { wish, named }: Pick<EmailRequest, "named" | "wish">,
): { readonly document: EmailPreferences } | { readonly faults: readonly Fault[] } {
  const settled = settleEmailWish(inForce?.document, wish, words);
  if (named === undefined || named === id) return settled;
  return { faults: [idDiffers, ...("faults" in settled ? settled.faults : [])] };
}
