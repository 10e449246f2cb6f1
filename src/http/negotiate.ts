import type { IncomingHttpHeaders } from "node:http";
import Negotiator from "negotiator";
import type { WireFormat } from "../wire/shape.ts";
import { type AnswerFormat, type BodyFormat, type Family, Refusal, type Route } from "./route.ts";

/** The media type of each format. */
export const mediaTypes = {
  json: "application/json",
  xml: "application/xml",
  form: "application/x-www-form-urlencoded",
  ndjson: "application/x-ndjson",
} as const satisfies Record<BodyFormat, string>;

/** The Content-Type of an answer in JSON. */
export const jsonType = `${mediaTypes.json}; charset=utf-8`;

export interface Negotiated {
  readonly format: WireFormat;
  /** The media type to answer with. */
  readonly type: string;
  /** Whether that is NDJSON; each of its lines is in the format. */
  readonly inLines: boolean;
}

/** What is answered with unless something else is asked for. */
export const json: Negotiated = { format: "json", type: jsonType, inLines: false };
const xml: Negotiated = { format: "xml", type: `${mediaTypes.xml}; charset=utf-8`, inLines: false };
const textXml: Negotiated = { format: "xml", type: "text/xml; charset=utf-8", inLines: false };
const ndjson: Negotiated = { format: "json", type: mediaTypes.ndjson, inLines: true };

/** The media types in which each format is answered. */
const offers: Readonly<Record<AnswerFormat, Readonly<Record<string, Negotiated>>>> = {
  json: { [mediaTypes.json]: json },
  xml: { [mediaTypes.xml]: xml, "text/xml": textXml },
  ndjson: { [mediaTypes.ndjson]: ndjson },
};

/** The accept headers that nearly every client sends, with the format they mean: the rest is left to the library. */
const usual: Readonly<Record<string, AnswerFormat>> = {
  "application/json": "json",
  "application/xml": "xml",
  "application/x-ndjson": "ndjson",
};

/**
 * The format to answer in (RFC 9110 §12.5.1; q-values count, the first on a tie); undefined when none is acceptable.
 *
 * @param formats those to choose from, the default first
 */
export function negotiate(headers: IncomingHttpHeaders, formats: readonly AnswerFormat[]): Negotiated | undefined {
  const { accept = "*/*" } = headers;
  const wanted = accept === "*/*" ? formats[0] : usual[accept];
  if (wanted !== undefined && formats.includes(wanted)) return offers[wanted][mediaTypes[wanted]];
  const offered = Object.fromEntries(formats.flatMap((format) => Object.entries(offers[format])));
  return offered[new Negotiator({ headers }).mediaType(Object.keys(offered)) ?? ""];
}

/** Where a body may be NDJSON, it is answered in the way in which it came. */
export function formatsFor(route: Pick<Route, "bodies" | "formats">, body: BodyFormat): readonly AnswerFormat[] {
  const { bodies = [], formats = [] } = route;
  if (!bodies.includes("ndjson")) return formats;
  return formats.filter((format) => (format === "ndjson") === (body === "ndjson"));
}

const bodyFormats: Readonly<Record<string, BodyFormat>> = {
  [mediaTypes.json]: "json",
  [mediaTypes.xml]: "xml",
  "text/xml": "xml",
  [mediaTypes.form]: "form",
  [mediaTypes.ndjson]: "ndjson",
};

/**
 * The format of the body, told by Content-Type alone. Where the organisations' contract is spoken, none means JSON.
 *
 * @throws Refusal `media-type-unsupported` for another type, another charset than UTF-8, or a Content-Encoding
 */
export function bodyFormatOf(headers: IncomingHttpHeaders, family: Family, taken: readonly BodyFormat[]): BodyFormat {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw unsupported("Content-Encoding", "send the body as it is, not compressed", taken);
  }
  const contentType = headers["content-type"];
  if (contentType === undefined && family === "organisations") return "json";
  if (contentType === "application/json" && taken.includes("json")) return "json";
  const [essence = "", ...parameters] = (contentType ?? "").split(";").map((part) => part.trim().toLowerCase());
  const format = bodyFormats[essence];
  if (format === undefined || !taken.includes(format)) {
    throw unsupported("Content-Type", `send ${typesOf(taken).join(" or ")}`, taken);
  }
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  if (charset !== undefined && charset.replaceAll('"', "") !== "utf-8" && charset !== "utf8") {
    throw unsupported("Content-Type", "send the body in UTF-8", taken);
  }
  return format;
}

function typesOf(taken: readonly BodyFormat[]): string[] {
  return taken.map((format) => mediaTypes[format]);
}

/** RFC 9110 §15.5.16: `Accept` says what would have been taken. */
function unsupported(place: string, message: string, taken: readonly BodyFormat[]): Refusal {
  const hint = place === "Content-Type" ? { accept: typesOf(taken).join(", ") } : { "accept-encoding": "identity" };
  return new Refusal("media-type-unsupported", [{ problem: "media-type-unsupported", place, message }], hint);
}
