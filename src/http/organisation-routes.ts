import type { EmailPreferences } from "../domain/email-preferences.ts";
import type { Organisations } from "../service/organisations.ts";
import {
  type EmailReading,
  readOrganisationPreferences,
  readUserPreferences,
} from "../service/read-email-preferences.ts";
import {
  faultsOfOrganisationWish,
  faultsOfUserWish,
  recordOrganisationPreferences,
  recordUserPreferences,
} from "../service/record-email-preferences.ts";
import {
  organisationPreferences,
  organisationPreferencesRequest,
  organisationPreferencesSummary,
  organisationPreferencesView,
  userPreferences,
  userPreferencesRequest,
  userPreferencesSummary,
  userPreferencesView,
} from "../wire/email-preferences.ts";
import { actOf } from "./act.ts";
import { readBody, refuseRejected } from "./body.ts";
import { document } from "./document.ts";
import { conditionOf } from "./entity-tag.ts";
import { type Links, organisationLink, userLink } from "./links.ts";
import { organisationIdOf, userNameOf } from "./path-ids.ts";
import { recorded } from "./recorded.ts";
import { type Answer, bothFormats, type Call, type Route } from "./route.ts";

/** The organisations' and users' contract (seeds: organisation-email-preferences). */
export function organisationRoutes(organisations: Organisations, links: Links): Route[] {
  const shared = { family: "organisations", formats: bothFormats, isConditional: true } as const;
  const read = { ...shared, method: "GET", scope: "emailpreferences:read" } as const;
  const record = {
    ...shared,
    method: "PUT",
    scope: "emailpreferences:write",
    bodies: bothFormats,
    takesEvidence: true,
  } as const;
  return [
    {
      ...read,
      path: "/api/2/organisations/{organisation}/emailpreferences",
      summary: "What an organisation has chosen",
      shapes: { answer: organisationPreferences.name },
      handle: (call) => readOrganisation(organisations, call),
    },
    {
      ...record,
      path: "/api/2/organisations/{organisation}/emailpreferences",
      summary: "Replace what an organisation has chosen",
      shapes: { body: organisationPreferencesRequest.name, answer: organisationPreferencesSummary.name },
      handle: (call) => recordOrganisation(organisations, links, call),
    },
    {
      ...read,
      path: "/api/2/users/{user}/emailpreferences",
      summary: "What a user has chosen, or its organisation while it has chosen nothing itself",
      shapes: { answer: userPreferences.name },
      handle: (call) => readUser(organisations, call),
    },
    {
      ...record,
      path: "/api/2/users/{user}/emailpreferences",
      summary: "Replace what a user has chosen",
      shapes: { body: userPreferencesRequest.name, answer: userPreferencesSummary.name },
      handle: (call) => recordUser(organisations, links, call),
    },
  ];
}

async function readOrganisation(organisations: Organisations, call: Call): Promise<Answer> {
  const outcome = await readOrganisationPreferences(organisations, organisationIdOf(call));
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected);
  return preferences(call, outcome.value, (id, chosen) =>
    organisationPreferences.print(organisationPreferencesView(id, chosen), call.format),
  );
}

async function readUser(organisations: Organisations, call: Call): Promise<Answer> {
  const outcome = await readUserPreferences(organisations, userNameOf(call));
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected);
  return preferences(call, outcome.value, (id, chosen) =>
    userPreferences.print(userPreferencesView(id, chosen), call.format),
  );
}

function preferences(
  call: Call,
  { id, document: chosen, isOwn, version }: EmailReading,
  print: (id: number, chosen: EmailPreferences | undefined) => string,
): Answer {
  return document(call, version, isOwn, () => print(id, chosen));
}

async function recordOrganisation(organisations: Organisations, links: Links, call: Call): Promise<Answer> {
  const id = organisationIdOf(call);
  const condition = conditionOf(call.headers);
  const act = actOf(call);
  const { wish, id: named } = await readBody(organisationPreferencesRequest, call, (salvaged) =>
    faultsOfOrganisationWish(organisations, id, { wish: salvaged.wish, named: salvaged.id }),
  );
  const outcome = await recordOrganisationPreferences(organisations, id, { wish, named, act, condition });
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, organisationPreferencesRequest, call);
  const link = `${organisationLink(links, id)}/emailpreferences`;
  const summary = { emailpreferences: { organisationid: id, link } };
  return recorded(call, outcome.value.change, organisationPreferencesSummary.print(summary, call.format));
}

async function recordUser(organisations: Organisations, links: Links, call: Call): Promise<Answer> {
  const name = userNameOf(call);
  const condition = conditionOf(call.headers);
  const act = actOf(call);
  const { wish, id: named } = await readBody(userPreferencesRequest, call, (salvaged) =>
    faultsOfUserWish(organisations, name, { wish: salvaged.wish, named: salvaged.id }),
  );
  const outcome = await recordUserPreferences(organisations, name, { wish, named, act, condition });
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, userPreferencesRequest, call);
  const { id, change } = outcome.value;
  const summary = { emailpreferences: { userid: id, link: `${userLink(links, id)}/emailpreferences` } };
  return recorded(call, change, userPreferencesSummary.print(summary, call.format));
}
