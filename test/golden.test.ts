import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { inProcess, type SentRequest, type Transport } from "./support/exchange.ts";
import { adminToken, type RunningService, startInProcess } from "./support/service.ts";

// Every wire sample, byte for byte: the two contracts' own bodies as they are printed there (without their `....`),
// and what the service answers. `npm run golden` (UPDATE_GOLDEN=1) writes the answers anew; what is sent stays.

const folder = fileURLToPath(new URL("golden", import.meta.url));
const isUpdated = process.env["UPDATE_GOLDEN"] === "1";
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

/** One sample: what is sent, and the golden file that holds the answer's body. */
interface Sample {
  readonly golden: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  /** The golden file whose bytes are sent, or the body itself. */
  readonly send?: { readonly file: string } | { readonly text: string };
  readonly type?: string;
  readonly accept?: string;
  readonly without?: string;
}

const customer = "/v1/customers/123456789/communication-preferences";
const organisation = "/context/api/2/organisations/3/emailpreferences";
const user = "/context/api/2/users/5/emailpreferences";
const json = "application/json";
const xml = "application/xml";

const put = (golden: string, target: string, file: string, type: string, accept: string, status = 200): Sample => ({
  golden,
  method: "PUT",
  target,
  send: { file },
  type,
  accept,
  status,
});
const get = (golden: string, target: string, accept: string, status = 200): Sample => ({
  golden,
  method: "GET",
  target,
  accept,
  status,
});

const invalidCustomer = JSON.stringify({
  preferences: [
    {
      category: "Advertising",
      channels: [
        { name: "Fax", selections: [{ value: "1", type: "BPHONE", is_opt_in: "Y" }] },
        { name: "Text", selections: [{ value: "1", type: "BPHONE", is_opt_in: "Y" }] },
      ],
    },
  ],
});
const unknownMember = JSON.stringify({ preferences: [{ category: 1, channels: [], colour: "red" }] });
const invalidOrganisation = JSON.stringify({
  emailpreferences: { frequency: "Hourly", metadatanodes: [{ node: "Countries", metadata: ["Atlantis"] }] },
});

/** In this order, on one service: the later ones show what the earlier ones recorded. */
const samples: readonly Sample[] = [
  get("customer-empty.json", customer, json),
  get("customer-empty.xml", customer, xml),
  put("customer-put-answer.json", customer, "seed-customer-request.json", json, json),
  get("customer.json", customer, json),
  get("customer.xml", customer, xml),
  put("customer-put-answer.xml", customer, "customer-request.xml", xml, xml),
  get("customer-full.json", customer, json),
  get("customer-full.xml", customer, xml),
  get("categories.json", "/v1/preferences/categories", json),
  get("categories.xml", "/v1/preferences/categories", xml),
  { ...put("customer-error-422.json", customer, "", json, json, 422), send: { text: invalidCustomer } },
  { ...put("customer-error-422.xml", customer, "", json, xml, 422), send: { text: invalidCustomer } },
  { ...put("customer-error-members.json", customer, "", json, json, 422), send: { text: unknownMember } },
  { ...put("customer-error-400.json", customer, "", json, json, 400), send: { text: "{" } },
  { ...put("customer-error-400.xml", customer, "", xml, xml, 400), send: { text: "<request><preferences></request>" } },
  { ...get("customer-error-header.json", customer, json, 400), without: "request-tracking-id" },
  { ...get("customer-error-401.json", customer, json, 401), without: "authorization" },
  { ...get("customer-error-401.xml", customer, xml, 401), without: "authorization" },
  get("customer-error-404.json", "/v1/customers/abc/communication-preferences", json, 404),
  get("customer-error-404.xml", "/v1/customers/abc/communication-preferences", xml, 404),
  get("customer-error-406.json", customer, "text/html", 406),
  get("organisation-empty.json", organisation, json),
  get("organisation-empty.xml", organisation, xml),
  put("organisation-put-answer.json", organisation, "seed-organisation-request.json", json, json),
  // The page indents with no-break spaces, and whoever copies from it sends them.
  put("organisation-put-answer.json", organisation, "seed-organisation-request-as-printed.txt", json, json),
  get("organisation.json", organisation, json),
  get("organisation.xml", organisation, xml),
  put("organisation-put-answer.xml", organisation, "organisation-request.xml", xml, xml),
  get("organisation-from-xml.json", organisation, json),
  put("user-put-answer.json", user, "user-request.json", json, json),
  put("user-put-answer.xml", user, "user-request.json", json, xml),
  get("user.json", user, json),
  get("user.xml", user, xml),
  { ...put("organisation-error-400.json", organisation, "", json, json, 400), send: { text: invalidOrganisation } },
  { ...put("organisation-error-400.xml", organisation, "", json, xml, 400), send: { text: invalidOrganisation } },
  { ...put("organisation-error-malformed.xml", organisation, "", xml, xml, 400), send: { text: "<emailpreferences>" } },
  { ...get("organisation-error-401.json", organisation, json, 401), without: "authorization" },
  { ...get("organisation-error-401.xml", organisation, xml, 401), without: "authorization" },
  get("user-error-108.json", "/api/2/users/nobody@example.com/emailpreferences", json, 404),
  get("user-error-108.xml", "/api/2/users/nobody@example.com/emailpreferences", xml, 404),
  get("organisations-list.json", "/api/2/organisations", json),
  get("organisations-list.xml", "/api/2/organisations", xml),
  get("users-list.json", "/api/2/users", json),
  get("users-list.xml", "/api/2/users", xml),
  get("directory-organisation.json", "/api/2/organisations/3", json),
  get("directory-organisation.xml", "/api/2/organisations/3", xml),
  get("catalogue.json", "/v1/catalogue", json),
  get("problem-404.json", "/v1/unknown", json, 404),
  { ...get("problem-401.json", "/v1/clients", json, 401), without: "authorization" },
  { ...put("problem-405.json", "/v1/clients", "", json, json, 405), send: { text: "{}" } },
];

describe("the wire, byte for byte", () => {
  let running: RunningService;
  let send: Transport;
  before(async () => {
    if (isUpdated) mkdirSync(folder, { recursive: true });
    running = await startInProcess({ env: { SAYWHEN_CONTEXT: "context" } });
    send = inProcess(running.service.server);
  });
  after(() => running[Symbol.asyncDispose]());

  for (const sample of samples) {
    const what = sample.send !== undefined && "file" in sample.send ? ` to ${sample.send.file}` : "";
    it(`${sample.golden} is what ${sample.method} ${sample.target} answers${what}`, async () => {
      const answer = await send(requestOf(sample));
      assert.equal(answer.status, sample.status, answer.body);
      const body = withoutTimes(answer.body);
      if (isUpdated) writeFileSync(join(folder, sample.golden), body);
      assert.equal(body, read(sample.golden));
    });
  }

  it("holds no file that nothing compares", () => {
    const sent = samples.flatMap(({ send: body }) => (body !== undefined && "file" in body ? [body.file] : []));
    const known = new Set([...samples.map(({ golden }) => golden), ...sent]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => !known.has(name) && !/^(schema|database)/.test(name)),
      [],
    );
  });
});

describe("the contracts' own samples", () => {
  it("are answered as the pages print it", () => {
    assert.deepEqual(JSON.parse(read("customer-put-answer.json")), { status: "Success", request_tracking_id: "12" });
    assert.deepEqual(JSON.parse(read("organisation-put-answer.json")), {
      emailpreferences: {
        organisationid: 3,
        link: "http://example.com/context/api/2/organisations/3/emailpreferences",
      },
    });
  });

  it("come to the same document in JSON and in XML", () => {
    assert.equal(read("organisation-from-xml.json"), read("organisation.json"));
  });
});

function requestOf({ method, target, send: body, type, accept, without }: Sample): SentRequest {
  const headers = [
    ["authorization", `Bearer ${adminToken}`],
    ["clientid", "admin"],
    ["request-tracking-id", "12"],
    ...(type === undefined ? [] : [["content-type", type] as const]),
    ...(accept === undefined ? [] : [["accept", accept] as const]),
  ] as const;
  const sent = body === undefined ? undefined : "file" in body ? read(body.file) : body.text;
  return {
    method,
    target,
    headers: headers.filter(([name]) => name !== without),
    ...(sent === undefined ? {} : { body: sent }),
  };
}

/** The time of the test is all that changes from run to run. */
function withoutTimes(body: string): string {
  return body.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d/g, "2026-01-01 00:00:00.0");
}
