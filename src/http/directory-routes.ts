import type { OrganisationEntry, UserEntry } from "../domain/directory.ts";
import { limits } from "../domain/limits.ts";
import { addOrganisation } from "../service/add-organisation.ts";
import { addUser } from "../service/add-user.ts";
import type { RecordedEntry } from "../service/directory-entry.ts";
import type { Organisations } from "../service/organisations.ts";
import type { Outcome } from "../service/outcome.ts";
import { findOrganisation, findUser, listOrganisations, listUsers } from "../service/read-directory.ts";
import { replaceOrganisation } from "../service/replace-organisation.ts";
import { replaceUser } from "../service/replace-user.ts";
import type { Page } from "../service/store.ts";
import * as wire from "../wire/directory.ts";
import type { Shape } from "../wire/shape.ts";
import { actOf } from "./act.ts";
import { readBody, refuseRejected } from "./body.ts";
import { type Links, organisationLink, userLink } from "./links.ts";
import { organisationIdOf, userNameOf } from "./path-ids.ts";
import { Query } from "./query.ts";
import { recorded } from "./recorded.ts";
import { type Answer, bothFormats, type Call, type Route } from "./route.ts";

const usersPath = "/api/2/users";
const organisationsPath = "/api/2/organisations";

/** The directory of organisations and users (contracts B.7, B.0.6). */
export function directoryRoutes(organisations: Organisations, links: Links): Route[] {
  return [...userRoutes(organisations, links), ...organisationEntryRoutes(organisations, links)];
}

const shared = { family: "organisations", formats: bothFormats } as const;
const read = { ...shared, method: "GET", scope: "emailpreferences:read" } as const;
const write = { ...shared, scope: "emailpreferences:write", bodies: bothFormats, takesEvidence: true } as const;

function userRoutes(organisations: Organisations, links: Links): Route[] {
  return [
    {
      ...read,
      path: usersPath,
      query: ["limit", "offset"],
      summary: "The users, in the order of their ids",
      shapes: { answer: wire.userList.name },
      handle: async (call) => {
        const page = pageOf(call);
        const { entries, total } = await listUsers(organisations, page);
        const users = entries.map((entry) => summaryOfUser(entry, links));
        return shown(
          call,
          wire.userList.print({ users: { ...totalsOf(page, users.length, total), users } }, call.format),
        );
      },
    },
    {
      ...write,
      method: "POST",
      path: usersPath,
      summary: "Add a user, under the given id or the next free one",
      shapes: { body: wire.userRequest.name, answer: wire.userSummary.name },
      handle: async (call) => {
        const outcome = await addUser(organisations, await readBody(wire.userRequest, call), actOf(call));
        return recordedUser(outcome, wire.userRequest, links, call);
      },
    },
    {
      ...read,
      path: `${usersPath}/{user}`,
      summary: "One user, by id or e-mail address",
      shapes: { answer: wire.user.name },
      handle: async (call) => {
        const entry = valueOf(await findUser(organisations, userNameOf(call)));
        return shown(call, wire.user.print(entry, call.format));
      },
    },
    {
      ...write,
      method: "PUT",
      path: `${usersPath}/{user}`,
      summary: "Replace a user's entry",
      shapes: { body: wire.userReplacementRequest.name, answer: wire.userSummary.name },
      handle: async (call) => {
        const wish = await readBody(wire.userReplacementRequest, call);
        const outcome = await replaceUser(organisations, userNameOf(call), wish, actOf(call));
        return recordedUser(outcome, wire.userReplacementRequest, links, call);
      },
    },
  ];
}

function organisationEntryRoutes(organisations: Organisations, links: Links): Route[] {
  return [
    {
      ...read,
      path: organisationsPath,
      query: ["limit", "offset"],
      summary: "The organisations, in the order of their ids",
      shapes: { answer: wire.organisationList.name },
      handle: async (call) => {
        const page = pageOf(call);
        const { entries, total } = await listOrganisations(organisations, page);
        const listed = entries.map((entry) => summaryOfOrganisation(entry, links));
        const totals = totalsOf(page, listed.length, total);
        return shown(
          call,
          wire.organisationList.print({ organisations: { ...totals, organisations: listed } }, call.format),
        );
      },
    },
    {
      ...write,
      method: "POST",
      path: organisationsPath,
      summary: "Add an organisation, under the given id or the next free one",
      shapes: { body: wire.organisationRequest.name, answer: wire.organisationSummary.name },
      handle: async (call) => {
        const outcome = await addOrganisation(
          organisations,
          await readBody(wire.organisationRequest, call),
          actOf(call),
        );
        return recordedOrganisation(outcome, wire.organisationRequest, links, call);
      },
    },
    {
      ...read,
      path: `${organisationsPath}/{organisation}`,
      summary: "One organisation",
      shapes: { answer: wire.organisation.name },
      handle: async (call) => {
        const entry = valueOf(await findOrganisation(organisations, organisationIdOf(call)));
        return shown(call, wire.organisation.print(entry, call.format));
      },
    },
    {
      ...write,
      method: "PUT",
      path: `${organisationsPath}/{organisation}`,
      summary: "Replace an organisation's entry",
      shapes: { body: wire.organisationReplacementRequest.name, answer: wire.organisationSummary.name },
      handle: async (call) => {
        const wish = await readBody(wire.organisationReplacementRequest, call);
        const outcome = await replaceOrganisation(organisations, organisationIdOf(call), wish, actOf(call));
        return recordedOrganisation(outcome, wire.organisationReplacementRequest, links, call);
      },
    },
  ];
}

function recordedUser<Body>(
  outcome: Outcome<RecordedEntry<UserEntry>>,
  shape: Shape<Body>,
  links: Links,
  call: Call,
): Answer {
  const { entry, change } = valueOf(outcome, shape, call);
  const summary = { user: summaryOfUser(entry, links) };
  return recorded(call, change, wire.userSummary.print(summary, call.format));
}

function recordedOrganisation<Body>(
  outcome: Outcome<RecordedEntry<OrganisationEntry>>,
  shape: Shape<Body>,
  links: Links,
  call: Call,
): Answer {
  const { entry, change } = valueOf(outcome, shape, call);
  const summary = { organisation: summaryOfOrganisation(entry, links) };
  return recorded(call, change, wire.organisationSummary.print(summary, call.format));
}

function summaryOfUser({ id, email }: UserEntry, links: Links) {
  return { id, ...(email === undefined ? {} : { email }), link: userLink(links, id) };
}

function summaryOfOrganisation({ id, name }: OrganisationEntry, links: Links) {
  return { id, ...(name === undefined ? {} : { name }), link: organisationLink(links, id) };
}

function valueOf<Value, Body>(outcome: Outcome<Value>, shape?: Shape<Body>, call?: Call): Value {
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, shape, call);
  return outcome.value;
}

function shown(call: Call, body: string): Answer {
  return { status: 200, body, type: call.type, headers: { vary: "Accept", "cache-control": "no-store" } };
}

/** `limit` and `offset` of the query, in whole numbers; every fault at once. */
function pageOf(call: Call): Page {
  const query = new Query(call);
  const limit = query.number("limit", limits.pageEntries, 1, limits.largestPageEntries);
  const offset = query.number("offset", 0, 0, limits.largestId);
  query.refuseFaults();
  return { limit, offset };
}

function totalsOf({ limit, offset }: Page, total: number, totalcount: number) {
  return { totalcount, total, currentpage: Math.floor(offset / limit) };
}
