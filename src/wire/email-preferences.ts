import Type, { type Static } from "typebox";
import {
  type EmailPreferences,
  type EmailWish,
  type NodeChoice,
  nothingChosen,
  type WishedModule,
} from "../domain/email-preferences.ts";
import type { FaultList } from "./fault-list.ts";
import { bareList, id, idOrDigits, ignored, link, list, object, oneOf, printed, text } from "./members.ts";
import { plainShape, shape } from "./shape.ts";

// The organisations' contract (seeds: organisation-email-preferences; contracts B.1 to B.4, XML by B.0.5).

const root = "emailpreferences";
const words = { nodes: "metadatanodes", labels: "metadata", alertServices: "alertservices" };

const wishedNode = object({
  node: text("A taxonomy of the catalogue.", "Countries"),
  metadata: Type.Optional(bareList(text("One of its labels.", "Algeria"), "metadata", "The labels chosen of it.")),
});
const wishedNodes = Type.Optional(list(wishedNode, "metadatanode", "What content must be about; none when absent."));

const wishedModule = object({
  name: text("A kind of content.", "Publications"),
  preference: text("`Include`, `Off`, or `Custom` with a frequency and metadata of its own.", "Include"),
  frequency: Type.Optional(text("How often, for `Custom` alone.", "Weekly")),
  metadatanodes: wishedNodes,
});

const wishedAlertService = object({
  name: text("A named alert.", "Email alert ABC"),
  preference: text("`On` or `Off`.", "On"),
});

const wishedMembers = {
  link: ignored("Taken back as a PUT answers it; it changes nothing."),
  frequency: text("How often: a frequency of the catalogue.", "Daily"),
  metadatanodes: wishedNodes,
  modules: Type.Optional(list(wishedModule, "module", "The kinds of content that are spoken of.")),
  alertservices: Type.Optional(list(wishedAlertService, "alertservice", "The alerts that are spoken of.")),
};

const idDescription = "The id that the path names; it may be left out.";
const organisationWished = object({
  organisationid: Type.Optional(idOrDigits(idDescription)),
  organisation: Type.Optional(idOrDigits("The same, as GET shows it.")),
  ...wishedMembers,
});
const userWished = object({ userid: Type.Optional(idOrDigits(idDescription)), ...wishedMembers });

/** A PUT of an organisation's or a user's preferences. */
export interface EmailRequestBody {
  readonly wish: EmailWish;
  /** Whose preferences the body says they are. */
  readonly id?: number;
}

export const organisationPreferencesRequest = shape({
  name: "OrganisationPreferencesRequest",
  schema: organisationWished,
  root,
  words: { ...words, id: "organisationid" },
  check: oneIdOnly,
  toValue: (sent) => requestOf(sent, sent.organisationid ?? sent.organisation),
  fromValue: ({ wish, id }: EmailRequestBody) => ({
    ...(id === undefined ? {} : { organisationid: id }),
    ...sentOf(wish),
  }),
});

export const userPreferencesRequest = shape({
  name: "UserPreferencesRequest",
  schema: userWished,
  root,
  words: { ...words, id: "userid" },
  toValue: (sent) => requestOf(sent, sent.userid),
  fromValue: ({ wish, id }: EmailRequestBody) => ({ ...(id === undefined ? {} : { userid: id }), ...sentOf(wish) }),
});

/** An organisation's id may be sent under both names, if they say the same. */
function oneIdOnly({ organisationid, organisation }: Static<typeof organisationWished>, faults: FaultList): void {
  if (organisationid === undefined || organisation === undefined || Number(organisationid) === Number(organisation))
    return;
  faults.add("id-differs", ["organisation"], "is another id than organisationid");
}

type WishedMembers = Omit<Static<typeof userWished>, "userid">;

function requestOf(sent: WishedMembers, id: number | string | undefined): EmailRequestBody {
  const wish: EmailWish = {
    frequency: sent.frequency,
    nodes: nodesOf(sent.metadatanodes ?? []),
    modules: (sent.modules ?? []).map(moduleOf),
    alertServices: sent.alertservices ?? [],
  };
  return id === undefined ? { wish } : { wish, id: Number(id) };
}

function nodesOf(sent: readonly Static<typeof wishedNode>[]): NodeChoice[] {
  return sent.map(({ node, metadata = [] }) => ({ node, labels: metadata }));
}

function moduleOf({ name, preference, frequency, metadatanodes }: Static<typeof wishedModule>): WishedModule {
  return {
    name,
    preference,
    ...(frequency === undefined ? {} : { frequency }),
    ...(metadatanodes === undefined ? {} : { nodes: nodesOf(metadatanodes) }),
  };
}

/** A wish or a document in the words of the wire. */
function sentOf<OfModule extends string, OfAlert extends string>(said: {
  readonly frequency: string;
  readonly nodes: readonly NodeChoice[];
  readonly modules: readonly (WishedModule & { readonly preference: OfModule })[];
  readonly alertServices: readonly { readonly name: string; readonly preference: OfAlert }[];
}) {
  return {
    frequency: said.frequency,
    metadatanodes: sentNodes(said.nodes),
    modules: said.modules.map(({ name, preference, frequency, nodes }) => ({
      name,
      preference,
      ...(frequency === undefined ? {} : { frequency }),
      ...(nodes === undefined ? {} : { metadatanodes: sentNodes(nodes) }),
    })),
    alertservices: said.alertServices.map(({ name, preference }) => ({ name, preference })),
  };
}

function sentNodes(nodes: readonly NodeChoice[]) {
  return nodes.map(({ node, labels }) => ({ node, metadata: [...labels] }));
}

const shownNode = object({
  node: printed("A taxonomy of the catalogue.", "Countries"),
  metadata: bareList(printed("One of its labels.", "Algeria"), "metadata", "The labels chosen of it."),
});
const shownNodes = list(shownNode, "metadatanode", "What content must be about.");

const shownModule = object({
  name: printed("A kind of content.", "Publications"),
  preference: oneOf(["Include", "Off", "Custom"], "What was chosen; `Custom` has a frequency and metadata of its own."),
  frequency: Type.Optional(printed("How often, for `Custom` alone.", "Weekly")),
  metadatanodes: Type.Optional(shownNodes),
});

const shownAlertService = object({
  name: printed("A named alert.", "Email alert ABC"),
  preference: oneOf(["On", "Off"], "What was chosen."),
});

const shownMembers = {
  frequency: printed("How often.", "Daily"),
  metadatanodes: shownNodes,
  modules: list(shownModule, "module", "The kinds of content that were spoken of."),
  alertservices: list(shownAlertService, "alertservice", "The alerts that were spoken of."),
};

const organisationShown = object({ organisation: id("The organisation."), ...shownMembers });
const userShown = object({ userid: id("The user."), ...shownMembers });

export interface OrganisationPreferencesView {
  readonly emailpreferences: Static<typeof organisationShown>;
}
export interface UserPreferencesView {
  readonly emailpreferences: Static<typeof userShown>;
}

export const organisationPreferences = plainShape({
  name: "OrganisationPreferences",
  schema: organisationShown,
  root,
});

export const userPreferences = plainShape({
  name: "UserPreferences",
  schema: userShown,
  root,
});

/** What GET shows of an organisation; of one that has chosen nothing: frequency `Never` and empty lists. */
export function organisationPreferencesView(
  id: number,
  document: EmailPreferences = nothingChosen,
): OrganisationPreferencesView {
  return { emailpreferences: { organisation: id, ...sentOf(document) } };
}

/** What GET shows of a user: the document in force for it, which may be its organisation's. */
export function userPreferencesView(id: number, document: EmailPreferences = nothingChosen): UserPreferencesView {
  return { emailpreferences: { userid: id, ...sentOf(document) } };
}

const linkDescription = "Where the preferences can be read.";
const organisationSummarised = object({
  organisationid: id("The organisation."),
  link: link(linkDescription, "http://example.com/context/api/2/organisations/3/emailpreferences"),
});
const userSummarised = object({
  userid: id("The user."),
  link: link(linkDescription, "http://example.com/context/api/2/users/3/emailpreferences"),
});

export const organisationPreferencesSummary = plainShape({
  name: "OrganisationPreferencesSummary",
  schema: organisationSummarised,
  root,
});

export const userPreferencesSummary = plainShape({
  name: "UserPreferencesSummary",
  schema: userSummarised,
  root,
});
