import Type, { type Static } from "typebox";
import type { OrganisationEntry, UserEntry } from "../domain/directory.ts";
import type { OrganisationWish, UserWish } from "../service/directory-entry.ts";
import { limits } from "../domain/limits.ts";
import { count, id, idOrDigits, ignored, link, list, object, printed, text } from "./members.ts";
import { plainShape, shape } from "./shape.ts";

// The directory of organisations and users in the organisations' contract (contracts B.7, lists by B.0.6).

const wishedId = Type.Optional(idOrDigits("The id; when it is added without one, the next that is free."));
const wishedLink = ignored("Taken back as it was answered; it changes nothing.");
const email = text("The e-mail address, which no other user has.", "pat@example.com");
const namePart = (description: string, example: string) =>
  Type.Optional(Type.String({ description, examples: [example], maxLength: limits.textCharacters }));
const personName = object({
  firstname: namePart("The first name.", "Pat"),
  lastname: namePart("The last name.", "Lee"),
  title: namePart("The title.", "Dr"),
});
const organisationName = text("The name of the organisation.", "Example Ltd");
const employer = object({ orgid: idOrDigits("The id of the user's organisation.") });

const wishedUserMembers = { name: Type.Optional(personName), organisation: Type.Optional(employer), link: wishedLink };
const newUser = object({ id: wishedId, email, ...wishedUserMembers });
const replacedUser = object({ id: wishedId, email: Type.Optional(email), ...wishedUserMembers });
const newOrganisation = object({ id: wishedId, name: organisationName, link: wishedLink });
const replacedOrganisation = object({ id: wishedId, name: Type.Optional(organisationName), link: wishedLink });

type SentUser = Static<typeof replacedUser>;
type SentOrganisation = Static<typeof replacedOrganisation>;

/** POST of a user. */
export const userRequest = shape({
  name: "UserRequest",
  schema: newUser,
  root: "user",
  toValue: (sent): UserWish & { readonly email: string } => ({ ...userOf(sent), email: sent.email }),
  fromValue: (value) => ({ ...sentUser(value), email: value.email }),
});

/** PUT of a user: one that came into being without an e-mail address may stay without. */
export const userReplacementRequest = shape({
  name: "UserReplacementRequest",
  schema: replacedUser,
  root: "user",
  toValue: userOf,
  fromValue: sentUser,
});

/** POST of an organisation. */
export const organisationRequest = shape({
  name: "OrganisationRequest",
  schema: newOrganisation,
  root: "organisation",
  toValue: (sent): OrganisationWish & { readonly name: string } => ({ ...organisationOf(sent), name: sent.name }),
  fromValue: (value) => ({ ...value }),
});

/** PUT of an organisation: one that came into being without a name may stay without. */
export const organisationReplacementRequest = shape({
  name: "OrganisationReplacementRequest",
  schema: replacedOrganisation,
  root: "organisation",
  toValue: organisationOf,
  fromValue: (value) => ({ ...value }),
});

function userOf({ id: sentId, email: address, name, organisation }: SentUser): UserWish {
  return {
    ...(sentId === undefined ? {} : { id: Number(sentId) }),
    ...(address === undefined ? {} : { email: address }),
    ...(name === undefined ? {} : { name }),
    ...(organisation === undefined ? {} : { organisation: Number(organisation.orgid) }),
  };
}

function sentUser({ organisation, name, ...rest }: UserWish) {
  return {
    ...rest,
    ...(name === undefined ? {} : { name: { ...name } }),
    ...(organisation === undefined ? {} : { organisation: { orgid: organisation } }),
  };
}

function organisationOf({ id: sentId, name }: SentOrganisation): OrganisationWish {
  return { ...(sentId === undefined ? {} : { id: Number(sentId) }), ...(name === undefined ? {} : { name }) };
}

const shownUser = object({
  id: id("The user."),
  email: Type.Optional(printed("The e-mail address.", "pat@example.com")),
  name: Type.Optional(personName),
  organisation: Type.Optional(object({ orgid: id("The user's organisation.") })),
});

/** A user's whole entry. */
export const user = shape({
  name: "User",
  schema: shownUser,
  root: "user",
  toValue: (sent): UserEntry => ({ ...userOf(sent), id: sent.id }),
  fromValue: (entry) => ({ ...sentUser(entry), id: entry.id }),
});

const shownOrganisation = object({
  id: id("The organisation."),
  name: Type.Optional(printed("The name of the organisation.", "Example Ltd")),
});

/** An organisation's whole entry. */
export const organisation = shape({
  name: "Organisation",
  schema: shownOrganisation,
  root: "organisation",
  toValue: (sent): OrganisationEntry => sent,
  fromValue: (entry) => ({ ...entry }),
});

const summarisedUser = object({
  id: id("The user."),
  email: Type.Optional(printed("The e-mail address.", "pat@example.com")),
  link: link("Where the user can be read.", "http://example.com/context/api/2/users/3"),
});

/** A user in short: the answer to POST and PUT, and an item of the list. */
export const userSummary = plainShape({
  name: "UserSummary",
  schema: summarisedUser,
  root: "user",
});

const summarisedOrganisation = object({
  id: id("The organisation."),
  name: Type.Optional(printed("The name of the organisation.", "Example Ltd")),
  link: link("Where the organisation can be read.", "http://example.com/context/api/2/organisations/3"),
});

/** An organisation in short: the answer to POST and PUT, and an item of the list. */
export const organisationSummary = plainShape({
  name: "OrganisationSummary",
  schema: summarisedOrganisation,
  root: "organisation",
});

const totals = {
  totalcount: count("How many there are in all.", 23),
  total: count("How many there are on this page.", 4),
  currentpage: count("Which page it is, counted from 0.", 0),
};
const listedUsers = object({ ...totals, users: list(summarisedUser, "user", "The users of this page, by id.") });

export const userList = plainShape({
  name: "UserList",
  schema: listedUsers,
  root: "users",
});

const listedOrganisations = object({
  ...totals,
  organisations: list(summarisedOrganisation, "organisation", "The organisations of this page, by id."),
});

export const organisationList = plainShape({
  name: "OrganisationList",
  schema: listedOrganisations,
  root: "organisations",
});
