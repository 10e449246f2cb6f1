import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import Schema from "typebox/schema";
import { readCatalogueFile } from "../src/config/catalogue-file.ts";
import { inProcess, type ReceivedAnswer, type Transport } from "./support/exchange.ts";
import { type RunningService, startInProcess } from "./support/service.ts";
import { credentials, customerDocument, organisationDocument } from "./support/target.ts";

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}
interface Reference {
  readonly $ref: string;
}
type Content = Readonly<Record<string, { readonly schema?: Reference | { readonly anyOf: readonly Reference[] } }>>;
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let running: RunningService;
let send: Transport;
let document: Document;
before(async () => {
  running = await startInProcess();
  send = inProcess(running.service.server);
  document = JSON.parse((await send({ method: "GET", target: "/openapi.json" })).body) as Document;
});
after(() => running[Symbol.asyncDispose]());

const operations = (): [path: string, method: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [path, method, operation]),
  );

describe("the OpenAPI document", () => {
  it("lists every route that is served, and no other", () => {
    const served = running.service.routes.flatMap(({ method, path, aliases = [] }) =>
      [path, ...aliases].map((each) => `${method} ${each.replace("{+", "{")}`),
    );
    const listed = operations().map(([path, method]) => `${method.toUpperCase()} ${path}`);
    assert.deepEqual(listed.toSorted(), served.toSorted());
  });

  it("gives every operation its parameters, a name of its own, and answers", () => {
    const names = new Set<string>();
    for (const [path, method, operation] of operations()) {
      const at = `${method} ${path}`;
      const inPath = operation.parameters.filter((parameter) => parameter.in === "path");
      assert.deepEqual(
        inPath.map(({ name }) => `{${name}}`),
        path.match(/\{[^}]+\}/g) ?? [],
        at,
      );
      assert.ok(
        inPath.every(({ required }) => required),
        at,
      );
      assert.ok(!names.has(operation.operationId), operation.operationId);
      names.add(operation.operationId);
      assert.ok(
        Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status)),
        at,
      );
      assert.ok(operation.responses["default"]?.content, at);
    }
  });

  it("has no reference that leads nowhere, and no component that nothing refers to", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
      ([, reference = ""]) => reference,
    );
    for (const reference of references) assert.ok(referredTo(reference), reference);
    const used = new Set(references.map((reference) => reference.split("/")[3]));
    assert.deepEqual(used, new Set(Object.keys(document.components.schemas)));
  });

  it("says which operations ask for credentials", async () => {
    for (const [path, method, { security }] of operations()) {
      const { status } = await send({ method: method.toUpperCase(), target: path.replaceAll(/\{[^}]+\}/g, "1") });
      assert.equal(status === 401, security.length > 0, `${method} ${path}: ${status}`);
    }
  });
});

/** The shipped catalogue, with a category disabled and a module retired. */
function nextCatalogue(): string {
  const catalogue = readCatalogueFile(fileURLToPath(new URL("../catalogue.yaml", import.meta.url)));
  const categories = catalogue.categories.map((category, index) => ({ ...category, enabled: index > 0 }));
  const modules = catalogue.modules.map((module) => ({ ...module, retired: module.name === "Events" }));
  return JSON.stringify({ ...catalogue, version: 2, categories, modules });
}

describe("real answers are what the document says", () => {
  const json = { "Content-Type": "application/json" };
  const requests: readonly (readonly [method: string, path: string, target: string, body?: string])[] = [
    [
      "PUT",
      "/v1/customers/{customerId}/communication-preferences",
      "/v1/customers/1/communication-preferences",
      customerDocument,
    ],
    ["GET", "/v1/customers/{customerId}/communication-preferences", "/v1/customers/1/communication-preferences"],
    [
      "GET",
      "/api/v1/customers/{customerId}/communication-preferences",
      "/api/v1/customers/1/communication-preferences",
    ],
    ["GET", "/v1/preferences/categories", "/v1/preferences/categories"],
    [
      "PUT",
      "/api/2/organisations/{organisation}/emailpreferences",
      "/api/2/organisations/3/emailpreferences",
      organisationDocument,
    ],
    ["GET", "/api/2/organisations/{organisation}/emailpreferences", "/api/2/organisations/3/emailpreferences"],
    ["PUT", "/api/2/users/{user}/emailpreferences", "/api/2/users/5/emailpreferences", organisationDocument],
    ["GET", "/api/2/users/{user}/emailpreferences", "/api/2/users/5/emailpreferences"],
    [
      "POST",
      "/api/2/users",
      "/api/2/users",
      '{"user":{"email":"pat@example.com","name":{"firstname":"Pat"},"organisation":{"orgid":3}}}',
    ],
    ["GET", "/api/2/users", "/api/2/users"],
    ["GET", "/api/2/users/{user}", "/api/2/users/pat@example.com"],
    ["POST", "/api/2/organisations", "/api/2/organisations", '{"organisation":{"name":"Acme"}}'],
    ["GET", "/api/2/organisations", "/api/2/organisations"],
    ["GET", "/api/2/organisations/{organisation}", "/api/2/organisations/3"],
    ["GET", "/v1/subjects/customer/{id}/changes", "/v1/subjects/customer/1/changes?limit=1"],
    ["GET", "/v1/subjects/organisation/{id}/changes", "/v1/subjects/organisation/3/changes"],
    ["GET", "/v1/subjects/user/{id}/changes", "/v1/subjects/user/5/changes"],
    ["GET", "/v1/subjects/customer/{id}/preferences", "/v1/subjects/customer/1/preferences"],
    ["GET", "/v1/subjects/customer/{id}/preferences", "/v1/subjects/customer/1/preferences?at=2020-01-01T00:00:00Z"],
    ["GET", "/v1/subjects/organisation/{id}/preferences", "/v1/subjects/organisation/3/preferences"],
    ["GET", "/v1/subjects/user/{id}/preferences", "/v1/subjects/user/6/preferences"],
    ["GET", "/v1/subjects/user/{id}/changes", "/v1/subjects/user/6/changes"],
    ["GET", "/v1/subjects/user/{id}/preferences", "/v1/subjects/user/5/preferences?at=yesterday"],
    ["GET", "/v1/catalogue", "/v1/catalogue"],
    ["PUT", "/v1/catalogue", "/v1/catalogue?dryRun=true", nextCatalogue()],
    ["PUT", "/v1/catalogue", "/v1/catalogue", nextCatalogue()],
    [
      "POST",
      "/v1/decisions",
      "/v1/decisions",
      '{"subject":"customer:1","category":"Service Exception","channel":"Text","explain":true}',
    ],
    [
      "POST",
      "/v1/decisions",
      "/v1/decisions",
      '{"subject":"user:5","module":"News","metadata":{"Countries":["Algeria"]}}',
    ],
    ["POST", "/v1/decisions", "/v1/decisions", '{"subject":"user:5","module":7}'],
    ["POST", "/v1/audiences", "/v1/audiences", '{"category":"Service Exception","channel":"Text"}'],
    ["POST", "/v1/audiences", "/v1/audiences", '{"module":"News","metadata":{"Countries":["Algeria"]}}'],
    ["POST", "/v1/audiences", "/v1/audiences", '{"category":"Service Exception","kind":"user"}'],
    ["POST", "/v1/suppressions", "/v1/suppressions", '{"address":"jo@example.com","reason":"manual"}'],
    ["POST", "/v1/suppressions/search", "/v1/suppressions/search", '{"address":"jo@example.com"}'],
    ["GET", "/v1/suppressions", "/v1/suppressions"],
    ["POST", "/v1/clients", "/v1/clients", '{"id":"crm","scopes":["customers:read"]}'],
    ["GET", "/v1/clients", "/v1/clients"],
    ["GET", "/v1/clients/{clientId}", "/v1/clients/crm"],
    ["POST", "/v1/clients/{clientId}/rotate", "/v1/clients/crm/rotate"],
    // Refusals, in each of the three shapes.
    ["PUT", "/v1/customers/{customerId}/communication-preferences", "/v1/customers/1/communication-preferences", "{}"],
    ["GET", "/v1/customers/{customerId}/communication-preferences", "/v1/customers/x/communication-preferences"],
    ["PUT", "/api/2/organisations/{organisation}/emailpreferences", "/api/2/organisations/3/emailpreferences", "{}"],
    ["GET", "/api/2/users/{user}/emailpreferences", "/api/2/users/nobody@example.com/emailpreferences"],
    ["GET", "/v1/clients/{clientId}", "/v1/clients/nobody"],
    ["POST", "/v1/clients", "/v1/clients", '{"id":"","scopes":["x"]}'],
    ["PUT", "/v1/catalogue", "/v1/catalogue", '{"version":0}'],
    // What is held, to the letter; then it is erased.
    ["GET", "/v1/changes/{position}", "/v1/changes/0"],
    ["GET", "/v1/subjects/customer/{id}/export", "/v1/subjects/customer/1/export"],
    ["GET", "/v1/subjects/user/{id}/export", "/v1/subjects/user/5/export"],
    ["DELETE", "/v1/subjects/user/{id}", "/v1/subjects/user/5"],
    ["DELETE", "/v1/subjects/organisation/{id}", "/v1/subjects/organisation/77"],
  ];

  for (const [method, path, target, body] of requests) {
    it(`${method} ${target}${body === undefined ? "" : ` ${body.slice(0, 30)}`}`, async () => {
      const headers = credentials(body === undefined ? {} : json);
      const answer = await send({ method, target, headers, ...(body === undefined ? {} : { body }) });
      assertDescribed(document.paths[path]?.[method.toLowerCase()], answer);
      if (body !== undefined && answer.status < 300)
        assertFits(document.paths[path]?.[method.toLowerCase()]?.requestBody?.content, body);
    });
  }
});

function assertDescribed(operation: Operation | undefined, { status, headers, body }: ReceivedAnswer): void {
  const described = operation?.responses[String(status)] ?? operation?.responses["default"];
  if (status < 300) assert.ok(operation?.responses[String(status)], `status ${status} is not described`);
  const type = (headers["content-type"] ?? "").split(";")[0] as string;
  assert.ok(described?.content?.[type], `${type} is not described for ${status}: ${body}`);
  assertFits({ [type]: described.content[type] }, body);
}

function assertFits(content: Content | undefined, body: string): void {
  const schema = content?.["application/json"]?.schema ?? content?.["application/problem+json"]?.schema;
  const references = schema === undefined ? [] : "anyOf" in schema ? schema.anyOf : [schema];
  assert.ok(references.length > 0, "no schema");
  const faults = references.flatMap(({ $ref }) => {
    const [isRight, errors] = Schema.Errors(document.components.schemas, referredTo($ref) ?? {}, JSON.parse(body));
    return isRight ? [] : [`${$ref}: ${JSON.stringify(errors)}`];
  });
  assert.ok(faults.length < references.length, `${faults.join("\n")}\n${body}`);
}

/** What a JSON Pointer in a fragment (RFC 6901 §6) leads to within the document. */
function referredTo(reference: string): object | undefined {
  const steps = reference.split("/").slice(1);
  return steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document) as
    | object
    | undefined;
}
