import * as audiences from "./audiences.ts";
import * as catalogues from "./catalogue.ts";
import * as effects from "./catalogue-effect.ts";
import * as clients from "./clients.ts";
import * as customers from "./customer-preferences.ts";
import * as decisionLines from "./decision-lines.ts";
import * as decisions from "./decisions.ts";
import * as directory from "./directory.ts";
import * as emails from "./email-preferences.ts";
import * as opened from "./opened-changes.ts";
import * as errors from "./problems.ts";
import type { Shape } from "./shape.ts";
import * as suppressions from "./suppressions.ts";
import * as subjects from "./subjects.ts";

/** Every shape there is: the components of the OpenAPI document. */
export const shapes: readonly Shape<unknown>[] = [
  customers.customerPreferencesRequest,
  customers.customerPreferencesResponse,
  customers.acknowledgement,
  customers.categories,
  emails.organisationPreferencesRequest,
  emails.organisationPreferences,
  emails.organisationPreferencesSummary,
  emails.userPreferencesRequest,
  emails.userPreferences,
  emails.userPreferencesSummary,
  directory.userRequest,
  directory.userReplacementRequest,
  directory.user,
  directory.userSummary,
  directory.userList,
  directory.organisationRequest,
  directory.organisationReplacementRequest,
  directory.organisation,
  directory.organisationSummary,
  directory.organisationList,
  catalogues.catalogueWish,
  catalogues.catalogueAnswer,
  effects.catalogueEffect,
  clients.clientWish,
  clients.clientAnswer,
  clients.clientList,
  clients.clientWithSecret,
  subjects.subjectHistory,
  subjects.customerChoices,
  subjects.preferencesInForce,
  subjects.addressSearch,
  subjects.foundSubjects,
  decisions.question,
  decisions.decisionAnswer,
  decisionLines.batchQuestion,
  decisionLines.batchSubject,
  decisionLines.questionLine,
  decisionLines.decisionLine,
  audiences.audienceQuestion,
  audiences.audienceSize,
  audiences.audienceLine,
  suppressions.suppressionWish,
  suppressions.suppressionSearch,
  suppressions.suppressionAnswer,
  suppressions.suppressionInForce,
  suppressions.suppressionLine,
  suppressions.suppressionList,
  opened.changeOpening,
  opened.subjectExport,
  opened.erasedSubject,
  errors.customerError,
  errors.organisationError,
  errors.ownProblem,
  errors.lineError,
];
