import { isCustomerId } from "../domain/subject.ts";
import { readCatalogue } from "../service/catalogue.ts";
import type { Customers } from "../service/customers.ts";
import { readCustomerPreferences } from "../service/read-customer-preferences.ts";
import { faultsOfCustomerWish, recordCustomerPreferences } from "../service/record-customer-preferences.ts";
import {
  acknowledgement,
  categories,
  customerPreferencesRequest,
  customerPreferencesResponse,
  printCustomerPreferences,
} from "../wire/customer-preferences.ts";
import { conditionOf } from "./entity-tag.ts";
import { actOf } from "./act.ts";
import { readBody, refuseRejected } from "./body.ts";
import { document } from "./document.ts";
import { recorded } from "./recorded.ts";
import { type Answer, bothFormats, type Call, Refusal, type Route } from "./route.ts";

const preferencesPath = "/customers/{customerId}/communication-preferences";
const categoriesPath = "/preferences/categories";

/** The customers' contract (design: the two contracts; seeds: customer-communication-preferences). */
export function customerRoutes(customers: Customers): Route[] {
  const shared = { family: "customers", formats: bothFormats } as const;
  return [
    {
      ...shared,
      method: "GET",
      path: `/v1${preferencesPath}`,
      aliases: [`/api/v1${preferencesPath}`],
      scope: "customers:read",
      summary: "What a customer has chosen",
      isConditional: true,
      shapes: { answer: customerPreferencesResponse.name },
      handle: (call) => readPreferences(customers, call),
    },
    {
      ...shared,
      method: "PUT",
      path: `/v1${preferencesPath}`,
      aliases: [`/api/v1${preferencesPath}`],
      scope: "customers:write",
      summary: "Record what a customer chooses; what is not mentioned stays",
      isConditional: true,
      takesEvidence: true,
      shapes: { body: customerPreferencesRequest.name, answer: acknowledgement.name },
      bodies: bothFormats,
      handle: (call) => recordPreferences(customers, call),
    },
    {
      ...shared,
      method: "GET",
      path: `/v1${categoriesPath}`,
      aliases: [`/api/v1${categoriesPath}`],
      scope: "customers:read",
      summary: "The categories of the catalogue",
      shapes: { answer: categories.name },
      handle: (call) => listCategories(customers, call),
    },
  ];
}

async function readPreferences(customers: Customers, call: Call): Promise<Answer> {
  const reading = await readCustomerPreferences(customers, customerIdOf(call));
  return document(call, reading.version, reading.document !== undefined, () =>
    printCustomerPreferences(reading.document, reading.words, call.trackingId, call.format),
  );
}

async function recordPreferences(customers: Customers, call: Call): Promise<Answer> {
  const customerId = customerIdOf(call);
  const condition = conditionOf(call.headers);
  const act = actOf(call);
  const { wish, modifiedBy } = await readBody(customerPreferencesRequest, call, (salvaged) =>
    faultsOfCustomerWish(customers, customerId, salvaged.wish),
  );
  const outcome = await recordCustomerPreferences(
    customers,
    customerId,
    wish,
    { ...act, actor: modifiedBy ?? act.actor },
    condition,
  );
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, customerPreferencesRequest, call);
  const body = acknowledgement.print({ status: "Success", request_tracking_id: call.trackingId }, call.format);
  return recorded(call, outcome.value.change, body);
}

async function listCategories({ store, catalogue }: Customers, call: Call): Promise<Answer> {
  const { document: current } = await readCatalogue(store, catalogue);
  const names = current.categories.filter(({ retired }) => !retired).map(({ name }) => ({ category: name }));
  const body = categories.print({ request_tracking_id: call.trackingId, categories: names }, call.format);
  return { status: 200, body, type: call.type };
}

/** Anything but 1 to 20 digits is no customer: 404, as the contract's status list has it. */
function customerIdOf({ params }: Call): string {
  const { customerId = "" } = params;
  if (!isCustomerId(customerId)) throw new Refusal("not-found");
  return customerId;
}
