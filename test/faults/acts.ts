import type { SentRequest } from "../support/exchange.ts";
import { credentials, type Headers } from "../support/target.ts";

// One request for each kind of act, as the fault tests send them.

/** One more address of a customer, in its slot for e-mail. */
export function putCustomer(id: number, address: string, headers?: Headers): SentRequest {
  const selections = [{ value: address, type: "BEMAIL", is_opt_in: "Y" }];
  const preferences = [{ category: "Service Exception", channels: [{ name: "Email", selections }] }];
  return request("PUT", customerPath(id), { preferences }, headers);
}

/** A customer's request that no catalogue takes. */
export function putCustomerWrongly(id: number, headers?: Headers): SentRequest {
  return request(
    "PUT",
    customerPath(id),
    { preferences: [{ category: "Nothing of the kind", channels: [] }] },
    headers,
  );
}

/** @param frequency `Daily`, `Weekly` and so on */
export function putOrganisation(id: number, frequency: string, headers?: Headers): SentRequest {
  return request("PUT", organisationPath(id), { emailpreferences: { frequency } }, headers);
}

/** @param user an id or an e-mail address */
export function putUser(user: number | string, frequency: string, headers?: Headers): SentRequest {
  return request("PUT", userPath(user), { emailpreferences: { frequency } }, headers);
}

/** Adds a user to the directory, who belongs to an organisation. */
export function postUser(email: string, orgid: number, headers?: Headers): SentRequest {
  return request("POST", "/api/2/users", { user: { email, organisation: { orgid } } }, headers);
}

/** Replaces an organisation's entry in the directory. */
export function nameOrganisation(id: number, name: string, headers?: Headers): SentRequest {
  return request("PUT", `/api/2/organisations/${id}`, { organisation: { name } }, headers);
}

/** Stops an address on every channel. */
export function suppress(address: string, headers?: Headers): SentRequest {
  return request("POST", "/v1/suppressions", { address, reason: "complaint" }, headers);
}

/** @param subject as `customer/5` */
export function erase(subject: string, headers?: Headers): SentRequest {
  return { method: "DELETE", target: `/v1/subjects/${subject}`, headers: credentials(headers) };
}

export function get(target: string, headers?: Headers): SentRequest {
  return { method: "GET", target, headers: credentials(headers) };
}

export function customerPath(id: number): string {
  return `/v1/customers/${id}/communication-preferences`;
}

export function organisationPath(id: number): string {
  return `/api/2/organisations/${id}/emailpreferences`;
}

export function userPath(user: number | string): string {
  return `/api/2/users/${user}/emailpreferences`;
}

function request(method: string, target: string, body: unknown, headers?: Headers): SentRequest {
  return {
    method,
    target,
    headers: credentials({ "Content-Type": "application/json", ...headers }),
    body: JSON.stringify(body),
  };
}
