import { shapes } from "../wire/shapes.ts";
import type { Links } from "./links.ts";
import { jsonType, mediaTypes } from "./negotiate.ts";
import { type BodyFormat, queryParameters, type Route, scopesOf } from "./route.ts";

const errorShapes = { customers: "CustomerError", organisations: "OrganisationError", own: "Problem" } as const;

/** GET /openapi.json: OpenAPI 3.1, from the table of routes and the shapes that read and print their bodies. */
export function openApiRoute(routes: readonly Route[], links: Links): Route {
  let printed: { readonly root: string; readonly body: string } | undefined;
  const route: Route = {
    method: "GET",
    path: "/openapi.json",
    family: "own",
    summary: "This API as an OpenAPI document",
    shapes: {},
    handle: () => {
      if (printed?.root !== links.root) {
        printed = { root: links.root, body: JSON.stringify(openApiDocument([...routes], links)) };
      }
      return { status: 200, body: printed.body, type: jsonType };
    },
  };
  return route;
}

/** The document itself: what each route takes and answers, with the same schemas that validate. */
function openApiDocument(routes: readonly Route[], { root }: Links): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    for (const pattern of [route.path, ...(route.aliases ?? [])]) {
      const path = pattern.replace("{+", "{");
      const operations = (paths[path] ??= {});
      operations[route.method.toLowerCase()] = operationOf(route, path);
    }
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Saywhen",
      version: "1",
      description: "Keeps people's word about being contacted.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: root }],
    paths,
    components: {
      schemas: Object.fromEntries(shapes.map(({ name, schema }) => [name, schema])),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A client's secret, or a token from /oauth2/token." },
      },
    },
  };
}

function operationOf(route: Route, path: string): object {
  const { summary, scope, bodies, family } = route;
  return {
    operationId: operationId(route, path),
    summary,
    tags: [family],
    parameters: [...pathParameters(path), ...parametersInQuery(route), ...headerParameters(route)],
    ...(bodies === undefined
      ? {}
      : { requestBody: { required: true, content: contentOf(bodies, route.shapes.body, route.shapes.bodyLine) } }),
    responses: {
      ...answers(route),
      default: {
        description: "A refusal",
        content: errorContent(route),
      },
    },
    security: scopesOf(scope).map((each) => ({ bearer: [each] })),
  };
}

function operationId({ method }: Route, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return [method.toLowerCase(), ...words].join("_");
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function headerParameters({ family, isConditional, takesEvidence }: Route): object[] {
  const header = (name: string, required = false) => ({ name, in: "header", required, schema: { type: "string" } });
  return [
    ...(family === "customers" ? [header("Request-Tracking-Id", true), header("ClientId", true)] : []),
    ...(isConditional === undefined ? [] : [header("If-Match"), header("If-None-Match")]),
    ...(takesEvidence === undefined ? [] : [header("Saywhen-Evidence")]),
  ];
}

function parametersInQuery({ query = [] }: Route): object[] {
  return query.map((name) => ({ name, in: "query", required: false, schema: queryParameters[name] }));
}

function answers({ shapes: { answer, answerLine }, formats = ["json"], success = 200, ...route }: Route): object {
  const { method, isConditional } = route;
  const content = answer === undefined ? {} : { content: contentOf(formats, answer, answerLine) };
  const unchanged = method === "GET" && isConditional ? { 304: { description: "What the client has is current" } } : {};
  return { [success]: { description: "Done", ...content }, ...unchanged };
}

type ShapeNames = string | readonly string[] | undefined;

/** @param line what one line is, where NDJSON is among the formats */
function contentOf(formats: readonly BodyFormat[], shape: ShapeNames, line?: ShapeNames): object {
  const named = (format: BodyFormat) => schemaOf(format, format === "ndjson" ? line : shape);
  return Object.fromEntries(formats.map((format) => [mediaTypes[format], named(format)]));
}

function schemaOf(format: BodyFormat, name: ShapeNames): object {
  if (name === undefined) return {};
  if (typeof name === "string") return { schema: referenceTo(format, name) };
  return { schema: { anyOf: name.map((each) => referenceTo(format, each)) } };
}

/** JSON has a member around everything where the contract has one; a body in XML is what that member holds. */
function referenceTo(format: BodyFormat, name: string): object {
  const root = shapes.find((shape) => shape.name === name)?.root;
  const inner = format === "xml" && root !== undefined ? `/properties/${root}` : "";
  return { $ref: `#/components/schemas/${name}${inner}` };
}

function errorContent({ family, formats = ["json"] }: Route): object {
  if (family !== "own") return contentOf(formats, errorShapes[family]);
  return { "application/problem+json": schemaOf("json", errorShapes.own) };
}
